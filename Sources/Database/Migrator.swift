/// Why a database's schema and the program's steps don't fit each other.
package enum MigrationError: Error, Sendable, Equatable {
  /// The program's steps of `component` must be 1, 2, 3, …; `found` stands where `expected` should.
  case misnumbered(component: String, expected: Int, found: Int)
  /// An applied step is not the one of that number in the program.
  case changed(component: String, number: Int, name: String)
  /// The database has had steps that this program doesn't know: a newer program made it.
  case databaseIsNewer(component: String, database: Int, program: Int)
  /// The database lacks the record of a step although a later one is recorded.
  case recordMissing(component: String, number: Int)
}

/// Brings a database's schema up to what the program needs.
///
/// Each part of the program (`component`) numbers its own steps from 1. What was applied stands
/// in `schema_migrations` with its whole text. Two programs may start at once: a step is applied
/// in the transaction that sees it missing, one such transaction at a time.
package enum Migrator {
  /// Applies the steps that are missing and returns how many those were.
  ///
  /// Refuses, before it changes anything, steps with gaps, steps whose text was changed after
  /// they were applied, and a database that is newer than the program.
  @discardableResult
  package static func migrate(
    _ database: any Database, _ migrations: [Migration], component: String = "paywatch"
  ) async throws -> Int {
    for (index, migration) in migrations.enumerated() where migration.number != index + 1 {
      throw MigrationError.misnumbered(
        component: component, expected: index + 1, found: migration.number)
    }
    try await locked(database) { connection in
      try createRecord(connection)
      try check(migrations, component: component, in: connection)
    }
    var applied = 0
    for migration in migrations {
      if let online = migration.online, database.dialect == .postgreSQL {
        try await prepare(migration, online, component: component, in: database)
      }
      let isNew = try await locked(database) { connection in
        try apply(migration, component: component, in: connection)
      }
      if isNew { applied += 1 }
    }
    return applied
  }

  /// Does what a step needn't hold anybody up for.
  private static func prepare(
    _ migration: Migration, _ online: OnlineChange, component: String, in database: any Database
  ) async throws {
    while try await locked(
      database,
      { connection in
        try !isRecorded(migration, component: component, in: connection)
          && online.advance(connection)
      })
    {}
    let indexes = try await locked(database) { connection in
      try isRecorded(migration, component: component, in: connection)
        ? [] : online.indexes(connection)
    }
    guard !indexes.isEmpty else { return }
    while try await !database.withoutTransaction({ try OnlineIndex.build(indexes, in: $0) }) {
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  /// How often a step is tried while others use its tables.
  private static let attempts = 30

  /// Runs `body` in a transaction that alone may change the schema.
  package static func locked<Value: Sendable>(
    _ database: any Database, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    let lock = database.dialect.migrationLock
    for _ in 1..<(lock.isEmpty ? 1 : attempts) {
      do {
        return try await database.write { try run(lock, body, in: $0) }
      } catch DatabaseError.busy {
        // The lock's own timeout is the pause.
        try Task.checkCancellation()
      }
    }
    return try await database.write { try run(lock, body, in: $0) }
  }

  private static func run<Value>(
    _ lock: [String], _ body: (any SQLConnection) throws -> Value, in connection: any SQLConnection
  ) throws -> Value {
    for statement in lock { try connection.execute(statement) }
    return try body(connection)
  }

  private static func createRecord(_ connection: any SQLConnection) throws {
    let dialect = connection.dialect
    try connection.execute(
      """
      CREATE TABLE IF NOT EXISTS schema_migrations (
        component TEXT NOT NULL,
        number \(dialect.integer) NOT NULL CHECK (number >= 1),
        name TEXT NOT NULL,
        statements TEXT NOT NULL,
        PRIMARY KEY (component, number)
      )\(dialect.strict)
      """)
  }

  /// Compares what is recorded with the program's steps.
  private static func check(
    _ migrations: [Migration], component: String, in connection: any SQLConnection
  ) throws {
    // One more than the program has is enough to tell that the database is newer.
    let rows = try connection.query(
      """
      SELECT number, name, statements FROM schema_migrations
      WHERE component = $1 ORDER BY number LIMIT $2
      """,
      [.text(component), .integer(Int64(migrations.count) + 1)])
    let newest = try connection.queryFirst(
      "SELECT MAX(number) AS newest FROM schema_migrations WHERE component = $1",
      [.text(component)])
    if let number = try newest?.optionalInteger("newest"), number > migrations.count {
      throw MigrationError.databaseIsNewer(
        component: component, database: Int(number), program: migrations.count)
    }
    for (index, row) in rows.enumerated() {
      let migration = migrations[index]
      guard try row.integer("number") == Int64(migration.number) else {
        throw MigrationError.recordMissing(component: component, number: migration.number)
      }
      try compare(migration, with: row, component: component, dialect: connection.dialect)
    }
  }

  private static func compare(
    _ migration: Migration, with row: SQLRow, component: String, dialect: SQLDialect
  ) throws {
    guard try row.text("statements") == migration.recordedText(dialect),
      try row.text("name") == migration.name
    else {
      throw MigrationError.changed(
        component: component, number: migration.number, name: try row.text("name"))
    }
  }

  private static func isRecorded(
    _ migration: Migration, component: String, in connection: any SQLConnection
  ) throws -> Bool {
    let recorded = try connection.queryFirst(
      "SELECT name, statements FROM schema_migrations WHERE component = $1 AND number = $2",
      [.text(component), .integer(Int64(migration.number))])
    guard let recorded else { return false }
    try compare(migration, with: recorded, component: component, dialect: connection.dialect)
    return true
  }

  /// Applies one step unless it is recorded; true where it was applied.
  private static func apply(
    _ migration: Migration, component: String, in connection: any SQLConnection
  ) throws -> Bool {
    guard try !isRecorded(migration, component: component, in: connection) else { return false }
    if connection.dialect == .postgreSQL, let online = migration.online,
      try online.isPrepared(connection)
    {
      try online.finish(connection)
    } else {
      for statement in migration.statements(connection.dialect) {
        try connection.execute(statement)
      }
    }
    try connection.execute(
      "INSERT INTO schema_migrations (component, number, name, statements) VALUES ($1, $2, $3, $4)",
      [
        .text(component), .integer(Int64(migration.number)), .text(migration.name),
        .text(migration.recordedText(connection.dialect)),
      ])
    return true
  }
}
