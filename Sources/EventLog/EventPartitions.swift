internal import Database

/// The partitions of PostgreSQL's `events`: runs of positions, each a table that can be dropped.
/// Each is named after its last position, and begins behind the one before.
enum EventPartitions {
  /// How many positions one has.
  static let size: Int64 = 1 << 20

  /// Makes those that are missing for positions through `position`, where there are some through
  /// `existing`. The caller holds the row of `event_positions`.
  ///
  /// A table that is attached holds up neither readers nor writers, one that is made as a partition
  /// would (postgresql.org/docs/15/sql-altertable.html).
  static func prepare(
    of table: String = "events", through position: Int64, existing: Int64,
    in connection: any SQLConnection
  ) throws {
    guard position > existing else { return }
    var last = existing
    while last < position {
      let next = last + size
      try connection.execute(
        """
        CREATE TABLE events_through_\(next)
        (LIKE \(table) INCLUDING CONSTRAINTS INCLUDING INDEXES)
        """)
      try connection.execute(
        """
        ALTER TABLE \(table) ATTACH PARTITION events_through_\(next)
        FOR VALUES FROM (\(last + 1)) TO (\(next + 1))
        """)
      last = next
    }
    try connection.execute(
      "UPDATE event_positions SET partitioned_through = $1 WHERE singleton = 1", [.integer(last)])
  }

  /// The names of those that the log has.
  static func tables(in connection: any SQLConnection) throws -> [String] {
    try connection.query(
      """
      SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
      WHERE inhparent = CAST('events' AS REGCLASS) AND relkind = 'r' ORDER BY relname
      """
    ).map { try $0.text("relname") }
  }

  /// The last position of the oldest partition that could go: all its positions are given and it
  /// isn't the only one.
  static func oldest(in connection: any SQLConnection) throws -> Int64? {
    let ends = try connection.query(
      """
      SELECT CAST(SUBSTRING(relname FROM '[0-9]+$') AS BIGINT) AS last
      FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
      WHERE inhparent = CAST('events' AS REGCLASS) ORDER BY 1 LIMIT 2
      """)
    return ends.count == 2 ? try ends[0].integer("last") : nil
  }

  /// Drops the one that ends with `last`. Readers wait for that, and it for them no longer than a
  /// moment: then the transaction fails with `DatabaseError.busy`.
  static func drop(through last: Int64, in connection: any SQLConnection) throws {
    try connection.execute("SET LOCAL lock_timeout = '500ms'")
    try connection.execute("DROP TABLE events_through_\(last)")
  }
}
