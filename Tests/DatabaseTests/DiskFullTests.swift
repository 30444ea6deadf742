import Database
import Foundation
import SQLite
import TestSupport
import Testing

@Suite("SQLite on a full disk")
struct DiskFullTests {
  private static let filling = SQLValue.blob([UInt8](repeating: 7, count: 1 << 18))

  private static func createTable(in connection: any SQLConnection) throws {
    try connection.execute(
      connection.dialect.createTable("t", "n INTEGER PRIMARY KEY, filling BLOB"))
  }

  private static func insert(_ number: Int, _ value: SQLValue, in connection: any SQLConnection)
    throws
  {
    try connection.execute("INSERT INTO t VALUES ($1, $2)", [.integer(Int64(number)), value])
  }

  private static func numbers(_ database: any Database) async throws -> [Int] {
    try await database.read { connection in
      try connection.query("SELECT n FROM t ORDER BY n").map { Int(try $0.integer("n")) }
    }
  }

  private static func isFull(_ error: any Error) -> Bool {
    // 13 is SQLITE_FULL (sqlite.org/rescode.html).
    if case DatabaseError.storage(code: 13, _) = error { true } else { false }
  }

  @Test("members of a commit that find no room are refused, the others hold, and it goes on")
  func refusedMembers() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("full.db")
    let database = try SQLiteDatabase(path: path)
    try await database.write { try Self.createTable(in: $0) }
    // Room for rows without filling, of which one alone needs more than all that is left.
    let pages = try await database.withoutTransaction { connection in
      let pages = try connection.queryFirst("PRAGMA page_count")?.integer("page_count") ?? 0
      return try connection.queryFirst("PRAGMA max_page_count = \(pages + 40)")?
        .integer("max_page_count")
    }
    try #require(pages ?? .max < 100)
    let outcomes = try await WriterGate.gather(60, in: database) { number in
      do {
        try await database.groupedWrite { connection in
          try Self.insert(1_000 + number, .null, in: connection)
          try Self.insert(number, number % 3 == 1 ? Self.filling : .null, in: connection)
        }
      } catch let error where Self.isFull(error) {
        throw Full()
      }
    }
    for number in 0..<60 {
      #expect(outcomes[number] == (number % 3 == 1 ? .failed("\(Full())") : .done))
    }
    let held = (0..<60).filter { $0 % 3 != 1 }
    #expect(try await Self.numbers(database) == held + held.map { 1_000 + $0 })
    // Alone it is refused as well, and reads go on.
    await #expect {
      try await database.write { try Self.insert(1, Self.filling, in: $0) }
    } throws: { Self.isFull($0) }
    #expect(try await Self.numbers(database).count == 80)

    try await database.withoutTransaction { connection in
      _ = try connection.query("PRAGMA max_page_count = 1000000")
    }
    for number in 0..<60 where number % 3 == 1 {
      try await database.groupedWrite { try Self.insert(number, Self.filling, in: $0) }
    }
    try await database.close()
    let reopened = try SQLiteDatabase(path: path)
    #expect(try await Self.numbers(reopened).count == 100)
    try await reopened.close()
  }

  struct Full: Error {}

  @Test(
    "a disk that is full at the commit costs what wasn't acknowledged, and nothing else",
    .enabled(if: SmallDisk.canBeMade, "a small disk can only be mounted by root"))
  func fullAtCommit() async throws {
    let directory = try TemporaryDirectory()
    let disk = SmallDisk(directory.path("disk"), megabytes: 16)
    let ballast = disk.path + "/ballast"
    try Data(count: 12 << 20).write(to: URL(filePath: ballast))
    let path = disk.path + "/full.db"
    var options = SQLiteOptions()
    // The log takes the room, which only a commit asks for.
    options.checkpointPages = 0
    let database = try SQLiteDatabase(path: path, options: options)
    try await database.write { try Self.createTable(in: $0) }
    func write(_ numbers: Range<Int>) async throws -> (held: Set<Int>, full: Set<Int>) {
      try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
        for number in numbers {
          group.addTask {
            do {
              try await database.groupedWrite { try Self.insert(number, Self.filling, in: $0) }
              return (number, true)
            } catch let error where Self.isFull(error) {
              return (number, false)
            }
          }
        }
        return try await group.reduce(into: ([], [])) { sets, outcome in
          if outcome.1 { sets.0.insert(outcome.0) } else { sets.1.insert(outcome.0) }
        }
      }
    }
    var held: Set<Int> = []
    var full: Set<Int> = []
    for round in 0..<10 {
      let outcome = try await write(round * 4..<round * 4 + 4)
      held.formUnion(outcome.held)
      full.formUnion(outcome.full)
    }
    #expect(!held.isEmpty && !full.isEmpty)
    #expect(try await Self.numbers(database) == held.sorted())

    try FileManager.default.removeItem(atPath: ballast)
    let after = try await write(100..<104)
    #expect(after.full.isEmpty)
    held.formUnion(after.held)
    #expect(try await Self.numbers(database) == held.sorted())
    try await database.close()
    let reopened = try SQLiteDatabase(path: path)
    #expect(try await Self.numbers(reopened) == held.sorted())
    let check = try await reopened.read { try $0.queryFirst("PRAGMA integrity_check")?[0] }
    #expect(check == "ok")
    try await reopened.close()
  }
}
