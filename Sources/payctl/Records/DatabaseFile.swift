internal import Database
internal import EventLog
internal import Foundation
internal import SQLite
internal import Settlement
internal import Tenancy

/// Paywatch's SQLite file. It must be there, and of this program's version.
enum DatabaseFile {
  /// Runs `body` with the open database and closes it afterwards.
  static func run<Value>(
    _ path: String, _ body: (any Database) async throws -> Value
  ) async throws -> Value {
    let open = try await open(path)
    do {
      let value = try await body(open)
      try await open.close()
      return value
    } catch {
      try? await open.close()
      throw explained(error)
    }
  }

  private static func open(_ path: String) async throws -> SQLiteDatabase {
    // SQLite would make a new database of a missing file, and of an empty one.
    guard let file = try? FileHandle(forReadingFrom: URL(filePath: path)) else {
      throw CommandFailure("\(path) is not there, or can't be read")
    }
    guard try file.read(upToCount: 16) == Data("SQLite format 3\0".utf8) else {
      throw CommandFailure("\(path) is no SQLite database")
    }
    try file.close()
    let open = try SQLiteDatabase(path: path)
    do {
      try await check(open, path)
      return open
    } catch {
      try? await open.close()
      throw error
    }
  }

  /// Nothing is migrated here: that is `paywatch`'s part.
  private static func check(_ open: SQLiteDatabase, _ path: String) async throws {
    try await open.read { connection in
      let table = try connection.queryFirst(
        "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'")
      guard table != nil else { throw CommandFailure("\(path) is no database of Paywatch") }
      for (component, steps) in [
        (EventLog.component, EventLog.migrations.count),
        (SettlementSchema.component, SettlementSchema.migrations.count),
        (TenantSchema.component, TenantSchema.migrations.count),
      ] {
        let row = try connection.queryFirst(
          "SELECT MAX(number) AS newest FROM schema_migrations WHERE component = $1",
          [.text(component)])
        let newest = try row?.optionalInteger("newest") ?? 0
        guard newest >= steps else {
          throw CommandFailure(
            "\(path) is older than this program (\(component) \(newest) of \(steps)): "
              + "start paywatch once")
        }
        guard newest == steps else {
          throw CommandFailure(
            "\(path) is newer than this program (\(component) \(newest), \(steps) known)")
        }
      }
    }
  }

  private static func explained(_ error: any Error) -> any Error {
    switch error {
    case PaymentRefusal.notFound(let id): CommandFailure("there is no payment \(id)")
    case DatabaseError.busy: CommandFailure("the database is locked by another process")
    default: error
    }
  }
}
