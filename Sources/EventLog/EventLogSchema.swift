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
    Migration(number: 5, name: "an outbox, and a log in partitions", online: partitioning) {
      dialect in
      tables(dialect) + copy(dialect) + indexes + security(dialect)
    },
    // A reader of a few types passes the others in the index, wherever they are in the log.
    Migration(number: 6, name: "a tenant's events with their types", online: indexingTypes) { _ in
      [
        "DROP INDEX events_by_tenant",
        "CREATE INDEX events_by_tenant ON events (tenant, position, type)",
      ]
    },
  ]

  private static func tables(_ dialect: SQLDialect) -> [String] {
    [
      "DROP INDEX events_waiting",
      "DROP INDEX events_by_tenant",
      "DROP INDEX events_by_subject",
      "ALTER TABLE events RENAME TO events_before",
    ] + newTables(dialect, log: "events")
  }

  static func newTables(_ dialect: SQLDialect, log: String) -> [String] {
    let event = """
        id \(dialect.blob) NOT NULL CHECK (length(id) = 32),
        type TEXT NOT NULL,
        subject TEXT NOT NULL,
        sequence \(dialect.integer) NOT NULL CHECK (sequence >= 1),
        tenant TEXT,
        time \(dialect.integer) NOT NULL,
        data TEXT NOT NULL,
        traceparent TEXT CHECK (length(traceparent) <= 256)
      """
    let partitions =
      switch dialect {
      case .sqlite: ""
      case .postgreSQL: " PARTITION BY RANGE (position)"
      }
    return [
      // `outbox_id` numbers events as their transactions insert them.
      dialect.createTable(
        "outbox",
        "  outbox_id \(dialect.generatedKey),\n\(event),\n  UNIQUE (subject, sequence)"),
      // `position` is the order in which everyone reads events.
      dialect.createTable(
        log,
        "  position \(dialect.integer) PRIMARY KEY CHECK (position >= 1),\n\(event)")
        + partitions,
      // The number of each subject's last event, which outlives the event.
      dialect.createTable(
        "event_subjects",
        """
          subject TEXT PRIMARY KEY,
          tenant TEXT,
          sequence \(dialect.integer) NOT NULL CHECK (sequence >= 1)
        """),
      // How far retention has gone, and in PostgreSQL up to where there are partitions.
      """
      ALTER TABLE event_positions
      ADD COLUMN removed_through \(dialect.integer) NOT NULL DEFAULT 0
      """,
      """
      ALTER TABLE event_positions
      ADD COLUMN partitioned_through \(dialect.integer) NOT NULL DEFAULT 0
      """,
    ]
  }

  /// Takes over what there is. Nothing is appended meanwhile.
  private static func copy(_ dialect: SQLDialect) -> [String] {
    let position: String
    var statements: [String] = []
    switch dialect {
    case .sqlite:
      // What waited gets the next places at once.
      position = """
        COALESCE(position, (SELECT last_position FROM event_positions)
          + ROW_NUMBER() OVER (PARTITION BY position IS NULL ORDER BY outbox_id))
        """
      statements = [
        """
        INSERT INTO events (position, \(columns))
        SELECT \(position), \(columns) FROM events_before
        """,
        """
        UPDATE event_positions
        SET last_position = (SELECT COALESCE(MAX(position), last_position) FROM events)
        """,
      ]
    case .postgreSQL:
      statements = [
        // One partition for all that there is, however much.
        """
        DO $$
        DECLARE
          through BIGINT := (SELECT last_position FROM event_positions WHERE singleton = 1);
        BEGIN
          IF through > 0 THEN
            EXECUTE format(
              'CREATE TABLE events_through_%1$s PARTITION OF events FOR VALUES FROM (1) TO (%2$s)',
              through, through + 1);
            UPDATE event_positions SET partitioned_through = through WHERE singleton = 1;
          END IF;
        END
        $$
        """,
        """
        INSERT INTO events (position, \(columns))
        SELECT position, \(columns) FROM events_before WHERE position IS NOT NULL
        """,
        """
        INSERT INTO outbox (\(columns))
        SELECT \(columns) FROM events_before WHERE position IS NULL ORDER BY outbox_id
        """,
      ]
    }
    return statements + [
      """
      INSERT INTO event_subjects (subject, tenant, sequence)
      SELECT subject, MAX(tenant), MAX(sequence) FROM events_before GROUP BY subject
      """,
      "DROP TABLE events_before",
    ]
  }

  private static let indexes = [
    "CREATE INDEX events_by_tenant ON events (tenant, position)",
    "CREATE INDEX events_by_subject ON events (subject, sequence)",
  ]

  static func security(_ dialect: SQLDialect) -> [String] {
    guard dialect == .postgreSQL else { return [] }
    let rows = "tenant = \(RowSecurity.currentTenant)"
    return RowSecurity.protect("events", rows: rows, granting: "SELECT")
      + RowSecurity.protect("outbox", rows: rows, granting: "SELECT, INSERT")
      + RowSecurity.protect(
        "event_subjects", rows: rows, granting: "SELECT, INSERT", "UPDATE (sequence)")
  }
}
