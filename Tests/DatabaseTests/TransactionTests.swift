import Database
import Foundation
import SQLite
import TestDatabases
import TestSupport
import Testing

@Suite("Transactions")
struct TransactionTests {
  private func database(
    _ engine: TestEngine, _ options: TestStore.Options = TestStore.Options()
  ) async throws -> TestDatabase {
    var options = options
    options.isSerial = true
    let database = try await TestDatabase(engine, options)
    try await database.write { try Self.createTable(in: $0) }
    return database
  }

  private static func createTable(in connection: any SQLConnection) throws {
    let integer = connection.dialect.integer
    try connection.execute(
      connection.dialect.createTable("t", "x \(integer) PRIMARY KEY, y \(integer)"))
  }

  private func numbers(_ database: any Database) async throws -> [Int64] {
    try await database.read {
      try $0.query("SELECT x FROM t ORDER BY x").map { try $0.integer("x") }
    }
  }

  private static func insert(_ number: Int, in connection: any SQLConnection) throws {
    try connection.execute("INSERT INTO t VALUES ($1, 0)", [.integer(Int64(number))])
  }

  struct Refusal: Error, Equatable {
    let number: Int
  }

  @Test(
    "what a body throws reaches its caller and undoes what the body did",
    arguments: TestEngine.allCases,
    [true, false])
  func rollback(_ engine: TestEngine, grouped: Bool) async throws {
    let database = try await database(engine)
    let body: @Sendable (any SQLConnection) throws -> Void = { connection in
      try connection.execute("INSERT INTO t VALUES (1, 1)")
      throw Refusal(number: 7)
    }
    await #expect(throws: Refusal(number: 7)) {
      if grouped { try await database.groupedWrite(body) } else { try await database.write(body) }
    }
    #expect(try await numbers(database).isEmpty)
  }

  @Test(
    "who is refused for what another has written isn't told where that doesn't hold",
    arguments: TestEngine.allCases)
  func refusalsOfWhatDidNotHold(_ engine: TestEngine) async throws {
    struct NoCommit: Error {}
    let commits = Counter()
    var options = TestStore.Options()
    // After the table's and the one that the others wait for.
    options.commitHooks.beforeCommit = {
      commits.increment()
      if commits.value > 2 { throw NoCommit() }
    }
    let database = try await database(engine, options)
    let outcomes = try await WriterGate.gather(6, in: database) { number in
      try await database.groupedWrite { connection in
        let known = try connection.query("SELECT x FROM t")
        guard known.isEmpty else { throw Refusal(number: number) }
        try Self.insert(number, in: connection)
      }
    }
    for outcome in outcomes.values { #expect(outcome == .failed("\(NoCommit())")) }
  }

  @Test("members of one commit fail alone, each with its own error", arguments: TestEngine.allCases)
  func membersFailAlone(_ engine: TestEngine) async throws {
    let commits = Counter()
    var options = TestStore.Options()
    options.commitHooks.beforeCommit = { commits.increment() }
    let database = try await database(engine, options)
    let before = commits.value
    let outcomes = try await WriterGate.gather(60, in: database) { number in
      try await database.groupedWrite { connection in
        try Self.insert(number, in: connection)
        switch number % 3 {
        case 1: throw Refusal(number: number)
        case 2: try Self.insert(number, in: connection)
        default: break
        }
      }
    }
    for number in 0..<60 {
      let expected: Outcome =
        switch number % 3 {
        case 1: .failed("\(Refusal(number: number))")
        case 2:
          .failed("\(DatabaseError.uniqueViolation(engine == .sqlite ? "t.x" : "t_pkey"))")
        default: .done
        }
      #expect(outcomes[number] == expected)
    }
    #expect(try await numbers(database) == stride(from: 0, to: 60, by: 3).map(Int64.init))
    #expect(commits.value - before == 2, "the write that held the writer, and one for all others")
  }

  @Test("a group is no larger than its limit", arguments: TestEngine.allCases)
  func groupLimit(_ engine: TestEngine) async throws {
    let commits = Counter()
    var options = TestStore.Options()
    options.groupLimit = 8
    options.commitHooks.beforeCommit = { commits.increment() }
    let database = try await database(engine, options)
    let before = commits.value
    _ = try await WriterGate.gather(20, in: database) { number in
      try await database.groupedWrite { try Self.insert(number, in: $0) }
    }
    #expect(commits.value - before == 4, "the holder, then 8, 8 and 4")
    #expect(try await numbers(database).count == 20)
  }

  @Test("a write of its own shares no commit", arguments: TestEngine.allCases)
  func writeAlone(_ engine: TestEngine) async throws {
    let commits = Counter()
    var options = TestStore.Options()
    options.commitHooks.beforeCommit = { commits.increment() }
    let database = try await database(engine, options)
    let before = commits.value
    _ = try await WriterGate.gather(5, in: database) { number in
      try await database.write { try Self.insert(number, in: $0) }
    }
    #expect(commits.value - before == 6)
  }

  @Test(
    "a member whose statement undoes the whole transaction takes nobody with it",
    arguments: [TestEngine.sqlite])
  func engineRollback(_ engine: TestEngine) async throws {
    let database = try await database(engine)
    let outcomes = try await WriterGate.gather(9, in: database) { number in
      try await database.groupedWrite { connection in
        if number == 2 { throw Refusal(number: 2) }
        try Self.insert(number, in: connection)
        // OR ROLLBACK undoes the transaction, not only the statement.
        if number == 4 { try connection.execute("INSERT OR ROLLBACK INTO t VALUES (4, 0)") }
      }
    }
    #expect(outcomes[2] == .failed("\(Refusal(number: 2))"))
    #expect(outcomes[4] == .failed("\(DatabaseError.uniqueViolation("t.x"))"))
    #expect(try await numbers(database) == [0, 1, 3, 5, 6, 7, 8])
  }

  @Test("a body that goes on after its transaction was undone writes nothing and fails")
  func swallowedRollback() async throws {
    let database = try await database(.sqlite)
    let outcomes = try await WriterGate.gather(4, in: database) { number in
      try await database.groupedWrite { connection in
        try Self.insert(number, in: connection)
        guard number == 2 else { return }
        _ = try? connection.execute("INSERT OR ROLLBACK INTO t VALUES (2, 0)")
        // Outside a transaction this would hold at once.
        try? Self.insert(99, in: connection)
      }
    }
    #expect(outcomes[2] == .failed("\(DatabaseError.uniqueViolation("t.x"))"))
    #expect(outcomes.filter { $0.value == .done }.count == 3)
    #expect(try await numbers(database) == [0, 1, 3])
  }

  @Test(
    "a member that breaks a rule which only the commit checks fails alone",
    arguments: TestEngine.allCases)
  func deferredConstraint(_ engine: TestEngine) async throws {
    let database = try await database(engine)
    try await database.write { connection in
      try connection.execute(
        connection.dialect.createTable(
          "c",
          "t \(connection.dialect.integer) REFERENCES t (x) DEFERRABLE INITIALLY DEFERRED"))
    }
    let outcomes = try await WriterGate.gather(9, in: database) { number in
      try await database.groupedWrite { connection in
        try Self.insert(number, in: connection)
        try connection.execute(
          "INSERT INTO c VALUES ($1)", [.integer(Int64(number == 4 ? 99 : number))])
      }
    }
    #expect(outcomes.filter { $0.value == .done }.count == 8)
    #expect(outcomes[4] != .done)
    #expect(try await numbers(database) == [0, 1, 2, 3, 5, 6, 7, 8])
  }

  @Test(
    "a read changes nothing and a body can't end its transaction", arguments: TestEngine.allCases)
  func refusals(_ engine: TestEngine) async throws {
    let database = try await database(engine)
    await #expect {
      try await database.read { try $0.execute("INSERT INTO t VALUES (1, 1)") }
    } throws: { error in
      if case DatabaseError.readOnly = error { true } else { false }
    }
    for sql in ["COMMIT", " /* now */ rollback", "-- x\nSAVEPOINT s", "begin immediate"] {
      await #expect(throws: DatabaseError.transactionControl(sql: sql)) {
        try await database.write { try $0.execute(sql) }
      }
    }
    try await database.write { try $0.execute("INSERT INTO t VALUES (2, 2)") }
    #expect(try await numbers(database) == [2])
  }

  @Test("more writes than may wait are refused at once", arguments: TestEngine.allCases)
  func overload(_ engine: TestEngine) async throws {
    var options = TestStore.Options()
    options.waitingLimit = 5
    let database = try await database(engine, options)
    let gate = try await WriterGate(holding: database)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<5 {
        group.addTask { try await database.groupedWrite { try Self.insert(number, in: $0) } }
      }
      try await gate.waitUntilGathered(5)
      await #expect(throws: DatabaseError.overloaded(waiting: 5)) {
        try await database.groupedWrite { try Self.insert(5, in: $0) }
      }
      try await gate.open()
      try await group.waitForAll()
    }
    #expect(try await numbers(database) == [0, 1, 2, 3, 4])
  }

  @Test("closing lets what waits finish and refuses the rest", arguments: TestEngine.allCases)
  func closing(_ engine: TestEngine) async throws {
    let store = try await TestStore(engine)
    var options = TestStore.Options()
    options.isSerial = true
    let database = try store.open(options)
    try await database.write { try Self.createTable(in: $0) }
    let gate = try await WriterGate(holding: database)
    let waiting = Task {
      try await database.groupedWrite { try $0.execute("INSERT INTO t VALUES (1, 1)") }
    }
    try await gate.waitUntilGathered(1)
    let closing = Task { try await database.close() }
    try await gate.open()
    #expect(try await waiting.value == 1)
    try await closing.value
    try await database.close()
    await #expect(throws: DatabaseError.closed) {
      try await database.groupedWrite { try $0.execute("INSERT INTO t VALUES (2, 2)") }
    }
    await #expect(throws: DatabaseError.closed) { try await database.read { _ in } }
    let again = try store.open()
    let count = try await again.read { try $0.query("SELECT x FROM t").count }
    #expect(count == 1)
    try await again.close()
  }

  @Test("a file that is no database is an error, not a crash")
  func notADatabase() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("text.db")
    try String(repeating: "not a database ", count: 500).write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect {
      _ = try SQLiteDatabase(path: path)
    } throws: { error in
      if case DatabaseError.storage = error { true } else { false }
    }
    #expect(throws: DatabaseError.self) {
      _ = try SQLiteDatabase(path: directory.path("missing/there.db"))
    }
  }
}
