internal import Database

/// The log goes into its partitions while events are appended: what has a position never changes,
/// so pages of it are copied in the order of positions, and what came since at the end.
extension EventLog {
  static let partitioning = OnlineChange(
    advance: { connection in
      if try !isPartitioning(connection) {
        guard try connection.isLarge("events") else { return false }
        for statement in newTables(connection.dialect, log: log) + logIndexes {
          try connection.execute(statement)
        }
      }
      return try copyPage(in: connection) == OnlineChange.batch
    },
    isPrepared: isPartitioning,
    finish: { connection in
      // Nothing is appended and no position given from here on.
      try connection.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
      while try copyPage(in: connection) == OnlineChange.batch {}
      try connection.execute(
        """
        INSERT INTO outbox (\(columns))
        SELECT \(columns) FROM events WHERE position IS NULL ORDER BY outbox_id
        """)
      try connection.execute(
        """
        INSERT INTO event_subjects (subject, tenant, sequence)
        SELECT subject, MAX(tenant), MAX(sequence) FROM events WHERE position IS NULL
        GROUP BY subject \(onSubjectConflict)
        """)
      for statement in renaming + security(connection.dialect) {
        try connection.execute(statement)
      }
    })

  /// Each large partition gets its index before all have one. Under the names that PostgreSQL gives
  /// them, they are taken over instead of built (postgresql.org/docs/15/sql-createindex.html).
  static let indexingTypes = OnlineChange(
    indexes: { connection in
      try EventPartitions.tables(in: connection).filter(connection.isLarge).map {
        OnlineIndex("\($0)_tenant_position_type_idx", on: "\($0) (tenant, position, type)")
      }
    },
    isPrepared: { _ in false })

  /// The log's name until it takes the old one's place.
  private static let log = "events_partitioned"

  private static let logIndexes = [
    "CREATE INDEX \(log)_by_tenant ON \(log) (tenant, position)",
    "CREATE INDEX \(log)_by_subject ON \(log) (subject, sequence)",
  ]

  private static let renaming =
    [
      "DROP TABLE events",
      "ALTER TABLE \(log) RENAME TO events",
      "ALTER INDEX \(log)_by_tenant RENAME TO events_by_tenant",
      "ALTER INDEX \(log)_by_subject RENAME TO events_by_subject",
    ]
    // As PostgreSQL names them beside the old table's.
    + ["pkey", "id_check", "position_check", "sequence_check", "traceparent_check"].map {
      "ALTER TABLE events RENAME CONSTRAINT \(log)_\($0) TO events_\($0)1"
    }

  private static let onSubjectConflict = """
    ON CONFLICT (subject) DO UPDATE SET
      tenant = GREATEST(event_subjects.tenant, excluded.tenant),
      sequence = GREATEST(event_subjects.sequence, excluded.sequence)
    """

  @Sendable
  private static func isPartitioning(_ connection: any SQLConnection) throws -> Bool {
    try connection.tableNames().contains(log)
  }

  /// Copies the next page of what has positions, and returns how many events it has.
  private static func copyPage(in connection: any SQLConnection) throws -> Int {
    let row = try connection.queryFirst(
      """
      SELECT (SELECT COALESCE(MAX(position), 0) FROM \(log)) AS copied, partitioned_through
      FROM event_positions WHERE singleton = 1
      """)
    let copied = try row?.integer("copied") ?? 0
    let end = try connection.queryFirst(
      """
      SELECT MAX(position) AS last FROM (
        SELECT position FROM events WHERE position > $1 ORDER BY position
        LIMIT \(OnlineChange.batch)) AS page
      """, [.integer(copied)])
    guard let last = try end?.optionalInteger("last") else { return 0 }
    try EventPartitions.prepare(
      of: log, through: last, existing: try row?.integer("partitioned_through") ?? 0,
      in: connection)
    let page = try connection.queryFirst(
      """
      WITH page AS (
        INSERT INTO \(log) (position, \(columns))
        SELECT position, \(columns) FROM events WHERE position > $1 AND position <= $2
        RETURNING subject, tenant, sequence
      ), subjects AS (
        INSERT INTO event_subjects (subject, tenant, sequence)
        SELECT subject, MAX(tenant), MAX(sequence) FROM page GROUP BY subject
        \(onSubjectConflict)
      )
      SELECT COUNT(*) AS count FROM page
      """, [.integer(copied), .integer(last)])
    return Int(try page?.integer("count") ?? 0)
  }
}
