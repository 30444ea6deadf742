import Database
import TestDatabases
import Testing

@Suite("PostgreSQL values")
struct ValueTests {
  @Test("an amount of 78 digits comes back as it went in, and one of 79 is refused")
  func amounts() async throws {
    let database = try await TestDatabase(.postgreSQL)
    let most = String(repeating: "9", count: 78)
    try await database.write { connection in
      let amount = connection.dialect.amount
      try connection.execute(
        "CREATE TABLE a (value \(amount) NOT NULL CONSTRAINT unsigned CHECK (value >= 0))")
      for text in ["0", "1", "10000", "100000000", "12345678901234567890", most] {
        try connection.submit("INSERT INTO a VALUES ($1)", [.text(text)], changing: 1)
        let row = try connection.queryFirst("SELECT value FROM a WHERE value = $1", [.text(text)])
        #expect(try row?.text("value") == text)
      }
      let sum = try connection.queryFirst("SELECT SUM(value) - $1 AS rest FROM a", [.text(most)])
      #expect(try sum?.text("rest") == "12345678901334577891")
    }
    await #expect(throws: DatabaseError.constraint("numeric field overflow")) {
      try await database.write {
        try $0.execute("INSERT INTO a VALUES ($1)", [.text(most + "9")])
      }
    }
    await #expect(throws: DatabaseError.checkViolation("unsigned")) {
      try await database.write { try $0.execute("INSERT INTO a VALUES ($1)", ["-1"]) }
    }
    await #expect(throws: DatabaseError.self, "text that is no number") {
      try await database.write { try $0.execute("INSERT INTO a VALUES ($1)", ["1x"]) }
    }
  }

  @Test("columns come as what their types are")
  func types() async throws {
    let database = try await TestDatabase(.postgreSQL)
    let row = try await database.read { connection in
      try connection.queryFirst(
        """
        SELECT 1::int2 AS a, (-2147483648)::int4 AS b, (-9223372036854775808)::int8 AS c,
          true AS d, false AS e, 'x'::varchar AS f, '00000000-0000-0000-0000-0000000000ff'::uuid
          AS g, '\\x00ff'::bytea AS h, ''::bytea AS i, NULL::bytea AS j, 'n'::name AS k
        """)
    }
    let found = try #require(row)
    #expect(
      found.values == [
        1, .integer(-2_147_483_648), .integer(.min), 1, 0, "x",
        "00000000-0000-0000-0000-0000000000ff", .blob([0, 255]), .blob([]), .null, "n",
      ])
    for type in ["1.5::float8", "now()", "'{}'::jsonb", "ARRAY[1]"] {
      await #expect {
        try await database.read { try $0.query("SELECT \(type) AS x") }
      } throws: { error in
        if case DatabaseError.unexpectedValue(column: "x", _, _) = error { true } else { false }
      }
    }
  }

  @Test("a statement may be given other kinds of arguments from one time to the next")
  func changingKinds() async throws {
    let database = try await TestDatabase(.postgreSQL)
    let rows = try await database.write { connection in
      try connection.execute("CREATE TABLE o (i BIGINT, t TEXT, b BYTEA)")
      let values: [[SQLValue]] = [
        [1, "a", .blob([1])], [.null, .null, .null], [2, .null, .blob([])], [3, "b", .null],
      ]
      for value in values { try connection.submit("INSERT INTO o VALUES ($1, $2, $3)", value) }
      for value in values { try connection.submit("INSERT INTO o VALUES ($1, $2, $3)", value) }
      let rows = try connection.query("SELECT i, t, b FROM o").map(\.values)
      return rows == values + values
    }
    #expect(rows)
  }

  @Test("large values go through, many of them in flight")
  func large() async throws {
    let database = try await TestDatabase(.postgreSQL)
    let sizes = try await database.write { connection in
      try connection.execute("CREATE TABLE l (n BIGINT, b BYTEA, t TEXT)")
      for number in 0..<40 {
        let bytes = [UInt8](repeating: UInt8(number), count: 400_000 + number)
        try connection.submit(
          "INSERT INTO l VALUES ($1, $2, $3) RETURNING b",
          [.integer(Int64(number)), .blob(bytes), .text(String(repeating: "x", count: 100_000))])
      }
      return try connection.query("SELECT b FROM l ORDER BY n").map { try $0.blob("b").count }
    }
    #expect(sizes == (0..<40).map { 400_000 + $0 })
  }
}
