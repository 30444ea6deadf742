package import Database

/// Which histories led to this database: each restore from a backup begins an epoch, and with it a
/// history that has in common with the former only what the backup held.
///
/// This is the one place of the database's restore epoch. Addresses, the relay and the start of
/// every process go by it.
package enum RestoreEpochs {
  package enum Failure: Error, Sendable, Equatable {
    /// An epoch that isn't higher than the database's.
    case notHigher(epoch: Int64, database: Int64)
  }

  /// The epoch that the database is in; nil in a new one, until the first start.
  package static func current(in connection: any SQLConnection) throws -> Int64? {
    try connection.queryFirst("SELECT MAX(epoch) AS epoch FROM restore_epochs")?
      .optionalInteger("epoch")
  }

  /// How far the log reached when each epoch of this history began.
  package static func bases(in connection: any SQLConnection) throws -> [Int64: Int64] {
    var bases: [Int64: Int64] = [:]
    for row in try connection.query("SELECT epoch, base FROM restore_epochs") {
      bases[try row.integer("epoch")] = try row.integer("base")
    }
    return bases
  }

  /// Begins the first epoch of a new database; the one it is in, which another process may have
  /// begun at the same moment.
  package static func beginFirst(
    _ epoch: Int64, in connection: any SQLConnection
  ) throws -> Int64 {
    let base = try lockedBase(in: connection)
    if let current = try current(in: connection) { return current }
    try insert(epoch, base: base, in: connection)
    return epoch
  }

  /// Begins the next epoch after a restore, before anything is appended to the log. Positions
  /// behind its end may have been given to other events.
  ///
  /// `epoch` must be higher than any under which this system has ever worked, which a backup can't
  /// know; what is checked is the database's own.
  ///
  /// - Parameter known: up to where the former history is known to have had the same events, where
  ///   that may be less than all there are: processes may have worked on the copy before
  package static func begin(
    _ epoch: Int64, sharing known: Int64 = .max, in connection: any SQLConnection
  ) throws {
    let base = min(known, try lockedBase(in: connection))
    if let current = try current(in: connection), epoch <= current {
      throw Failure.notHigher(epoch: epoch, database: current)
    }
    try insert(epoch, base: base, in: connection)
  }

  /// How far the log reaches. It goes no further, and nobody else begins an epoch, before the
  /// transaction ends.
  private static func lockedBase(in connection: any SQLConnection) throws -> Int64 {
    let row = try connection.queryFirst(
      "SELECT last_position FROM event_positions WHERE singleton = 1"
        + connection.dialect.forUpdate)
    return try row?.integer("last_position") ?? 0
  }

  private static func insert(
    _ epoch: Int64, base: Int64, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "INSERT INTO restore_epochs (epoch, base) VALUES ($1, $2)", [.integer(epoch), .integer(base)])
  }
}
