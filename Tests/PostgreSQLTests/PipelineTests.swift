import Database
import Dispatch
import PostgreSQL
import TestDatabases
import TestSupport
import Testing

@Suite("PostgreSQL pipelines and groups")
struct PipelineTests {
  struct Refusal: Error, Equatable {
    let number: Int
  }

  /// A database whose groups run one at a time, with a table.
  private func database() async throws -> TestDatabase {
    var options = TestStore.Options()
    options.isSerial = true
    let database = try await TestDatabase(.postgreSQL, options)
    try await database.write {
      try $0.execute("CREATE TABLE t (x BIGINT CONSTRAINT one_x PRIMARY KEY, y BIGINT)")
    }
    return database
  }

  private func numbers(_ database: any Database) async throws -> [Int64] {
    try await database.read {
      try $0.query("SELECT x FROM t ORDER BY x").map { try $0.integer("x") }
    }
  }

  @Test("what fails among submitted statements is told to the body that submitted it")
  func attribution() async throws {
    let database = try await database()
    let outcomes = try await database.gather(9) { number, connection in
      let value = SQLValue.integer(Int64(number == 4 ? 2 : number))
      try connection.submit("INSERT INTO t VALUES ($1, 0)", [value])
      try connection.submit("UPDATE t SET y = 1 WHERE x = $1", [value], changing: 1)
      // The next body's question is what brings the answers to these to light.
      if number == 6 { _ = try connection.query("SELECT x FROM t WHERE x = $1", [value]) }
    }
    for number in 0..<9 {
      #expect(outcomes[number] == (number == 4 ? .uniqueViolation("one_x") : nil), "\(number)")
    }
    #expect(try await numbers(database) == [0, 1, 2, 3, 5, 6, 7, 8])
  }

