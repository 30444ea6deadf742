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

  package func contains(
    _ id: String, tenant: String, in connection: any SQLConnection
  ) throws -> Bool {
    try connection.queryFirst(
      "SELECT 1 AS n FROM orders WHERE order_id = $1 AND tenant = $2", [.text(id), .text(tenant)])
      != nil
  }

  /// The status of a tenant's order, held until the transaction ends; nil where there is none.
  package func status(
    of id: String, tenant: String, in connection: any SQLConnection
  ) throws -> OrderStatus? {
    try load(id, tenant: tenant, in: connection)?.status
  }

  /// The tenant's order whose payment it is, to be changed.
  func load(
    ofPayment payment: String, tenant: String, in connection: any SQLConnection
  ) throws -> Order? {
    let row = try connection.queryFirst(
      "SELECT order_id FROM orders WHERE payment = $1 AND tenant = $2",
      [.text(payment), .text(tenant)])
    return try row.flatMap { try load($0.text("order_id"), tenant: tenant, in: connection) }
  }

  /// False where the fact changes nothing.
  @discardableResult
  package func apply(
    _ fact: OrderFact, to order: inout Order, now: Timestamp, in connection: any SQLConnection
  ) throws -> Bool {
    let hasChanged = try store.apply(fact, to: &order, now: now, in: connection)
    // Also where it was forgotten before: somebody may have noted words since.
    if case .forgotten = fact { try store.forgetWords(of: order.id, in: connection) }
    guard hasChanged else { return false }
    try setTimer(of: order, now: now, in: connection)
    return true
  }

  // MARK: Counting

  /// How many orders stand in each status from which they go on.
  package static func unfinishedCounts(
    in connection: any SQLConnection
  ) throws -> [OrderStatus: Int64] {
    let statuses = OrderStatus.allCases.filter { $0 != .completed && $0 != .canceled }
    return try counts(
      "status", where: "status NOT IN ('completed', 'canceled')", of: statuses, in: connection)
  }

  /// How many orders somebody must see to, by what for.
  package static func attentionCounts(
    in connection: any SQLConnection
  ) throws -> [OrderAttention: Int64] {
    try counts(
      "attention", where: "attention IS NOT NULL", of: OrderAttention.allCases, in: connection)
  }

  private static func counts<Word: RawRepresentable<String> & Hashable>(
    _ column: String, where condition: String, of words: [Word], in connection: any SQLConnection
  ) throws -> [Word: Int64] {
    var counts = Dictionary(uniqueKeysWithValues: words.map { ($0, Int64(0)) })
    let rows = try connection.query(
      "SELECT \(column) AS word, COUNT(*) AS n FROM orders WHERE \(condition) GROUP BY \(column)")
    for row in rows {
      if let word = Word(rawValue: try row.text("word")) { counts[word] = try row.integer("n") }
    }
    return counts
  }

  /// How many orders' timers are due, and since when the first.
  package static func dueTimers(
    at now: Timestamp, in connection: any SQLConnection
  ) throws -> (count: Int64, oldest: Timestamp?) {
    let row = try connection.queryFirst(
      "SELECT COUNT(*) AS n, MIN(due_at) AS oldest FROM order_timers WHERE due_at <= $1",
      [.integer(now.microseconds)])
    return (
      try row?.integer("n") ?? 0,
      try row?.optionalInteger("oldest").map { Timestamp(microseconds: $0) }
    )
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
