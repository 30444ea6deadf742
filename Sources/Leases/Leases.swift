package import Database

/// Leases in their table. Each call is part of the caller's transaction; all go by the database's
/// clock, so that no two machines must agree on the time.
package enum Leases {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "leases"

  package static let migrations = [
    Migration(number: 1, name: "leases") { dialect in
      [
        // A lease that was given back keeps its row, and with it its epoch. `holder` is then NULL.
        dialect.createTable(
          "leases",
          """
            name TEXT PRIMARY KEY,
            holder TEXT,
            epoch \(dialect.integer) NOT NULL CHECK (epoch >= 0),
            expires_at \(dialect.integer) NOT NULL
          """)
      ]
    }
  ]

  /// Takes the lease where it is free, has run out, or is the holder's own, for `milliseconds`. Nil
  /// where another one has it.
  ///
  /// The epoch grows each time, for the holder's own lease too: who asks again has forgotten the
  /// former one, and what was begun under that must not be written any more. Transactions that
  /// have passed `check` are waited for.
  ///
  /// - Parameter floor: an epoch known from elsewhere to have been given: the new one is above it,
  ///   also where this table was lost
  package static func acquire(
    _ name: String, holder: String, milliseconds: Int64, above floor: Int64 = 0,
    in connection: any SQLConnection
  ) throws -> Lease? {
    let dialect = connection.dialect
    let isTakeable = "(holder IS NULL OR holder = $2 OR expires_at <= \(dialect.nowMicroseconds))"
    // Most often another one has it, and who stands by should wait for no lock.
    let found = try connection.queryFirst(
      "SELECT CASE WHEN \(isTakeable) THEN 1 ELSE 0 END AS takeable FROM leases WHERE name = $1",
      [.text(name), .text(holder)])
    if let found {
      guard try found.flag("takeable") else { return nil }
    } else {
      try connection.execute(
        """
        INSERT INTO leases (name, holder, epoch, expires_at) VALUES ($1, NULL, 0, 0)
        ON CONFLICT (name) DO NOTHING
        """, [.text(name)])
    }
    // An UPDATE alone wouldn't wait for `check`, so that renewing needn't.
    _ = try connection.query(
      "SELECT epoch FROM leases WHERE name = $1" + dialect.forUpdate, [.text(name)])
    let taken = try connection.execute(
      """
      UPDATE leases SET holder = $2, epoch = CASE WHEN epoch < $4 THEN $4 ELSE epoch END + 1,
        expires_at = \(dialect.nowMicroseconds) + $3
      WHERE name = $1 AND \(isTakeable)
      """,
      [
        .text(name), .text(holder), .integer(microseconds(milliseconds)), .integer(floor),
      ])
    guard taken == 1 else { return nil }
    let row = try connection.queryFirst("SELECT epoch FROM leases WHERE name = $1", [.text(name)])
    return try row.map { Lease(name: name, holder: holder, epoch: try $0.integer("epoch")) }
  }

  /// Makes the lease last `milliseconds` from now, also where it has run out and nobody has taken
  /// it; false where it is another one's, or was given back.
  package static func renew(
    _ lease: Lease, milliseconds: Int64, in connection: any SQLConnection
  ) throws -> Bool {
    let renewed = try connection.execute(
      """
      UPDATE leases SET expires_at = \(connection.dialect.nowMicroseconds) + $4
      WHERE name = $1 AND holder = $2 AND epoch = $3
      """, arguments(lease) + [.integer(microseconds(milliseconds))])
    return renewed == 1
  }

  /// Gives the lease back, so that the next one needn't wait until it runs out. Nothing happens
  /// where it is another one's.
  package static func release(_ lease: Lease, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      UPDATE leases SET holder = NULL, expires_at = 0
      WHERE name = $1 AND holder = $2 AND epoch = $3
      """, arguments(lease))
  }

  /// Throws `LeaseLost` unless the lease holds now; then nobody else can take it before this
  /// transaction ends. Comes first in every write under a lease. Renewing doesn't wait for it.
  package static func check(_ lease: Lease, in connection: any SQLConnection) throws {
    let dialect = connection.dialect
    let rows = try connection.query(
      """
      SELECT epoch FROM leases
      WHERE name = $1 AND holder = $2 AND epoch = $3
        AND expires_at > \(dialect.nowMicroseconds)\(dialect.forKeyShare)
      """, arguments(lease))
    guard !rows.isEmpty else { throw LeaseLost(lease) }
  }

  /// Whether the lease holds now, for those who only read: the next moment it may be another one's.
  package static func isHeld(_ lease: Lease, in connection: any SQLConnection) throws -> Bool {
    let status = try current(lease.name, in: connection)
    return status?.isHeld == true && status?.holder == lease.holder && status?.epoch == lease.epoch
  }

  /// Who has the lease; nil where nobody ever had.
  package static func current(
    _ name: String, in connection: any SQLConnection
  ) throws -> LeaseStatus? {
    try connection.queryFirst(
      """
      SELECT holder, epoch, expires_at - \(connection.dialect.nowMicroseconds) AS remaining
      FROM leases WHERE name = $1
      """, [.text(name)]
    ).map {
      try LeaseStatus(
        name: name, holder: $0.optionalText("holder"), epoch: $0.integer("epoch"),
        remainingMicroseconds: $0.integer("remaining"))
    }
  }

  private static func arguments(_ lease: Lease) -> [SQLValue] {
    [.text(lease.name), .text(lease.holder), .integer(lease.epoch)]
  }

  /// A day at most: a term is a matter of seconds.
  private static func microseconds(_ milliseconds: Int64) -> Int64 {
    min(max(0, milliseconds), 86_400_000) * 1_000
  }
}
