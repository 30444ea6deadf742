internal import Aggregates
package import ChainTypes
package import Database

/// Orders in their tables, each with the timer that wakes it.
package struct OrderRecords: Sendable {
  let store = RecordStore<Order>()

  package init() {}

  package func place(
    _ fact: OrderFact, now: Timestamp, in connection: any SQLConnection
  ) throws -> Order {
    let order = try store.found(fact, now: now, in: connection)
    try setTimer(of: order, now: now, in: connection)
    return order
  }

  /// Nil where there is no such order, or none of the tenant's.
  package func load(
    _ id: String, tenant: String? = nil, locking: Bool = true, in connection: any SQLConnection
  ) throws -> Order? {
    try store.load(id, tenant: tenant, locking: locking, in: connection)
  }

  /// False where the fact changes nothing.
  @discardableResult
  package func apply(
    _ fact: OrderFact, to order: inout Order, now: Timestamp, in connection: any SQLConnection
  ) throws -> Bool {
    guard try store.apply(fact, to: &order, now: now, in: connection) else { return false }
    try setTimer(of: order, now: now, in: connection)
    return true
  }

  // MARK: Timers

  /// Sees to it that somebody looks at the order when it next needs that.
  package func setTimer(
    of order: Order, now: Timestamp, in connection: any SQLConnection
  ) throws {
    guard let due = order.wakes(at: now) else {
      try connection.execute("DELETE FROM order_timers WHERE order_id = $1", [.text(order.id)])
      return
    }
    try connection.execute(
      """
      INSERT INTO order_timers (order_id, tenant, due_at, failures) VALUES ($1, $2, $3, 0)
      ON CONFLICT (order_id) DO UPDATE SET due_at = excluded.due_at, failures = 0
      """, [.text(order.id), .text(order.tenant), .integer(due.microseconds)])
  }

  /// Orders whose timers are due, the longest first.
  func due(
    at now: Timestamp, limit: Int, in connection: any SQLConnection
  ) throws -> [String] {
    try connection.query(
      """
      SELECT order_id FROM order_timers WHERE due_at <= $1 ORDER BY due_at, order_id LIMIT $2
      """, [.integer(now.microseconds), .integer(Int64(limit))]
    ).map { try $0.text("order_id") }
  }

  /// Puts a step off that can't be done now: for a second at first, each time twice as long, up to
  /// some minutes; never beyond the order's deadline.
  func postpone(
    _ order: Order, now: Timestamp, in connection: any SQLConnection
  ) throws {
    let row = try connection.queryFirst(
      "SELECT failures FROM order_timers WHERE order_id = $1" + connection.dialect.forUpdate,
      [.text(order.id)])
    guard let failures = try row?.integer("failures") else { return }
    let pause = now.adding(seconds: 1 << min(failures, 8))
    let isOpenEnded = order.status != .pending || order.payment != nil
    let due = isOpenEnded ? pause : min(pause, max(order.terms.expiresAt, now.adding(seconds: 1)))
    try connection.execute(
      "UPDATE order_timers SET due_at = $1, failures = $2 WHERE order_id = $3",
      [.integer(due.microseconds), .integer(failures + 1), .text(order.id)])
  }
}
