internal import Database
internal import Deployment
internal import Foundation
internal import PostgreSQL
internal import SQLite
internal import Settings
internal import Settlement

/// Paywatch's database. It must be there, and of this program's version.
enum OpenDatabase {
  /// Runs `body` with the database of a SQLite file's path, or of a postgresql:// URL, and closes
  /// it afterwards.
  static func run<Value>(
    _ place: String, _ body: (any Database) async throws -> Value
  ) async throws -> Value {
    guard place.hasPrefix("postgresql://") || place.hasPrefix("postgres://") else {
      return try await run(.sqlite(path: place), body)
    }
    var options = PostgresOptions(connection: place)
    options.applicationName = "payctl"
    options.poolSize = 2
    let host = URLComponents(string: place)?.host ?? "PostgreSQL"
    return try await run(PostgresDatabase(options: options), called: host, body)
  }

  /// The same with the database of a configuration.
  static func run<Value>(
    _ settings: DatabaseSettings, _ body: (any Database) async throws -> Value
  ) async throws -> Value {
    if case .sqlite(let path) = settings { try checkFile(path) }
    return try await run(try settings.opened(), called: settings.name, body)
  }

  private static func run<Value>(
    _ open: any Database, called name: String, _ body: (any Database) async throws -> Value
  ) async throws -> Value {
    do {
      try await check(open, name)
      let value = try await body(open)
      try await open.close()
      return value
    } catch {
      try? await open.close()
      throw explained(error)
    }
  }

  /// SQLite would make a new database of a missing file, and of an empty one.
  private static func checkFile(_ path: String) throws {
    guard let file = try? FileHandle(forReadingFrom: URL(filePath: path)) else {
      throw CommandFailure("\(path) is not there, or can't be read")
    }
    guard try file.read(upToCount: 16) == Data("SQLite format 3\0".utf8) else {
      throw CommandFailure("\(path) is no SQLite database")
    }
    try file.close()
  }

  /// Nothing is migrated here: that is `paywatch`'s part.
  private static func check(_ open: any Database, _ name: String) async throws {
    switch try await open.read(Schema.fit(of:)) {
    case .same: return
    case .none: throw CommandFailure("\(name) is no database of Paywatch")
    case .older(let component, let applied, let known):
      throw CommandFailure(
        "\(name) is older than this program (\(component) \(applied) of \(known)): "
          + "start paywatch once")
    case .newer(let component, let applied, let known):
      throw CommandFailure(
        "\(name) is newer than this program (\(component) \(applied), \(known) known)")
    }
  }

  private static func explained(_ error: any Error) -> any Error {
    switch error {
    case PaymentRefusal.notFound(let id): CommandFailure("there is no payment \(id)")
    case DatabaseError.busy: CommandFailure("the database is locked by another process")
    case DatabaseError.timedOut(let reason): CommandFailure("the database took too long: \(reason)")
    case DatabaseError.connectionLost(let reason, _):
      CommandFailure("the database can't be reached: \(reason)")
    default: error
    }
  }
}
