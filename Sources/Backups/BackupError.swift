/// Why a backup can't be taken or restored; nothing was changed.
package enum BackupError: Error, Sendable, Equatable {
  /// Something of that name is there already.
  case exists(String)
  case unreadable(String, reason: String)
  case unwritable(String, reason: String)
  /// The file doesn't end with the line that every backup ends with.
  case notABackup(String)
  /// A newer program's backup.
  case unknownFormat(String, Int)
  /// The file isn't what was written.
  case damaged(String, what: String)
  /// A backup of SQLite into PostgreSQL, or the other way round.
  case otherEngine(backup: BackupManifest.Engine)
  /// The database isn't empty; some of its tables.
  case notEmpty([String])
  /// None of PostgreSQL's programs of that name is there.
  case programMissing(String)
  /// All of them are older than the server.
  case programTooOld(String, version: Int, server: Int)
  case programFailed(String, reason: String)
}

extension BackupError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .exists(let path): "\(path) is there already: nothing is overwritten"
    case .unreadable(let path, let reason): "\(path) can't be read: \(reason)"
    case .unwritable(let path, let reason): "\(path) can't be written: \(reason)"
    case .notABackup(let path):
      "\(path) is no whole backup: its last line, which says what is in it, is missing"
    case .unknownFormat(let path, let number):
      "\(path) is a backup of format \(number), which this program doesn't know: use a newer one"
    case .damaged(let path, let what): "\(path) is damaged: \(what)"
    case .otherEngine(.sqlite):
      "the backup is one of SQLite: restore it into a file"
    case .otherEngine(.postgresql):
      "the backup is one of PostgreSQL: restore it into a postgresql:// database"
    case .notEmpty(let tables):
      "the database isn't empty (\(tables.joined(separator: ", "))): restore into a new one"
    case .programMissing(let name):
      "\(name) is not installed: apt-get install postgresql-client"
    case .programTooOld(let name, let version, let server):
      "\(name) is of version \(version), the server of \(server): "
        + "apt-get install postgresql-client-\(server)"
    case .programFailed(let name, let reason): "\(name) failed: \(reason)"
    }
  }
}
