internal import Database
internal import LocalServers
internal import PostgreSQL
internal import SQLite

/// Empty databases on this machine's disk, whose commits wait for it. They go with the program.
struct DurableStore {
  enum Engine: String, CaseIterable {
    case sqlite = "SQLite"
    case postgreSQL = "PostgreSQL"
  }

  private let scratch: ScratchDirectory
  /// Nil for SQLite.
  private let server: PostgresServer?

  init(_ engine: Engine) async throws {
    scratch = try ScratchDirectory()
    switch engine {
    case .sqlite: server = nil
    case .postgreSQL:
      var options = PostgresServer.Options()
      options.syncsToDisk = true
      server = try await PostgresServer.start(directory: scratch.path, options: options)
    }
  }

  func makeDatabase(_ name: String) async throws -> any Database {
    guard let server else { return try SQLiteDatabase(path: scratch.path + "/\(name).sqlite") }
    return PostgresDatabase(
      options: PostgresOptions(connection: try await server.makeDatabase(name)))
  }

  func close() async {
    await server?.stop()
  }
}
