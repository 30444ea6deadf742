internal import Aggregates
package import Database

/// The tables of what people and programs are told.
package enum NotificationSchema {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "notifications"

  package static let migrations = [
    Migration(number: 1, name: "deliveries and their targets") { dialect in
      let (integer, order) = (dialect.integer, Deliveries.order(dialect))
      let tables = [
        // `next_attempt_at` of a delivery that is `claimed` is when its attempt counts as lost.
        dialect.createTable(
          "deliveries",
          """
            delivery_id TEXT PRIMARY KEY,
            \(ReadingOrder.column(dialect))
            tenant TEXT NOT NULL,
            channel TEXT NOT NULL,
            target TEXT NOT NULL,
            event_id TEXT NOT NULL,
            event_type TEXT NOT NULL,
            event_subject TEXT NOT NULL,
            position \(integer) NOT NULL,
            content TEXT NOT NULL,
            status TEXT NOT NULL,
            attempts \(integer) NOT NULL CHECK (attempts >= 0),
            earlier_attempts \(integer) NOT NULL,
            claimed \(integer) NOT NULL CHECK (claimed IN (0, 1)),
            next_attempt_at \(integer),
            expires_at \(integer) NOT NULL,
            created_at \(integer) NOT NULL,
            finished_at \(integer),
            attempted_at \(integer),
            code \(integer),
            detail TEXT,
            answer TEXT,
            UNIQUE (tenant, channel, target, event_id),
            CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
            CHECK ((status = 'pending') = (finished_at IS NULL))
          """),
        order.index("deliveries_by_tenant", by: "tenant"),
        order.index("deliveries_by_status", by: "tenant", "status"),
        order.index("deliveries_by_target", by: "tenant", "channel", "target"),
        """
        CREATE INDEX deliveries_due
        ON deliveries (tenant, channel, target, next_attempt_at, position)
        WHERE status = 'pending'
        """,
        """
        CREATE INDEX deliveries_claimed ON deliveries (tenant, channel, target, next_attempt_at)
        WHERE claimed = 1
        """,
        """
        CREATE INDEX deliveries_waiting ON deliveries (channel, created_at)
        WHERE status = 'pending'
        """,
        """
        CREATE INDEX deliveries_finished ON deliveries (finished_at)
        WHERE finished_at IS NOT NULL
        """,
        // When somebody must look at a target's queue; null where nothing waits.
        dialect.createTable(
          "delivery_targets",
          """
            tenant TEXT NOT NULL,
            channel TEXT NOT NULL,
            target TEXT NOT NULL,
            due_at \(integer),
            is_failing \(integer) NOT NULL CHECK (is_failing IN (0, 1)),
            failures \(integer) NOT NULL CHECK (failures >= 0),
            failing_since \(integer),
            paused_until \(integer) NOT NULL,
            retired \(integer) NOT NULL CHECK (retired IN (0, 1)),
            PRIMARY KEY (tenant, channel, target)
          """),
        """
        CREATE INDEX delivery_targets_due ON delivery_targets (channel, is_failing, due_at)
        WHERE due_at IS NOT NULL
        """,
      ]
      guard dialect == .postgreSQL else { return tables }
      let ownRows = "tenant = \(RowSecurity.currentTenant)"
      return RowSecurity.roles(dialect) + tables
        + RowSecurity.protect(
          "deliveries", rows: ownRows, granting: "SELECT, INSERT",
          "UPDATE (status, next_attempt_at, expires_at, finished_at, earlier_attempts)")
        + RowSecurity.protect(
          "delivery_targets", rows: ownRows, granting: "SELECT, INSERT",
          "UPDATE (due_at, is_failing, failures, failing_since, paused_until, retired)")
    },
    Migration(number: 2, name: "webhooks and their secrets") { dialect in
      let (integer, webhooks) = (dialect.integer, RecordStore<WebhookEndpoint>())
      let tables =
        webhooks.tables(
          dialect,
          columns: """
            enabled \(integer) NOT NULL CHECK (enabled IN (0, 1)),
              deleted \(integer) NOT NULL CHECK (deleted IN (0, 1)),
            """,
          indexed: ["enabled", "deleted"]) + [
          // The newest has no end.
          dialect.createTable(
            "webhook_secrets",
            """
              webhook_id TEXT NOT NULL,
              number \(integer) NOT NULL CHECK (number >= 1),
              tenant TEXT NOT NULL,
              secret \(dialect.blob) NOT NULL,
              created_at \(integer) NOT NULL,
              expires_at \(integer),
              PRIMARY KEY (webhook_id, number)
            """),
          """
          CREATE INDEX webhook_secrets_ended ON webhook_secrets (expires_at)
          WHERE expires_at IS NOT NULL
          """,
        ]
      guard dialect == .postgreSQL else { return tables }
      return tables + webhooks.protection(dialect, moving: ["enabled", "deleted"])
        + RowSecurity.protect(
          "webhook_secrets", rows: "tenant = \(RowSecurity.currentTenant)",
          granting: "INSERT, DELETE", "UPDATE (expires_at)",
          "SELECT (webhook_id, number, tenant, created_at, expires_at)")
    },
    Migration(number: 3, name: "how each attempt went") { dialect in
      let integer = dialect.integer
      let table = dialect.createTable(
        "delivery_attempts",
        """
          delivery_id TEXT NOT NULL REFERENCES deliveries (delivery_id) ON DELETE CASCADE,
          number \(integer) NOT NULL,
          tenant TEXT NOT NULL,
          begun_at \(integer) NOT NULL,
          ended_at \(integer) NOT NULL,
          outcome TEXT NOT NULL,
          code \(integer),
          detail TEXT NOT NULL,
          answer TEXT,
          PRIMARY KEY (delivery_id, number)
        """)
      guard dialect == .postgreSQL else { return [table] }
      return [table]
        + RowSecurity.protect(
          "delivery_attempts", rows: "tenant = \(RowSecurity.currentTenant)", granting: "SELECT")
    },
    Migration(number: 4, name: "when a target failed last") { dialect in
      let column = "ALTER TABLE delivery_targets ADD COLUMN failed_at \(dialect.integer)"
      guard dialect == .postgreSQL else { return [column] }
      return [
        column, "GRANT UPDATE (failed_at) ON delivery_targets TO \(RowSecurity.tenantRole)",
      ]
    },
  ]
}
