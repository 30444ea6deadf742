internal import ArgumentParser
internal import Backups
internal import Database
internal import Settlement

/// Where a database is that a command takes a backup of, or makes.
enum DatabasePlace: ExpressibleByArgument {
  /// SQLite's file.
  case file(String)
  /// A postgresql:// connection URI.
  case server(String)

  init(argument: String) {
    let isURI = ["postgresql://", "postgres://"].contains { argument.hasPrefix($0) }
    self = isURI ? .server(argument) : .file(argument)
  }
}

/// Says in a sentence why a backup or a restore can't be.
func explainingBackups<Value>(_ body: () async throws -> Value) async throws -> Value {
  do {
    return try await body()
  } catch let error as BackupError {
    throw CommandFailure("\(error)")
  } catch let error as Restoration.Failure {
    throw CommandFailure(error.sentence)
  } catch DatabaseError.connectionLost(let reason, _) {
    throw CommandFailure("the database can't be reached: \(reason)")
  } catch let error as MigrationError {
    throw CommandFailure("the backup's tables are none of this program's: \(error)")
  }
}

extension Restoration.Failure {
  fileprivate var sentence: String {
    switch self {
    case .epochNotHigher(let epoch, let database):
      "--epoch \(epoch) isn't higher than \(database), which the database is in"
    case .epochOutOfRange(let epoch):
      "\(epoch) is no restore epoch that can be begun: \(Self.words(Restoration.epochRange))"
    case .lookAheadOutOfRange: "--look-ahead must be \(Self.words(Restoration.lookAheadRange))"
    case .tooManyAddresses:
      "that would be more addresses than can be watched: give a smaller --look-ahead"
    case .networkUnknown:
      "the database has no address that would tell its network: give --network"
    case .notAnAccount(let descriptor):
      "the database's account \(descriptor) has no branches, so no epoch can begin in it"
    case .inUse(let lease, let holder):
      "\(holder) works on the database (lease \(lease)): stop every process first"
    }
  }

  private static func words(_ range: ClosedRange<Int64>) -> String {
    "from \(range.lowerBound) to \(range.upperBound)"
  }
}
