package import Database

/// The table of customers' preferences.
package enum CustomerMessageSchema {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "customer_messages"

  package static let migrations = [
    Migration(number: 1, name: "customers' preferences") { dialect in
      let integer = dialect.integer
      let tables = [
        // `channels` is a JSON object: topics, each with its wanted channels.
        dialect.createTable(
          "customer_preferences",
          """
            tenant TEXT NOT NULL,
            customer TEXT NOT NULL,
            email TEXT,
            push_provider TEXT,
            push_token TEXT,
            language TEXT NOT NULL,
            time_zone TEXT,
            channels TEXT NOT NULL,
            unsubscribed_at \(integer),
            unsubscribe_token TEXT NOT NULL UNIQUE,
            created_at \(integer) NOT NULL,
            updated_at \(integer) NOT NULL,
            PRIMARY KEY (tenant, customer)
          """)
      ]
      guard dialect == .postgreSQL else { return tables }
      return RowSecurity.roles(dialect) + tables
        + RowSecurity.protect(
          "customer_preferences", rows: "tenant = \(RowSecurity.currentTenant)",
          granting: "SELECT, INSERT, DELETE",
          """
          UPDATE (email, push_provider, push_token, language, time_zone, channels, \
          unsubscribed_at, updated_at)
          """)
    },
    Migration(number: 2, name: "how orders of other databases stand") { dialect in
      HeardOrders.statements(dialect)
    },
    Migration(number: 3, name: "whose orders of other databases are") { _ in
      ["ALTER TABLE heard_orders ADD COLUMN customer TEXT"]
    },
  ]
}
