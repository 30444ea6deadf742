internal import Database

/// What mustn't be there any more once nothing is under way.
struct Leftovers {
  private(set) var counts: [(what: String, count: Int64)] = []
  /// How many reservations hold something.
  let held: Int64
  private(set) var ordersOfCustomers: [String: Int64] = [:]

  private static let questions = [
    ("timers of orders", "order_timers"),
    ("parked events", "inbox_parked"),
    ("events without a position", "outbox"),
    (
      "payments of orders that have none of their own",
      """
      payments WHERE order_id LIKE 'ord_%' AND NOT EXISTS (
        SELECT 1 FROM orders WHERE orders.order_id = payments.order_id)
      """
    ),
  ]

  init(in connection: any SQLConnection) throws {
    let row = try connection.queryFirst(
      "SELECT COUNT(*) AS n FROM reservations WHERE status = 'held'")
    held = try row?.integer("n") ?? 0
    for (what, source) in Self.questions {
      let row = try connection.queryFirst("SELECT COUNT(*) AS n FROM \(source)")
      counts.append((what, try row?.integer("n") ?? 0))
    }
    for row in try connection.query("SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer")
    {
      ordersOfCustomers[try row.text("customer")] = try row.integer("n")
    }
  }
}
