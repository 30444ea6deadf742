package import Database

extension PaymentRecords {
  /// How many payments of a chain became paid, or were taken back.
  package struct CreditChange: Sendable, Equatable {
    package let chain: String
    package let isReversal: Bool
    package let count: Int64
  }

  /// What the events behind `position` up to `end` tell.
  package static func creditChanges(
    after position: Int64, through end: Int64, in connection: any SQLConnection
  ) throws -> [CreditChange] {
    try connection.query(
      """
      SELECT payments.chain, events.type, COUNT(*) AS count FROM events
      JOIN payments ON payments.payment_id = events.subject
      WHERE events.position > $1 AND events.position <= $2
        AND events.type IN ('payment.paid', 'payment.reversed')
      GROUP BY payments.chain, events.type
      """, [.integer(position), .integer(end)]
    ).map {
      CreditChange(
        chain: try $0.text("chain"), isReversal: try $0.text("type") == "payment.reversed",
        count: try $0.integer("count"))
    }
  }
}
