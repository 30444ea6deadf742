package import ChainTypes
package import Database
package import Watching

/// Which snapshots of a family's watched addresses were made of this database.
///
/// A digest is recorded after the rows that it covers, and goes where they go: a backup that has it
/// has them, too, and one from before them hasn't it.
package struct WatchSnapshotRecords: SnapshotRecords {
  private let database: any Database
  private let family: ChainSpec.Family
  /// How many are remembered: each process may have another one.
  private static let kept: Int64 = 100

  package init(database: any Database, family: ChainSpec.Family) {
    self.database = database
    self.family = family
  }

  static func statements(_ dialect: SQLDialect) -> [String] {
    [
      dialect.createTable(
        "watch_snapshots",
        """
          family TEXT NOT NULL,
          through_ordinal \(dialect.integer) NOT NULL,
          digest \(dialect.blob) NOT NULL CHECK (length(digest) = 32),
          PRIMARY KEY (family, through_ordinal, digest)
        """)
    ]
  }

  package func isRecorded(_ snapshot: WatchSnapshot) async throws -> Bool {
    // An ordinal beyond what a row can have is in none.
    guard let through = Int64(exactly: snapshot.through) else { return false }
    let family = family.name
    return try await database.read { connection in
      // The last address is looked for besides: it costs nothing.
      try connection.queryFirst(
        """
        SELECT 1 AS found FROM watch_snapshots
        WHERE family = $1 AND through_ordinal = $2 AND digest = $3
          AND EXISTS (SELECT 1 FROM addresses WHERE family = $1 AND ordinal = $2)
        """, [.text(family), .integer(through), .hash(snapshot.digest)]) != nil
    }
  }

  package func record(_ snapshot: WatchSnapshot) async throws {
    let family = family.name
    try await database.write { connection in
      try connection.execute(
        """
        INSERT INTO watch_snapshots (family, through_ordinal, digest) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
        """, [.text(family), .ordinal(snapshot.through), .hash(snapshot.digest)])
      try connection.execute(
        """
        DELETE FROM watch_snapshots WHERE family = $1 AND through_ordinal < (
          SELECT through_ordinal FROM watch_snapshots WHERE family = $1
          ORDER BY through_ordinal DESC LIMIT 1 OFFSET $2)
        """, [.text(family), .integer(Self.kept - 1)])
    }
  }
}