  @Test("a count that doesn't fit fails its own body, found out long after it ran")
  func counts() async throws {
    let database = try await database()
    let outcomes = try await database.gather(6) { number, connection in
      try connection.submit("INSERT INTO t VALUES ($1, 0)", [.integer(Int64(number))])
      if number == 1 || number == 3 {
        try connection.submit("UPDATE t SET y = 1 WHERE x = 99", [], changing: 1)
      }
    }
    for number in 0..<6 {
      let isBad = number == 1 || number == 3
      #expect(
        outcomes[number] == (isBad ? .unexpectedRowCount(expected: 1, found: 0) : nil))
    }
    #expect(try await numbers(database) == [0, 2, 4, 5])
  }

  @Test("rows that several bodies had written together fail the body whose row was refused")
  func rows() async throws {
    let database = try await database()
    let insert = RowStatement.insert(into: "t", "x BIGINT, y BIGINT")
    let update = RowStatement.update(
      "x BIGINT, y BIGINT", single: "UPDATE t SET y = $2 WHERE x = $1",
      several: (head: "UPDATE t SET y = given.column2 FROM ", tail: " WHERE x = given.column1"))
    let runs = Count()
    let outcomes = try await database.gather(100) { number, connection in
      runs.increment()
      let key = SQLValue.integer(Int64(number == 90 ? 2 : number))
      try connection.submit([key, .integer(0)], of: insert)
      if number == 5 { try connection.submit([.integer(1_000), .integer(1)], of: update) }
      // What others have handed in comes first.
      if number == 95 {
        let known = try connection.query("SELECT x FROM t")
        guard known.count > 90 else { throw DatabaseError.closed }
      }
    }
    for number in 0..<100 {
      switch number {
      case 5: #expect(outcomes[number] == .unexpectedRowCount(expected: 1, found: 0))
      case 90: #expect(outcomes[number] == .uniqueViolation("one_x"))
      default: #expect(outcomes[number] == nil, "\(number)")
      }
    }
    #expect(try await numbers(database) == (0..<100).filter { $0 != 5 && $0 != 90 })
    #expect(runs.value > 100, "all ran again to find whose rows they were")
  }

  @Test("a body that goes on after a failed statement holds nothing all the same")
  func swallowed() async throws {
    let database = try await database()
    let body: @Sendable (any SQLConnection) throws -> Void = { connection in
      try connection.execute("INSERT INTO t VALUES (1, 0)")
      _ = try? connection.execute("INSERT INTO t VALUES (1, 0)")
      _ = try? connection.execute("INSERT INTO t VALUES (2, 0)")
    }
    await #expect(throws: DatabaseError.uniqueViolation("one_x")) {
      try await database.write(body)
    }
    await #expect(throws: DatabaseError.uniqueViolation("one_x")) {
      try await database.groupedWrite(body)
    }
    #expect(try await numbers(database).isEmpty)
  }

  @Test("a body that is refused before it has written anything leaves its group as it is")
  func cleanRefusals() async throws {
    let commits = Count()
    var options = TestStore.Options()
    options.isSerial = true
    options.commitHooks.beforeCommit = { commits.increment() }
    let database = try await TestDatabase(.postgreSQL, options)
    try await database.write { try $0.execute("CREATE TABLE t (x BIGINT PRIMARY KEY, y BIGINT)") }
    let runs = Count()
    let outcomes = try await database.gather(8) { number, connection in
      runs.increment()
      let known = try connection.query("SELECT x FROM t WHERE x = 0")
      if number > 0, !known.isEmpty { throw DatabaseError.closed }
      try connection.submit("INSERT INTO t VALUES ($1, 0)", [.integer(Int64(number))])
    }
    #expect(outcomes.filter { $0 == .closed }.count == 7)
    #expect(runs.value == 8, "nobody ran twice")
    #expect(commits.value == 3, "the table's, the holder's and the group's")
  }

  @Test("a body that meets a held row doesn't keep its group waiting")
  func heldRow() async throws {
    let store = try await TestStore(.postgreSQL)
    let other = try store.open()
    var options = PostgresOptions(connection: store.location)
    options.groupLockTimeoutMilliseconds = 20
    let database = PostgresDatabase(options: options)
    try await database.write { connection in
      try connection.submit("CREATE TABLE t (x BIGINT PRIMARY KEY, y BIGINT)", [])
      try connection.submit("INSERT INTO t VALUES (3, 0)", [])
    }
    let isHeld = Flag()
    let release = DispatchSemaphore(value: 0)
    async let holding: Void = other.write { connection in
      try connection.execute("UPDATE t SET y = 1 WHERE x = 3")
      isHeld.raise()
      release.wait()
    }
    try await waitUntil { isHeld.isRaised }
    try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<8 {
        group.addTask {
          try await database.groupedWrite { connection in
            let value = SQLValue.integer(Int64(number))
            if number == 3 {
              try connection.submit("UPDATE t SET y = y + 1 WHERE x = $1", [value], changing: 1)
            } else {
              try connection.submit("INSERT INTO t VALUES ($1, 0)", [value])
            }
          }
          return number
        }
      }
      var order: [Int] = []
      for try await number in group {
        order.append(number)
        // All others are done while the row is still held.
        if order.count == 7 { release.signal() }
      }
      #expect(order.last == 3)
    }
    try await holding
    let row = try await database.read { try $0.queryFirst("SELECT y FROM t WHERE x = 3") }
    #expect(try row?.integer("y") == 2)
    try await database.close()
    try await other.close()
  }

  @Test("there are never more connections than the pool may have, and closing ends them")
  func bound() async throws {
    let store = try await TestStore(.postgreSQL)
    let watcher = try store.open()
    var options = PostgresOptions(connection: store.location)
    options.poolSize = 3
    options.applicationName = "bound"
    let database = PostgresDatabase(options: options)
    let most = Shared(0)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<60 {
        group.addTask {
          if number % 3 == 0 {
            try await database.read { _ = try $0.query("SELECT pg_sleep(0.001)") }
          } else if number % 3 == 1 {
            try await database.groupedWrite { _ = try $0.query("SELECT pg_sleep(0.001)") }
          } else {
            let statistics = database.statistics
            most.withLock { $0 = max($0, statistics.open, statistics.inUse) }
            #expect(statistics.size == 3)
            try await database.write { _ = try $0.query("SELECT pg_sleep(0.001)") }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(most.withLock { $0 } <= 3)
    func sessions() async throws -> Int64? {
      try await watcher.read {
        try $0.queryFirst(
          "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE application_name = 'bound'"
        )?.integer("n")
      }
    }
    #expect(try await (1...3).contains(sessions() ?? 0))
    try await database.close()
    #expect(database.statistics.open == 0)
    try await waitUntil { try await sessions() == 0 }
    try await watcher.close()
  }

  @Test("many statements, more than stay prepared, go through one connection")
  func statementCache() async throws {
    let store = try await TestStore(.postgreSQL)
    var options = PostgresOptions(connection: store.location)
    options.poolSize = 1
    options.preparedLimit = 8
    let database = PostgresDatabase(options: options)
    for round in 0..<3 {
      let prepared = try await database.read { connection in
        for number in 0..<20 {
          let row = try connection.queryFirst(
            "SELECT $1 + \(number) AS sum", [.integer(Int64(round))])
          #expect(try row?.integer("sum") == Int64(round + number))
        }
        return try connection.queryFirst(
          "SELECT COUNT(*) AS n FROM pg_prepared_statements")?.integer("n")
      }
      #expect(prepared ?? 99 <= 8)
    }
    try await database.close()
  }

  @Test("a table whose columns change under a prepared statement is read as it is now")
  func changedPlan() async throws {
    let store = try await TestStore(.postgreSQL)
    let (reader, changer) = (try store.open(), try store.open())
    try await changer.write { connection in
      try connection.submit("CREATE TABLE t (x BIGINT)", [])
      try connection.submit("INSERT INTO t VALUES (1)", [])
    }
    for columns in 1...3 {
      for _ in 0..<8 {
        let row = try await reader.read { try $0.queryFirst("SELECT * FROM t") }
        #expect(row?.columns.count == columns)
      }
      try await changer.write { try $0.execute("ALTER TABLE t ADD COLUMN y\(columns) BIGINT") }
    }
    try await reader.close()
    try await changer.close()
  }
}
