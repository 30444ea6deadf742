import Database
import TestDatabases
import Testing

@testable import SQLite

@Suite("Statements, parameters and values")
struct ParameterTests {
  @Test(
    "a number means the same argument wherever and however often it stands",
    arguments: TestEngine.allCases)
  func order(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
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

  @Test("each kind of value comes back as it went in", arguments: TestEngine.allCases)
  func values(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    let row = try await database.write { connection in
      let (integer, blob) = (connection.dialect.integer, connection.dialect.blob)
      try connection.execute(
        connection.dialect.createTable(
          "v", "i \(integer), t TEXT, b \(blob), e \(blob), s TEXT, n TEXT"))
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

  @Test("a row is read where the engine has it as it is copied out", arguments: TestEngine.allCases)
  func views(_ engine: TestEngine) async throws {
    struct Enough: Error {}
    let database = try await TestDatabase(engine)
    try await database.write { connection in
      let (integer, blob) = (connection.dialect.integer, connection.dialect.blob)
      try connection.execute(
        connection.dialect.createTable("v", "i \(integer), t TEXT, b \(blob), n TEXT"))
      for number: Int64 in [.min, -1, .max] {
        try connection.execute(
          "INSERT INTO v VALUES ($1, $2, $3, $4)",
          [.integer(number), .text("héllo ✓"), .blob([0, 255, 1]), .null])
      }
      try connection.execute("INSERT INTO v VALUES (0, '', $1, '')", [.blob([])])
    }
    let sql = "SELECT i, t, b, n FROM v WHERE i <> $1 ORDER BY i"
    try await database.read { connection in
      var rows: [(integer: Int64, bytes: [UInt8], isNull: Bool)] = []
      try connection.forEachRow(of: sql, [.integer(1)]) { row in
        var bytes: [UInt8] = [7]
        try row.append(1, to: &bytes)
        try row.append(2, to: &bytes)
        rows.append((try row.integer(0), bytes, row.isNull(3)))
      }
      let full = [7] + Array("héllo ✓".utf8) + [0, 255, 1]
      #expect(rows.map(\.integer) == [.min, -1, 0, .max])
      #expect(rows.map(\.bytes) == [full, full, [7], full])
      #expect(rows.map(\.isNull) == [true, true, false, true])
    }
    for (column, isInteger) in [(0, false), (1, true), (2, true), (3, true), (3, false)] {
      await #expect("column \(column)") {
        try await database.read { connection in
          try connection.forEachRow(of: sql, [.integer(1)]) { row in
            var bytes: [UInt8] = []
            if isInteger { _ = try row.integer(column) } else { try row.append(column, to: &bytes) }
          }
        }
      } throws: { error in
        if case DatabaseError.unexpectedValue(["i", "t", "b", "n"][column], _, _) = error {
          true
        } else {
          false
        }
      }
    }
    // What a body throws ends the reading, and the connection goes on.
    try await database.read { connection in
      for _ in 0..<2 {
        var count = 0
        #expect(throws: Enough.self) {
          try connection.forEachRow(of: sql, [.integer(1)]) { _ in
            count += 1
            if count == 2 { throw Enough() }
          }
        }
        #expect(count == 2)
      }
      let rows = try connection.query(sql, [.integer(1)])
      #expect(rows.count == 4)
    }
  }

  @Test("a text that would come back shorter is refused", arguments: TestEngine.allCases)
  func zeroCharacter(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    await #expect(throws: DatabaseError.invalidText(parameter: 2)) {
      try await database.read { try $0.query("SELECT $1 AS a, $2 AS b", ["", "a\u{0}b"]) }
    }
  }

