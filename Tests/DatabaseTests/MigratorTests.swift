import Database
import TestDatabases
import Testing

@Suite("Migrations")
struct MigratorTests {
  private let first = Migration(number: 1, name: "a") { dialect in
    [dialect.createTable("a", "x \(dialect.integer)"), "INSERT INTO a VALUES (1)"]
  }
  private let second = Migration(number: 2, name: "b") { dialect in
    [dialect.createTable("b", "x \(dialect.integer)")]
  }

  /// The names of all tables.
  private static func tables(_ database: any Database) async throws -> [String] {
    try await database.read { connection in
      let catalogue =
        switch connection.dialect {
        case .sqlite: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        case .postgreSQL:
          """
          SELECT table_name::text AS name FROM information_schema.tables
          WHERE table_schema = current_schema ORDER BY table_name
          """
        }
      return try connection.query(catalogue).map { try $0.text("name") }
    }
  }

  @Test("missing steps are applied once, in order", arguments: TestEngine.allCases)
  func applies(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    #expect(try await Migrator.migrate(database, [first]) == 1)
    #expect(try await Migrator.migrate(database, [first, second]) == 1)
    #expect(try await Migrator.migrate(database, [first, second]) == 0)
    let rows = try await database.read { try $0.query("SELECT x FROM a") }
    #expect(rows.count == 1)
  }

  @Test("components number their steps apart", arguments: TestEngine.allCases)
  func components(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    try await Migrator.migrate(database, [first], component: "one")
    let other = Migration(number: 1, name: "b") { second.statements($0) }
    #expect(try await Migrator.migrate(database, [other], component: "two") == 1)
  }

  @Test(
    "gaps and wrong numbers are refused before anything happens", arguments: TestEngine.allCases)
  func gaps(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    let third = Migration(number: 3, name: "c") { _ in ["CREATE TABLE c (x)"] }
    await #expect(
      throws: MigrationError.misnumbered(component: "paywatch", expected: 2, found: 3)
    ) {
      try await Migrator.migrate(database, [first, third])
    }
    #expect(try await Self.tables(database).isEmpty)
  }

  @Test("an applied step whose text was changed is refused", arguments: TestEngine.allCases)
  func changed(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
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

  @Test("a database from a newer program is refused", arguments: TestEngine.allCases)
  func newer(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    try await Migrator.migrate(database, [first, second])
    await #expect(
      throws: MigrationError.databaseIsNewer(component: "paywatch", database: 2, program: 1)
    ) {
      try await Migrator.migrate(database, [first])
    }
  }

  @Test("a record that lacks a step is refused", arguments: TestEngine.allCases)
  func missingRecord(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    try await Migrator.migrate(database, [first, second])
    try await database.write { try $0.execute("DELETE FROM schema_migrations WHERE number = 1") }
    await #expect(throws: MigrationError.recordMissing(component: "paywatch", number: 1)) {
      try await Migrator.migrate(database, [first, second])
    }
  }

  @Test(
    "a step that fails leaves nothing of itself and everything before it",
    arguments: TestEngine.allCases)
  func failing(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    let broken = Migration(number: 2, name: "broken") { dialect in
      ["half", "a"].map { dialect.createTable($0, "x \(dialect.integer)") }
    }
    await #expect(throws: DatabaseError.self) {
      try await Migrator.migrate(database, [first, broken])
    }
    #expect(try await Self.tables(database) == ["a", "schema_migrations"])
    #expect(try await Migrator.migrate(database, [first, second]) == 1)
  }

  @Test("two programs that start at once apply each step once", arguments: TestEngine.allCases)
  func concurrent(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    let databases = try (0..<4).map { _ in try store.open() }
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
