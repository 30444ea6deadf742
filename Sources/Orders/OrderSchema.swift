internal import Aggregates
package import Database

/// The tables of orders.
package enum OrderSchema {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "orders"

  package static let migrations = [
    Migration(number: 1, name: "orders and their timers") { dialect in
      let orders = RecordStore<Order>()
      let tables =
        orders.tables(
          dialect,
          columns: """
            location TEXT NOT NULL,
              customer TEXT,
              status TEXT NOT NULL,
              attention TEXT,
            """,
          indexed: ["location", "customer", "status", "attention"]) + [
          // Orders that must be looked at from a moment on, whatever happens; `failures` counts how
          // often that came to nothing since the order last changed.
          dialect.createTable(
            "order_timers",
            """
              order_id TEXT PRIMARY KEY,
              tenant TEXT NOT NULL,
              due_at \(dialect.integer) NOT NULL,
              failures \(dialect.integer) NOT NULL CHECK (failures >= 0)
            """),
          "CREATE INDEX order_timers_due ON order_timers (due_at, order_id)",
        ]
      guard dialect == .postgreSQL else { return tables }
      return RowSecurity.roles(dialect) + tables
        + orders.protection(dialect, moving: ["status", "attention"])
        + RowSecurity.protect(
          "order_timers", rows: "tenant = \(RowSecurity.currentTenant)",
          granting: "SELECT, INSERT, DELETE", "UPDATE (due_at, failures)")
    }
  ]
}
