package import ChainTypes
package import Database
internal import Orders

/// How orders stand whose rows are in another database, by the last event of each that was heard:
/// what has been overtaken isn't told there either. Nothing of customers is kept.
package enum HeardOrders {
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
    _ order: String, tenant: String, status: OrderStatus, sequence: Int64, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO heard_orders (tenant, order_id, sequence, status, heard_at)
      VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (tenant, order_id) DO UPDATE SET sequence = excluded.sequence,
        status = excluded.status, heard_at = excluded.heard_at
      WHERE heard_orders.sequence < excluded.sequence
      """,
      [
        .text(tenant), .text(order), .integer(sequence), .text(status.rawValue),
        .integer(now.microseconds),
      ])
  }

  /// Nil where nothing was heard of it.
  static func status(
    of order: String, tenant: String, in connection: any SQLConnection
  ) throws -> OrderStatus? {
    try connection.queryFirst(
      "SELECT status FROM heard_orders WHERE tenant = $1 AND order_id = $2",
      [.text(tenant), .text(order)]
    ).flatMap { OrderStatus(rawValue: try $0.text("status")) }
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
