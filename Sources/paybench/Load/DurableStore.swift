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
    case .postgreSQL: server = try await Self.startPostgres(in: scratch)
    }
  }

  static func startPostgres(in scratch: ScratchDirectory) async throws -> PostgresServer {
    var options = PostgresServer.Options()
    options.syncsToDisk = true
    options.settings = ["min_wal_size": "2GB", "max_wal_size": "4GB"]
    let server = try await PostgresServer.start(directory: scratch.path, options: options)
    try await fillLog(of: server)
    return server
  }

  /// Gives the server as much of a log as it may keep. One in use writes over segments that are
  /// done with; a new one makes each of them, 16 MB of zeros and a flush, and all commits wait.
  private static func fillLog(of server: PostgresServer) async throws {
    try await server.run(
      """
      DO $$ BEGIN
        FOR _ IN 1..128 LOOP
          PERFORM pg_logical_emit_message(false, '', '');
          PERFORM pg_switch_wal();
        END LOOP;
      END $$
      """)
    try await server.run("CHECKPOINT")
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
