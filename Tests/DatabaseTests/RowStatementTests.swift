import Database
import TestDatabases
import Testing

@Suite("Rows that adapters may write together")
struct RowStatementTests {
  private static let insert = RowStatement.insert(into: "t", "x BIGINT, y BIGINT")
  private static let double = RowStatement.update(
    "x BIGINT", single: "UPDATE t SET y = 2 * y WHERE x = $1",
    several: (head: "UPDATE t SET y = 2 * y FROM ", tail: " WHERE x = given.column1"))

  private func database() async throws -> TestDatabase {
    let database = try await TestDatabase()
    try await database.write {
      try $0.execute("CREATE TABLE t (x BIGINT PRIMARY KEY, y BIGINT CHECK (y < 1000))")
    }
    return database
  }

  @Test("a statement for several rows takes an array for each column")
  func texts() {
    #expect(Self.insert.single == "INSERT INTO t (x, y) VALUES ($1, $2)")
    #expect(
      Self.insert.arrays == """
        INSERT INTO t (x, y) SELECT column1, column2 \
        FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[])) AS given (column1, column2)
        """)
    #expect(
      Self.double.arrays == """
        UPDATE t SET y = 2 * y FROM unnest(CAST($1 AS BIGINT[])) AS given (column1) \
        WHERE x = given.column1
        """)
    let amounts = RowStatement.insert(into: "t", "name, amount NUMERIC")
    #expect(amounts.kinds == [.text, .amount])
    #expect(
      amounts.arrays == """
        INSERT INTO t (name, amount) SELECT column1, CAST(column2 AS NUMERIC) \
        FROM unnest(CAST($1 AS TEXT[]), CAST($2 AS TEXT[])) AS given (column1, column2)
        """)
  }

  @Test("values of every kind, and none, come back as they went in")
  func values() async throws {
    let database = try await TestDatabase()
    try await database.write {
      try $0.execute("CREATE TABLE v (n BIGINT PRIMARY KEY, word TEXT, bytes \($0.dialect.blob))")
    }
    let insert = RowStatement.insert(into: "v", "n BIGINT, word, bytes BYTEA")
    let rows: [[SQLValue]] = [
      [.integer(.min), .text(""), .blob([])],
      [.integer(0), .null, .null],
      [.integer(1), .text("é\u{1f98a} \"{,}\\ NULL"), .blob([0, 255, 1])],
      [.integer(.max), .text(String(repeating: "x", count: 70_000)), .blob([0])],
    ]
    try await database.groupedWrite { connection in
      for row in rows { try connection.submit(row, of: insert) }
    }
    let found = try await database.read {
      try $0.query("SELECT n, word, bytes FROM v ORDER BY n").map {
        [
          .integer(try $0.integer("n")), .optional(try $0.optionalText("word")),
          SQLValue.optional(try $0.optionalBlob("bytes")),
        ]
      }
    }
    #expect(found == rows)
  }

  @Test("a question sees the rows that were handed in before it", arguments: [1, 2, 63, 64, 200])
  func order(count: Int) async throws {
    let database = try await database()
    let found = try await database.groupedWrite { connection in
      for number in 0..<count {
        try connection.submit([.integer(Int64(number)), .integer(1)], of: Self.insert)
      }
      let before = try connection.queryFirst("SELECT COUNT(*) AS n FROM t")?.integer("n")
      for number in 0..<count {
        try connection.submit([.integer(Int64(number))], of: Self.double)
      }
      return (before, try connection.queryFirst("SELECT MIN(y) AS n FROM t")?.integer("n"))
    }
    #expect(found == (Int64(count), 2))
    let sum = try await database.read {
      try $0.queryFirst("SELECT CAST(SUM(y) AS BIGINT) AS n FROM t")?.integer("n")
    }
    #expect(sum == Int64(2 * count))
  }

  @Test("a body whose row is refused holds nothing, and the others hold")
  func refusals() async throws {
    let database = try await database()
    let outcomes = await withTaskGroup(of: (Int, DatabaseError?).self) { group in
      for number in 0..<40 {
        group.addTask {
          do {
            try await database.groupedWrite { connection in
              let key = SQLValue.integer(Int64(number))
              try connection.submit([key, .integer(1)], of: Self.insert)
              switch number {
              case 3: try connection.submit([key, .integer(1)], of: Self.insert)
              case 7: try connection.submit([.integer(-1)], of: Self.double)
              case 11: try connection.submit([.integer(99), .integer(5_000)], of: Self.insert)
              default: try connection.submit([key], of: Self.double)
              }
            }
            return (number, nil)
          } catch {
            return (number, error as? DatabaseError)
          }
        }
      }
      return await group.reduce(into: [Int: DatabaseError?]()) { $0[$1.0] = $1.1 }
    }
    for number in 0..<40 {
      switch outcomes[number] ?? nil {
      case .uniqueViolation: #expect(number == 3)
      case .unexpectedRowCount(expected: 1, found: 0): #expect(number == 7)
      case .checkViolation: #expect(number == 11)
      case nil: #expect(![3, 7, 11].contains(number))
      case let other: Issue.record("\(number): \(String(describing: other))")
      }
    }
    let rows = try await database.read {
      try $0.query("SELECT x, y FROM t ORDER BY x").map {
        (try $0.integer("x"), try $0.integer("y"))
      }
    }
    #expect(rows.map(\.0) == (0..<40).filter { ![3, 7, 11].contains($0) })
    #expect(rows.allSatisfy { $0.1 == 2 })
  }

  @Test("a row of another width, and text with a zero byte, are their own body's mistake")
  func badRows() async throws {
    let database = try await database()
    await #expect(throws: DatabaseError.self) {
      try await database.groupedWrite { try $0.submit([.integer(1)], of: Self.insert) }
    }
    try await database.write { try $0.execute("CREATE TABLE words (word TEXT PRIMARY KEY)") }
    let words = RowStatement.insert(into: "words", "word TEXT")
    await #expect(throws: DatabaseError.invalidText(parameter: 1)) {
      try await database.groupedWrite { try $0.submit([.text("a\0b")], of: words) }
    }
    try await database.groupedWrite { try $0.submit([.text("a")], of: words) }
    let count = try await database.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM words")?.integer("n")
    }
    #expect(count == 1)
  }
}
