internal import Aggregates
internal import Database
internal import Payments

/// Payments, what people decided about them, and the books, as their tables have them.
struct PaymentRows {
  struct Row {
    let id: String
    let tenant: String
    let status: String
    let received: String
    let confirmed: String
    let confirmations: Int64
    let expiresAt: Int64
    let amount: String
    let isDeadlinePassed: Bool
  }

  private(set) var payments: [Row] = []
  private(set) var decisions: [String: [PaymentFact]] = [:]
  /// What each account of a tenant has: debits less credits.
  private(set) var balances: [String: [String: Int64]] = [:]
  private(set) var lookedThrough: Int64 = 0

  /// - Parameter ids: nil for all of them
  init(_ ids: [String]?, in connection: any SQLConnection) throws {
    let list = ids.map { ids in ids.map { "'\($0)'" }.joined(separator: ", ") }
    let condition = list.map { "WHERE payment_id IN (\($0))" } ?? ""
    let rows = try connection.query(
      """
      SELECT payment_id, tenant, status, CAST(received AS TEXT) AS received,
        CAST(confirmed AS TEXT) AS confirmed, confirmations, expires_at,
        CAST(amount AS TEXT) AS amount, deadline_passed
      FROM payments \(condition) ORDER BY payment_id
      """)
    payments = try rows.map { row in
      try Row(
        id: row.text("payment_id"), tenant: row.text("tenant"), status: row.text("status"),
        received: row.text("received"), confirmed: row.text("confirmed"),
        confirmations: row.integer("confirmations"), expiresAt: row.integer("expires_at"),
        amount: row.text("amount"), isDeadlinePassed: row.flag("deadline_passed"))
    }
    let facts = try connection.query(
      """
      SELECT payment_id, fact FROM payment_facts
      WHERE (fact LIKE '{"accepted"%' OR fact LIKE '{"canceled"%' OR fact LIKE '{"resolved"%')
        \(list.map { "AND payment_id IN (\($0))" } ?? "")
      ORDER BY payment_id, number
      """)
    for row in facts {
      decisions[try row.text("payment_id"), default: []].append(
        try CanonicalJSON.value(PaymentFact.self, from: row.text("fact")))
    }
    let sums = try connection.query(
      """
      SELECT tenant, account, CAST(debit AS TEXT) AS debit, CAST(credit AS TEXT) AS credit
      FROM ledger_balances
      """)
    for row in sums {
      let balance = try (Int64(row.text("debit")) ?? 0) - (Int64(row.text("credit")) ?? 0)
      balances[try row.text("tenant"), default: [:]][try row.text("account")] = balance
    }
    lookedThrough =
      try connection.queryFirst("SELECT looked_through FROM chains")?
      .optionalInteger("looked_through") ?? 0
  }
}
