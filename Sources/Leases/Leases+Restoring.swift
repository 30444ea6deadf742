package import Database

/// What a restore does with the leases that the backup brings along.
extension Leases {
  /// More than can have been taken since the backup: one a second for a century.
  private static let restoredStep: Int64 = 1 << 32

  /// A lease that someone holds now; nil where nobody holds any.
  package static func held(in connection: any SQLConnection) throws -> LeaseStatus? {
    let now = connection.dialect.nowMicroseconds
    return try connection.queryFirst(
      """
      SELECT name, holder, epoch, expires_at - \(now) AS remaining FROM leases
      WHERE holder IS NOT NULL AND expires_at > \(now) ORDER BY name LIMIT 1
      """
    ).map {
      try LeaseStatus(
        name: $0.text("name"), holder: $0.text("holder"), epoch: $0.integer("epoch"),
        remainingMicroseconds: $0.integer("remaining"))
    }
  }

  /// Ends every lease, and lifts the epochs above those that were given after the backup: whoever
  /// took a lease then can't write under it any more.
  package static func endAll(in connection: any SQLConnection) throws {
    try connection.execute(
      "UPDATE leases SET holder = NULL, expires_at = 0, epoch = epoch + $1",
      [.integer(restoredStep)])
  }
}
