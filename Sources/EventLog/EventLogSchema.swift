package import Database

extension EventLog {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "event-log"

  package static let migrations = [
    Migration(number: 1, name: "events and their positions") { dialect in
      [
        // `outbox_id` numbers events as their transactions insert them; `position` is the order
        // in which everyone reads them, given by the sequencer once it can't change.
        dialect.createTable(
          "events",
          """
            outbox_id \(dialect.generatedKey),
            position \(dialect.integer) UNIQUE CHECK (position >= 1),
            id \(dialect.blob) NOT NULL UNIQUE CHECK (length(id) = 32),
            type TEXT NOT NULL,
            subject TEXT NOT NULL,
            sequence \(dialect.integer) NOT NULL CHECK (sequence >= 1),
            tenant TEXT,
            time \(dialect.integer) NOT NULL,
            data TEXT NOT NULL,
            UNIQUE (subject, sequence)
          """),
        "CREATE INDEX events_waiting ON events (outbox_id) WHERE position IS NULL",
        "CREATE INDEX events_by_tenant ON events (tenant, position)",
        "CREATE INDEX events_by_subject ON events (subject, position)",
        // One row: the last position given. It outlives events that are removed one day.
        dialect.createTable(
          "event_positions",
          """
            singleton \(dialect.integer) PRIMARY KEY CHECK (singleton = 1),
            last_position \(dialect.integer) NOT NULL CHECK (last_position >= 0)
          """),
        "INSERT INTO event_positions (singleton, last_position) VALUES (1, 0)",
      ]
    },
    Migration(number: 2, name: "traces of events") { _ in
      // Null for events from before, and for those that belong to no trace.
      ["ALTER TABLE events ADD COLUMN traceparent TEXT CHECK (length(traceparent) <= 256)"]
    },
    Migration(number: 3, name: "restore epochs") { dialect in
      [
        // The highest is the database's; `base` is how far the log reached when it began.
        dialect.createTable(
          "restore_epochs",
          """
            epoch \(dialect.integer) PRIMARY KEY CHECK (epoch >= 0),
            base \(dialect.integer) NOT NULL CHECK (base >= 0)
          """)
      ]
    },
    Migration(number: 4, name: "events by tenant, row by row") { dialect in
      guard dialect == .postgreSQL else { return [] }
      // An event of a chain has no tenant: no tenant sees it.
      return RowSecurity.roles(dialect)
        + RowSecurity.protect(
          "events", rows: "tenant = \(RowSecurity.currentTenant)", granting: "SELECT, INSERT")
        + [RowSecurity.share("event_positions")]
    },
  ]
}