  @Test(
    "a column that holds something else than expected is an error that names it",
    arguments: TestEngine.allCases)
  func unexpectedValues(_ engine: TestEngine) async throws {
    let row = SQLRow(columns: ["n", "t"], values: [.null, "x"])
    #expect(throws: DatabaseError.unexpectedValue(column: "n", expected: "text", found: "null")) {
      try row.text("n")
    }
    #expect(throws: DatabaseError.unexpectedValue(column: "t", expected: "integer", found: "text"))
    {
      try row.optionalInteger("t")
    }
    #expect(throws: DatabaseError.self) { try row.blob("absent") }
    let database = try await TestDatabase(engine)
    await #expect(throws: DatabaseError.self, "a floating-point number has no place") {
      try await database.read {
        try $0.query("SELECT CAST(1.5 AS \(engine == .sqlite ? "REAL" : "float8")) AS x")
      }
    }
  }

  @Test("arguments that don't fit the parameters are refused", arguments: TestEngine.allCases)
  func argumentCounts(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    for arguments: [SQLValue] in [[1], [1, 2, 3]] {
      await #expect {
        try await database.read { try $0.query("SELECT $1, $2", arguments) }
      } throws: { error in
        if case DatabaseError.statement = error { true } else { false }
      }
    }
    await #expect(throws: DatabaseError.self, "one statement a call") {
      try await database.write {
        try $0.execute("CREATE TABLE a (x TEXT); CREATE TABLE b (x TEXT)")
      }
    }
  }

  @Test("execute tells how many rows it changed", arguments: TestEngine.allCases)
  func changedRows(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    let counts = try await database.write { connection in
      [
        try connection.execute(
          connection.dialect.createTable("t", "x \(connection.dialect.integer)")),
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

  @Test("rules that a row breaks are told apart", arguments: TestEngine.allCases)
  func violations(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    try await database.write { connection in
      let (dialect, integer) = (connection.dialect, connection.dialect.integer)
      try connection.execute(
        dialect.createTable(
          "p",
          """
            a \(integer) NOT NULL, b TEXT, CONSTRAINT positive CHECK (a > 0),
            CONSTRAINT once UNIQUE (a, b)
          """))
      try connection.execute(dialect.createTable("k", "id \(integer) PRIMARY KEY"))
      try connection.execute(
        dialect.createTable("c", "k \(integer) NOT NULL CONSTRAINT known REFERENCES k (id)"))
      try connection.execute("INSERT INTO p VALUES (1, 'x')")
    }
    let isSQLite = engine == .sqlite
    let cases: [(String, DatabaseError)] = [
      ("INSERT INTO p VALUES (1, 'x')", .uniqueViolation(isSQLite ? "p.a, p.b" : "once")),
      ("INSERT INTO p VALUES (0, 'x')", .checkViolation("positive")),
      ("INSERT INTO p VALUES (NULL, 'x')", .notNullViolation("p.a")),
      (
        "INSERT INTO c VALUES (9)",
        .foreignKeyViolation(isSQLite ? "FOREIGN KEY constraint failed" : "known")
      ),
      (
        "INSERT INTO p VALUES ('no', 'x')",
        .constraint(
          isSQLite
            ? "cannot store TEXT value in INTEGER column p.a"
            : "invalid input syntax for type bigint: \"no\"")
      ),
    ]
    for (sql, expected) in cases {
      await #expect(throws: expected) { try await database.write { try $0.execute(sql) } }
      await #expect(throws: expected) { try await database.write { try $0.submit(sql, []) } }
    }
  }

  @Test(
    "a submitted statement that changes another number of rows fails its transaction",
    arguments: TestEngine.allCases, [true, false])
  func submittedCounts(_ engine: TestEngine, grouped: Bool) async throws {
    let database = try await TestDatabase(engine)
    try await database.write { connection in
      try connection.submit(
        connection.dialect.createTable("t", "x \(connection.dialect.integer)"), [])
      for number in Int64(0)..<3 {
        try connection.submit(
          "INSERT INTO t VALUES ($1)", [.integer(number)], changing: 1)
      }
    }
    let body: @Sendable (any SQLConnection) throws -> Void = { connection in
      try connection.submit("DELETE FROM t WHERE x = $1", [0], changing: 1)
      try connection.submit("DELETE FROM t WHERE x >= $1", [1], changing: 1)
    }
    await #expect(throws: DatabaseError.unexpectedRowCount(expected: 1, found: 2)) {
      if grouped { try await database.groupedWrite(body) } else { try await database.write(body) }
    }
    let left = try await database.read { try $0.query("SELECT x FROM t").count }
    #expect(left == 3)
  }
}
