package import Database
internal import EventLog

/// That the configuration and the database are in the same restore epoch, which decides from which
/// branch of an account addresses come.
package enum RestoreEpoch {
  package enum Mismatch: Error, Sendable, Equatable {
    /// The database was restored, and the configuration still has the epoch before.
    case configurationBehind(configured: Int64, database: Int64)
    /// The configuration has an epoch that no restore has begun.
    case configurationAhead(configured: Int64, database: Int64)
    /// A restore was cut off before its end.
    case restoreUnfinished
  }

  /// A table that exists from before the first row is restored until nothing is left to be done.
  package static let unfinishedTable = "unfinished_restore"

  package static func markUnfinished(in connection: any SQLConnection) throws {
    try connection.execute(
      "CREATE TABLE IF NOT EXISTS \(unfinishedTable) (part TEXT)\(connection.dialect.strict)")
  }

  package static func markFinished(in connection: any SQLConnection) throws {
    try connection.execute("DROP TABLE IF EXISTS \(unfinishedTable)")
  }

  /// Throws where a restore was cut off, or was never begun. Comes before the schema is migrated.
  package static func checkFinished(in connection: any SQLConnection) throws {
    guard try !connection.tableNames().contains(unfinishedTable) else {
      throw Mismatch.restoreUnfinished
    }
  }

  /// Throws a `Mismatch` unless the database is in the configured epoch. A new one takes it over,
  /// and so does one that has accounts of no higher epoch from before epochs were kept.
  package static func agree(on configured: Int64, in connection: any SQLConnection) throws {
    let database: Int64
    if let current = try RestoreEpochs.current(in: connection) {
      database = current
    } else {
      let accounts = try newestAccount(in: connection) ?? 0
      guard configured >= accounts else {
        throw Mismatch.configurationBehind(configured: configured, database: accounts)
      }
      database = try RestoreEpochs.beginFirst(configured, in: connection)
    }
    guard configured <= database else {
      throw Mismatch.configurationAhead(configured: configured, database: database)
    }
    guard configured == database else {
      throw Mismatch.configurationBehind(configured: configured, database: database)
    }
  }

  /// The highest epoch of any account; nil where there is none.
  static func newestAccount(in connection: any SQLConnection) throws -> Int64? {
    try connection.queryFirst("SELECT MAX(epoch) AS epoch FROM accounts")?
      .optionalInteger("epoch")
  }
}

extension RestoreEpoch.Mismatch: CustomStringConvertible {
  package var description: String {
    switch self {
    case .configurationBehind(let configured, let database):
      """
      the database is in restore epoch \(database), the configuration in \(configured): the \
      database was restored from a backup, and addresses of earlier epochs may be in use. Set \
      restore_epoch: \(database)
      """
    case .configurationAhead(let configured, let database):
      """
      the configuration is in restore epoch \(configured), the database in \(database): only \
      payctl restore begins a new one. Set restore_epoch: \(database); or, if this database was \
      put back from an older copy, run payctl restore --in-place --epoch \(configured) on it
      """
    case .restoreUnfinished:
      """
      the database is a copy of a backup, or half restored. Make one with payctl restore --from, \
      in an empty place
      """
    }
  }
}
