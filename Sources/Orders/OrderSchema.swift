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
    },
    Migration(number: 2, name: "orders by payment, and words apart") { dialect in
      let orders = RecordStore<Order>()
      let payment =
        switch dialect {
        case .sqlite: "json_extract(state, '$.payment.requested.id')"
        case .postgreSQL: "CAST(state AS JSON) #>> '{payment,requested,id}'"
        }
      let statements =
        [
          "ALTER TABLE orders ADD COLUMN payment TEXT",
          "UPDATE orders SET payment = \(payment)",
          "CREATE INDEX orders_by_payment ON orders (payment) WHERE payment IS NOT NULL",
          // For the metrics, which count what isn't finished.
          """
          CREATE INDEX orders_unfinished ON orders (status)
          WHERE status NOT IN ('completed', 'canceled')
          """,
          "CREATE INDEX orders_to_see_to ON orders (attention) WHERE attention IS NOT NULL",
        ] + orders.wordsTable(dialect)
      guard dialect == .postgreSQL else { return statements }
      return statements
        + ["GRANT UPDATE (customer, payment) ON orders TO \(RowSecurity.tenantRole)"]
    },
  ]
}
