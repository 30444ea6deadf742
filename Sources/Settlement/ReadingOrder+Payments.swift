internal import Aggregates
internal import Database

extension ReadingOrder {
  static func payments(_ dialect: SQLDialect) -> ReadingOrder {
    ReadingOrder(dialect, table: "payments", id: "payment_id", prefix: "pay")
  }

  static func refunds(_ dialect: SQLDialect) -> ReadingOrder {
    ReadingOrder(dialect, table: "refunds", id: "refund_id", prefix: "ref")
  }
}
