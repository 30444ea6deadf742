import Database
import Foundation
import SQLite
import Synchronization
import TestDatabases
import TestSupport
import Testing

@Suite("Durability")
struct DurabilityTests {
  private static func createPairs(in connection: any SQLConnection) throws {
    let integer = connection.dialect.integer
    try connection.execute(
      connection.dialect.createTable(
        "pairs", "n \(integer) NOT NULL, half \(integer) NOT NULL"))
  }

  private static func insertPair(_ number: Int, in connection: any SQLConnection) throws {
    for half in 0..<2 {
      try connection.execute(
        "INSERT INTO pairs VALUES ($1, $2)", [.integer(Int64(number)), .integer(Int64(half))])
    }
  }

  /// The numbers of whole pairs; a half one is an issue.
  private static func pairs(_ database: any Database) async throws -> Set<Int> {
    let rows = try await database.read {
      try $0.query("SELECT n, COUNT(*) AS halves FROM pairs GROUP BY n")
    }
    return Set(
      try rows.map { row in
        #expect(try row.integer("halves") == 2, "a write must hold as a whole")
        return Int(try row.integer("n"))
      })
  }

  @Test("the writer waits for the disk at each commit, and keys are checked")
  func settings() async throws {
    let directory = try TemporaryDirectory()
    let database = try SQLiteDatabase(path: directory.path("full.db"))
    try await database.write { try Self.createPairs(in: $0) }
    for _ in 0..<2 {
      let row = try await database.withoutTransaction { connection in
        [
          try connection.queryFirst("PRAGMA synchronous")?[0],
          try connection.queryFirst("PRAGMA journal_mode")?[0],
          try connection.queryFirst("PRAGMA foreign_keys")?[0],
        ]
      }
      // 2 is FULL (sqlite.org/pragma.html#pragma_synchronous).
      #expect(row == [2, "wal", 1])
      try await database.groupedWrite { try Self.insertPair(1, in: $0) }
    }
    try await database.close()
  }

  @Test(
    "a crash before the commit leaves nothing, one after it everything",
    arguments: TestEngine.allCases)
  func hooks(_ engine: TestEngine) async throws {
    struct Crash: Error {}
    let crashing = Mutex<Bool?>(nil)
    var options = TestStore.Options()
    options.commitHooks.beforeCommit = { if crashing.withLock({ $0 }) == true { throw Crash() } }
    options.commitHooks.afterCommit = { if crashing.withLock({ $0 }) == false { throw Crash() } }
    let database = try await TestDatabase(engine, options)
    try await database.write { try Self.createPairs(in: $0) }
    crashing.withLock { $0 = true }
    await #expect(throws: Crash.self) {
      try await database.groupedWrite { try Self.insertPair(1, in: $0) }
    }
    await #expect(throws: Crash.self) {
      try await database.write { try Self.insertPair(2, in: $0) }
    }
    crashing.withLock { $0 = false }
    await #expect(throws: Crash.self) {
      try await database.groupedWrite { try Self.insertPair(3, in: $0) }
    }
    crashing.withLock { $0 = nil }
    try await database.groupedWrite { try Self.insertPair(4, in: $0) }
    #expect(try await Self.pairs(database) == [3, 4])
  }

  @Test("a log cut anywhere holds what was acknowledged before the cut, and only whole writes")
  func tornLog() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("torn.db")
    var options = SQLiteOptions()
    // Without checkpoints the log only grows, so each of its prefixes is what a power cut leaves.
    options.checkpointPages = 0
    let database = try SQLiteDatabase(path: path, options: options)
    try await database.write { try Self.createPairs(in: $0) }
    func logSize() throws -> Int {
      try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int ?? 0
    }
    let start = try logSize()
    var acknowledged: [(number: Int, logBytes: Int)] = []
    for number in 0..<24 {
      try await database.groupedWrite { try Self.insertPair(number, in: $0) }
      acknowledged.append((number, try logSize()))
    }
    let main = try Data(contentsOf: URL(filePath: path))
    let log = try Data(contentsOf: URL(filePath: path + "-wal"))
    try await database.close()
    #expect(log.count == acknowledged.last?.logBytes)

    for (index, cut) in stride(from: start, through: log.count, by: 4_391).enumerated() {
      let copy = directory.path("cut-\(index).db")
      try main.write(to: URL(filePath: copy))
      try log.prefix(cut).write(to: URL(filePath: copy + "-wal"))
      let reopened = try SQLiteDatabase(path: copy)
      let found = try await Self.pairs(reopened)
      let expected = acknowledged.filter { $0.logBytes <= cut }.map(\.number)
      #expect(found == Set(expected), "log cut at \(cut) of \(log.count) bytes")
      try await reopened.close()
    }
  }

  @Test(
    "a killed process leaves everything it acknowledged and nothing half-written",
    arguments: TestEngine.allCases)
  func killed(_ engine: TestEngine) async throws {
    let directory = try TemporaryDirectory()
    let store = try await TestStore(engine)
    let acknowledgements = directory.path("acknowledged")
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [
        engine = engine.rawValue as String, location = store.location as String,
        acknowledgements = acknowledgements as String
      ] in
      let database = try TestStore.open(#require(TestEngine(rawValue: engine)), location)
      try await database.write { try Self.createPairs(in: $0) }
      let file = open(acknowledgements, O_WRONLY | O_CREAT | O_APPEND, 0o600)
      let acknowledged = Counter()
      await withTaskGroup(of: Void.self) { group in
        for writer in 0..<16 {
          group.addTask {
            for round in 0... {
              let number = round * 16 + writer
              do {
                try await database.groupedWrite { try Self.insertPair(number, in: $0) }
              } catch {
                return
              }
              let line = Array("\(number)\n".utf8)
              _ = write(file, line, line.count)
              if acknowledged.increment() == 400 { kill(getpid(), SIGKILL) }
            }
          }
        }
      }
    }
    let text = try String(contentsOfFile: acknowledgements, encoding: .utf8)
    let acknowledged = Set(text.split(separator: "\n").compactMap { Int($0) })
    #expect(acknowledged.count >= 400)
    let database = try store.open()
    let found = try await Self.pairs(database)
    #expect(acknowledged.isSubset(of: found))
    #expect(found.count <= acknowledged.count + 16, "each writer had one write under way")
    if engine == .sqlite {
      let check = try await database.read { try $0.queryFirst("PRAGMA integrity_check")?[0] }
      #expect(check == "ok")
    }
    try await database.close()
  }
}
