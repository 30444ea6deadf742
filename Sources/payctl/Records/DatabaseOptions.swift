internal import ArgumentParser
internal import Database
internal import EventLog
internal import Foundation
internal import SQLite
internal import Settlement

/// The database that a command looks at or changes. It must be there, and of this program's version.
struct DatabaseOptions: ParsableArguments {
  @Option(help: "Paywatch's SQLite file.", completion: .file())
  var database: String

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  /// Runs `body` with the open database and closes it afterwards.
  func run<Value>(_ body: (any Database) async throws -> Value) async throws -> Value {
    let open = try await open()
    do {
      let value = try await body(open)
      try await open.close()
      return value
    } catch {
      try? await open.close()
      throw Self.explained(error)
    }
  }

  private func open() async throws -> SQLiteDatabase {
    // SQLite would make a new database of a missing file, and of an empty one.
    guard let file = try? FileHandle(forReadingFrom: URL(filePath: database)) else {
      throw CommandFailure("\(database) is not there, or can't be read")
    }
    guard try file.read(upToCount: 16) == Data("SQLite format 3\0".utf8) else {
      throw CommandFailure("\(database) is no SQLite database")
    }
    try file.close()
    let open = try SQLiteDatabase(path: database)
    do {
      try await check(open)
      return open
    } catch {
      try? await open.close()
      throw error
    }
  }

  /// Nothing is migrated here: that is `paywatch`'s part.
  private func check(_ open: SQLiteDatabase) async throws {
    let name = database
    try await open.read { connection in
      let table = try connection.queryFirst(
        "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'")
      guard table != nil else { throw CommandFailure("\(name) is no database of Paywatch") }
      for (component, steps) in [
        (EventLog.component, EventLog.migrations.count),
        (SettlementSchema.component, SettlementSchema.migrations.count),
      ] {
        let row = try connection.queryFirst(
          """
          SELECT MAX(number) AS newest, COUNT(*) AS steps FROM schema_migrations
          WHERE component = $1
          """, [.text(component)])
        let newest = try row?.optionalInteger("newest") ?? 0
        guard newest <= steps else {
          throw CommandFailure(
            "\(name) is newer than this program (\(component) \(newest), \(steps) known)")
        }
        let applied = try row?.integer("steps") ?? 0
        guard applied == steps else {
          throw CommandFailure(
            "\(name) is older than this program (\(component) \(applied) of \(steps)): "
              + "start paywatch once")
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
