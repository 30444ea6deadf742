package import ChainTypes
package import Database
internal import Orders

/// How orders stand whose rows are in another database, and whose they are, by the last event of
/// each that was heard: what has been overtaken isn't told there either, and what payments and
/// refunds tell finds its customer. Once an order is forgotten, so is that.
package enum HeardOrders {
  struct Heard: Sendable {
    let status: OrderStatus
    let customer: String?
  }

  /// Longer than anything is told of an order after the last that was heard of it.
  package static let keptSeconds = 2 * CustomerEvents.maximumAgeSeconds

  static func statements(_ dialect: SQLDialect) -> [String] {
    let tables = [
      dialect.createTable(
        "heard_orders",
        """
          tenant TEXT NOT NULL,
          order_id TEXT NOT NULL,
          sequence \(dialect.integer) NOT NULL,
          status TEXT NOT NULL,
          heard_at \(dialect.integer) NOT NULL,
          PRIMARY KEY (tenant, order_id)
        """),
      "CREATE INDEX heard_orders_by_time ON heard_orders (heard_at)",
    ]
    guard dialect == .postgreSQL else { return tables }
    return tables
      + RowSecurity.protect("heard_orders", rows: "tenant = \(RowSecurity.currentTenant)")
  }

  static func note(
    _ order: String, tenant: String, _ heard: Heard, sequence: Int64, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO heard_orders (tenant, order_id, sequence, status, heard_at, customer)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (tenant, order_id) DO UPDATE SET sequence = excluded.sequence,
        status = excluded.status, heard_at = excluded.heard_at, customer = excluded.customer
      WHERE heard_orders.sequence < excluded.sequence
      """,
      [
        .text(tenant), .text(order), .integer(sequence), .text(heard.status.rawValue),
        .integer(now.microseconds), .optional(heard.customer),
      ])
  }

  /// Nil where nothing was heard of it.
  static func find(
    _ order: String, tenant: String, in connection: any SQLConnection
  ) throws -> Heard? {
    try connection.queryFirst(
      "SELECT status, customer FROM heard_orders WHERE tenant = $1 AND order_id = $2",
      [.text(tenant), .text(order)]
    ).flatMap { row in
      guard let status = OrderStatus(rawValue: try row.text("status")) else { return nil }
      return Heard(status: status, customer: try row.optionalText("customer"))
    }
  }

  /// Forgets up to `limit` of which nothing has been heard since `time`; how many these were.
  package static func forget(
    before time: Timestamp, limit: Int, in connection: any SQLConnection
  ) throws -> Int {
    try connection.execute(
      """
      DELETE FROM heard_orders WHERE (tenant, order_id) IN (
        SELECT tenant, order_id FROM heard_orders WHERE heard_at < $1 ORDER BY heard_at LIMIT $2)
      """, [.integer(time.microseconds), .integer(Int64(limit))])
  }
}
