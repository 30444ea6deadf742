internal import ChainTypes
internal import Database
internal import Payments

/// The order in which payments, or refunds, were made, as readers page through them: whoever goes
/// on behind the last one it was given finds every later one.
///
/// SQLite's writers run one after the other: an id above all earlier ones of its tenant is enough.
/// In PostgreSQL transactions commit in another order than that in which they began, so there a
/// row's place is its transaction's number, and only those are shown whose transaction is older
/// than every unfinished one: whatever comes later has a later place.
struct ReadingOrder {
  private let dialect: SQLDialect
  private let table: String
  private let id: String
  private let prefix: String

  static func payments(_ dialect: SQLDialect) -> ReadingOrder {
    ReadingOrder(dialect: dialect, table: "payments", id: "payment_id", prefix: "pay")
  }

  static func refunds(_ dialect: SQLDialect) -> ReadingOrder {
    ReadingOrder(dialect: dialect, table: "refunds", id: "refund_id", prefix: "ref")
  }

  /// For ORDER BY.
  var columns: String {
    switch dialect {
    case .sqlite: id
    case .postgreSQL: "transaction_id, \(id)"
    }
  }

  /// What must hold of rows that are shown.
  var isSettled: String {
    switch dialect {
    case .sqlite: "1 = 1"
    case .postgreSQL: "transaction_id < pg_snapshot_xmin(pg_current_snapshot())"
    }
  }

  /// What holds of the rows behind the one whose id is `parameter`.
  func isAfter(_ parameter: String) -> String {
    switch dialect {
    case .sqlite: "\(id) > \(parameter)"
    case .postgreSQL:
      """
      (transaction_id, \(id)) > (SELECT transaction_id, \(id) FROM \(table)
        WHERE \(id) = \(parameter))
      """
    }
  }

  /// A new row's id.
  func newID(
    tenant: String, now: Timestamp, random: (UInt64, UInt64), in connection: any SQLConnection
  ) throws -> String {
    let id = Identifier(
      prefix: prefix, milliseconds: UInt64(clamping: now.microseconds / 1_000), random: random)
    guard dialect == .sqlite else { return id.description }
    let row = try connection.queryFirst(
      "SELECT MAX(\(self.id)) AS last FROM \(table) WHERE tenant = $1", [.text(tenant)])
    guard let last = try row?.optionalText("last"), last >= id.description,
      let latest = Identifier(last, prefix: prefix)
    else { return id.description }
    return latest.following(random: random.1).description
  }

  // MARK: Schema

  /// What a dump that was read into another PostgreSQL server needs: there transactions count from
  /// elsewhere, and rows of numbers yet to come would never be shown. Ids keep their order.
  static func afterRestore(_ dialect: SQLDialect) -> [String] {
    switch dialect {
    case .sqlite: []
    case .postgreSQL: ["payments", "refunds"].map { "UPDATE \($0) SET transaction_id = '0'" }
    }
  }
}
