import Database
import SQLite
import Testing

@Suite("Migrations")
struct MigratorTests {
  private let first = Migration(number: 1, name: "a") { dialect in
    [dialect.createTable("a", "x \(dialect.integer)"), "INSERT INTO a VALUES (1)"]
  }
  private let second = Migration(number: 2, name: "b") { dialect in
    [dialect.createTable("b", "x \(dialect.integer)")]
  }

  @Test("missing steps are applied once, in order")
  func applies() async throws {
    let database = try SQLiteDatabase.inMemory()
    #expect(try await Migrator.migrate(database, [first]) == 1)
    #expect(try await Migrator.migrate(database, [first, second]) == 1)
    #expect(try await Migrator.migrate(database, [first, second]) == 0)
    let rows = try await database.read { try $0.query("SELECT x FROM a") }
    #expect(rows.count == 1)
  }

  @Test("components number their steps apart")
  func components() async throws {
    let database = try SQLiteDatabase.inMemory()
    try await Migrator.migrate(database, [first], component: "one")
    let other = Migration(number: 1, name: "b") { _ in second.statements(.sqlite) }
    #expect(try await Migrator.migrate(database, [other], component: "two") == 1)
  }

  @Test("gaps and wrong numbers are refused before anything happens")
  func gaps() async throws {
    let database = try SQLiteDatabase.inMemory()
    let third = Migration(number: 3, name: "c") { _ in ["CREATE TABLE c (x)"] }
    await #expect(
      throws: MigrationError.misnumbered(component: "paywatch", expected: 2, found: 3)
    ) {
      try await Migrator.migrate(database, [first, third])
    }
    let tables = try await database.read { try $0.query("SELECT name FROM sqlite_schema") }
    #expect(tables.isEmpty)
  }

  @Test("an applied step whose text was changed is refused")
  func changed() async throws {
    let database = try SQLiteDatabase.inMemory()
    try await Migrator.migrate(database, [first])
    let edited = Migration(number: 1, name: "a") { _ in ["CREATE TABLE a (y TEXT)"] }
    await #expect(
      throws: MigrationError.changed(component: "paywatch", number: 1, name: "a")
    ) {
      try await Migrator.migrate(database, [edited, second])
    }
    await #expect(throws: DatabaseError.self, "the second step must not have run") {
      try await database.read { try $0.query("SELECT x FROM b") }
    }
  }

  @Test("a database from a newer program is refused")
  func newer() async throws {
    let database = try SQLiteDatabase.inMemory()
    try await Migrator.migrate(database, [first, second])
    await #expect(
      throws: MigrationError.databaseIsNewer(component: "paywatch", database: 2, program: 1)
    ) {
      try await Migrator.migrate(database, [first])
    }
  }

  @Test("a record that lacks a step is refused")
  func missingRecord() async throws {
    let database = try SQLiteDatabase.inMemory()
    try await Migrator.migrate(database, [first, second])
    try await database.write { try $0.execute("DELETE FROM schema_migrations WHERE number = 1") }
    await #expect(throws: MigrationError.recordMissing(component: "paywatch", number: 1)) {
      try await Migrator.migrate(database, [first, second])
    }
  }

  @Test("a step that fails leaves nothing of itself and everything before it")
  func failing() async throws {
    let database = try SQLiteDatabase.inMemory()
    let broken = Migration(number: 2, name: "broken") { _ in
      ["CREATE TABLE half (x INTEGER) STRICT", "CREATE TABLE a (x INTEGER) STRICT"]
    }
    await #expect(throws: DatabaseError.self) {
      try await Migrator.migrate(database, [first, broken])
    }
    let names = try await database.read {
      try $0.query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .map { try $0.text("name") }
    }
    #expect(names == ["a", "schema_migrations"])
    #expect(try await Migrator.migrate(database, [first, second]) == 1)
  }

  @Test("two programs that start at once apply each step once")
  func concurrent() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("two.db")
    let databases = [try SQLiteDatabase(path: path), try SQLiteDatabase(path: path)]
    let steps = [first, second]
    let applied = try await withThrowingTaskGroup(of: Int.self) { group in
      for database in databases {
        group.addTask { try await Migrator.migrate(database, steps) }
      }
      return try await group.reduce(0, +)
    }
    #expect(applied == 2)
    for database in databases { try await database.close() }
  }
}
