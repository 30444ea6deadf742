import Database
import Testing

@testable import SQLite

@Suite("Statements, parameters and values")
struct ParameterTests {
  @Test("a number means the same argument wherever and however often it stands")
  func order() async throws {
    let database = try SQLiteDatabase.inMemory()
    let row = try await database.read { connection in
      try connection.queryFirst(
        "SELECT $2 AS b, $1 AS a, $2 AS c, $10 AS j, '$1' AS quoted -- $1\n",
        [1, "two", 3, 4, 5, 6, 7, 8, 9, 10])
    }
    #expect(try row?.text("b") == "two")
    #expect(try row?.integer("a") == 1)
    #expect(try row?.text("c") == "two")
    #expect(try row?.integer("j") == 10)
    #expect(try row?.text("quoted") == "$1")
  }

  @Test(
    "only parameters are rewritten",
    arguments: [
      ("SELECT $1", "SELECT ?1"),
      ("SELECT $12,$3", "SELECT ?12,?3"),
      ("SELECT '$1 it''s $2', $1", "SELECT '$1 it''s $2', ?1"),
      (
        "SELECT \"a$1\" /* $1 */ FROM t -- $1\nWHERE x=$1",
        "SELECT \"a$1\" /* $1 */ FROM t -- $1\nWHERE x=?1"
      ),
      ("SELECT a$1, $x, $", "SELECT a$1, $x, $"),
      ("SELECT 'open $1", "SELECT 'open $1"),
      ("SELECT /* open $1", "SELECT /* open $1"),
      ("", ""),
    ])
  func rewriting(sql: String, expected: String) {
    #expect(ParameterRewriting.rewrite(sql) == expected)
  }

  @Test("each kind of value comes back as it went in")
  func values() async throws {
    let database = try SQLiteDatabase.inMemory()
    let row = try await database.write { connection in
      try connection.execute(
        "CREATE TABLE v (i INTEGER, t TEXT, b BLOB, e BLOB, s TEXT, n TEXT) STRICT")
      try connection.execute(
        "INSERT INTO v VALUES ($1, $2, $3, $4, $5, $6)",
        [.integer(.min), "héllo ✓", .blob([0, 255, 1]), .blob([]), "", .null])
      return try connection.queryFirst("SELECT * FROM v LIMIT 1")
    }
    let found = try #require(row)
    #expect(try found.integer("i") == .min)
    #expect(try found.text("t") == "héllo ✓")
    #expect(try found.blob("b") == [0, 255, 1])
    #expect(try found.blob("e") == [])
    #expect(try found.text("s").isEmpty)
    #expect(try found.optionalText("n") == nil)
    #expect(found[0] == .integer(.min))
    #expect(found[6] == nil)
    #expect(found["missing"] == nil)
  }

  @Test("a text that would come back shorter is refused")
  func zeroCharacter() async throws {
    let database = try SQLiteDatabase.inMemory()
    await #expect(throws: DatabaseError.invalidText(parameter: 2)) {
      try await database.read { try $0.query("SELECT $1 AS a, $2 AS b", ["", "a\u{0}b"]) }
    }
  }

  @Test("a column that holds something else than expected is an error that names it")
  func unexpectedValues() async throws {
    let row = SQLRow(columns: ["n", "t"], values: [.null, "x"])
    #expect(throws: DatabaseError.unexpectedValue(column: "n", expected: "text", found: "null")) {
      try row.text("n")
    }
    #expect(throws: DatabaseError.unexpectedValue(column: "t", expected: "integer", found: "text"))
    {
      try row.optionalInteger("t")
    }
    #expect(throws: DatabaseError.self) { try row.blob("absent") }
    let database = try SQLiteDatabase.inMemory()
    await #expect(throws: DatabaseError.self, "a floating-point number has no place") {
      try await database.read { try $0.query("SELECT 1.5 AS x") }
    }
  }

  @Test("arguments that don't fit the parameters are refused")
  func argumentCounts() async throws {
    let database = try SQLiteDatabase.inMemory()
    for arguments: [SQLValue] in [[1], [1, 2, 3]] {
      await #expect {
        try await database.read { try $0.query("SELECT $1, $2", arguments) }
      } throws: { error in
        if case DatabaseError.statement = error { true } else { false }
      }
    }
    await #expect(throws: DatabaseError.self, "one statement a call") {
      try await database.write { try $0.execute("CREATE TABLE a (x); CREATE TABLE b (x)") }
    }
  }

  @Test("execute tells how many rows it changed")
  func changedRows() async throws {
    let database = try SQLiteDatabase.inMemory()
    let counts = try await database.write { connection in
      [
        try connection.execute("CREATE TABLE t (x INTEGER) STRICT"),
        try connection.execute("INSERT INTO t VALUES (1), (2), (3)"),
        try connection.execute("CREATE INDEX t_x ON t (x)"),
        try connection.execute("UPDATE t SET x = x + 10 WHERE x > $1", [1]),
        try connection.execute("UPDATE t SET x = 0 WHERE x > $1", [100]),
        try connection.query("INSERT INTO t VALUES (7) RETURNING x").count,
        try connection.query("SELECT x FROM t").count,
      ]
    }
    #expect(counts == [0, 3, 0, 2, 0, 1, 4])
  }

  @Test("rules that a row breaks are told apart")
  func violations() async throws {
    let database = try SQLiteDatabase.inMemory()
    try await database.write { connection in
      try connection.execute(
        """
        CREATE TABLE p (a INTEGER NOT NULL, b TEXT, CONSTRAINT positive CHECK (a > 0),
          UNIQUE (a, b)) STRICT
        """)
      try connection.execute("CREATE TABLE k (id INTEGER PRIMARY KEY) STRICT")
      try connection.execute(
        "CREATE TABLE c (k INTEGER NOT NULL REFERENCES k (id)) STRICT")
      try connection.execute("INSERT INTO p VALUES (1, 'x')")
    }
    let cases: [(String, DatabaseError)] = [
      ("INSERT INTO p VALUES (1, 'x')", .uniqueViolation("p.a, p.b")),
      ("INSERT INTO p VALUES (0, 'x')", .checkViolation("positive")),
      ("INSERT INTO p VALUES (NULL, 'x')", .notNullViolation("p.a")),
      ("INSERT INTO c VALUES (9)", .foreignKeyViolation("FOREIGN KEY constraint failed")),
      (
        "INSERT INTO p VALUES ('no', 'x')",
        .constraint("cannot store TEXT value in INTEGER column p.a")
      ),
    ]
    for (sql, expected) in cases {
      await #expect(throws: expected) { try await database.write { try $0.execute(sql) } }
    }
  }
}
