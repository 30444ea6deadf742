package import Database
internal import PostgreSQL
package import Settlement

/// Backups of a PostgreSQL database: what `pg_dump` writes of one snapshot.
package enum PostgresBackup {
  /// Takes one while others work on the database.
  /// - Parameter uri: a postgresql:// connection URI
  package static func take(
    from uri: String, to path: String, at time: String
  ) async throws -> BackupManifest {
    let file = try UnfinishedFile(for: path)
    do {
      let contents = try await opened(uri) { database in
        try await database.read { connection in
          try RowSecurity.checkSeesEverything(in: connection)
          // The program sees what this transaction does, as long as that lasts.
          let contents = try BackupContents(of: connection)
          let row = try connection.queryFirst("SELECT pg_export_snapshot() AS snapshot")
          let snapshot = try row?.text("snapshot") ?? ""
          try run(
            "pg_dump",
            [
              "--format=custom", "--no-password", "--snapshot=\(snapshot)",
              "--file=\(file.partial)",
              // The policies hold for the owner too, and show it everything.
              "--enable-row-security",
            ], on: uri, in: connection)
          return contents
        }
      }
      return try await Blocking.run {
        let manifest = try BackupFile.finish(
          file, engine: .postgresql, takenAt: time, contents: contents)
        try file.publish()
        return manifest
      }
    } catch {
      file.discard()
      throw error
    }
  }

  /// Fills an empty database from a backup and begins the next restore epoch in it. Until that is
  /// done the database has a table that keeps every process from starting on it.
  ///
  /// - Parameter migrate: brings its tables up to the program's
  package static func restore(
    _ backup: BackupFile, to uri: String, _ restoration: Restoration,
    migrate: (any Database) async throws -> Void
  ) async throws -> Restoration.Outcome {
    guard backup.manifest.engine == .postgresql else {
      throw BackupError.otherEngine(backup: backup.manifest.engine)
    }
    try await backup.verify()
    let unfinished = RestoreEpoch.unfinishedTable
    return try await opened(uri) { database in
      try await database.write { connection in
        // What a restore that was cut off has left is nothing but the table.
        let tables = try relations(in: connection).filter { $0 != unfinished }
        guard tables.isEmpty else { throw BackupError.notEmpty(Array(tables.prefix(3))) }
        try connection.execute("CREATE TABLE IF NOT EXISTS \(unfinished) (since TEXT)")
        // It would stand in the archive's way.
        for statement in SettlementSchema.beforePostgresRestore {
          try connection.execute(statement)
        }
        // The archive grants to them.
        for statement in RowSecurity.roles(.postgreSQL) { try connection.execute(statement) }
      }
      try await database.read { connection in
        try run(
          "pg_restore",
          ["--single-transaction", "--exit-on-error", "--no-owner", "--no-password", backup.path],
          on: uri, in: connection)
      }
      let contents = try await database.read { try BackupContents(of: $0) }
      guard contents == backup.manifest.contents else {
        throw BackupError.damaged(backup.path, what: "it doesn't hold what its last line says")
      }
      try await migrate(database)
      return try await database.write { connection in
        let outcome = try restoration.apply(in: connection)
        try connection.execute("DROP TABLE \(unfinished)")
        // The server plans by figures that a dump doesn't have.
        try connection.execute("ANALYZE")
        return outcome
      }
    }
  }

  /// Begins the next restore epoch in a database that was put back by other means.
  package static func begin(
    in uri: String, _ restoration: Restoration, migrate: (any Database) async throws -> Void
  ) async throws -> Restoration.Outcome {
    try await opened(uri) { database in
      try await database.read { try RestoreEpoch.checkFinished(in: $0) }
      try await migrate(database)
      return try await database.write { try restoration.apply(in: $0) }
    }
  }

  /// Tables, views and sequences of all schemas but the server's own.
  private static func relations(in connection: any SQLConnection) throws -> [String] {
    try connection.query(
      """
      SELECT CAST(relname AS TEXT) AS name FROM pg_class
      JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\\_%'
        AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      ORDER BY 1 LIMIT 100
      """
    ).map { try $0.text("name") }
  }

  private static func run(
    _ name: String, _ arguments: [String], on uri: String, in connection: any SQLConnection
  ) throws {
    let row = try connection.queryFirst(
      "SELECT CAST(current_setting('server_version_num') AS BIGINT) / 10000 AS version")
    let program = try PostgresProgram.find(name, forServer: Int(try row?.integer("version") ?? 0))
    let location = PostgresLocation(uri)
    try program.run(
      ["--dbname=\(location.uri)"] + arguments, environment: location.environment)
  }

  /// Runs `body` with the database, in which a statement may take as long as all of it takes.
  private static func opened<Value: Sendable>(
    _ uri: String, _ body: (PostgresDatabase) async throws -> Value
  ) async throws -> Value {
    var options = PostgresOptions(connection: uri)
    let hours = 24 * 3_600_000
    options.applicationName = "payctl"
    options.poolSize = 1
    options.statementTimeoutMilliseconds = hours
    options.idleInTransactionTimeoutMilliseconds = hours
    let database = PostgresDatabase(options: options)
    do {
      let value = try await body(database)
      try await database.close()
      return value
    } catch {
      try? await database.close()
      throw error
    }
  }
}
