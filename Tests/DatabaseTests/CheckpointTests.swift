import Database
import Foundation
import SQLite
import TestSupport
import Testing

@Suite("The write-ahead log is moved into the database")
struct CheckpointTests {
  private static let pages = 64

  private static func database(_ path: String) async throws -> SQLiteDatabase {
    var options = SQLiteOptions()
    options.checkpointPages = pages
    let database = try SQLiteDatabase(path: path, options: options)
    try await database.write { connection in
      try connection.execute(
        connection.dialect.createTable("t", "n INTEGER PRIMARY KEY, filling BLOB"))
    }
    return database
  }

  private static func fill(_ database: SQLiteDatabase, _ numbers: Range<Int>) async throws {
    for number in numbers {
      try await database.groupedWrite { connection in
        try connection.execute(
          "INSERT INTO t VALUES ($1, $2)",
          [.integer(Int64(number)), .blob([UInt8](repeating: 7, count: 3_000))])
      }
    }
  }

  private static func size(_ path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
  }

  @Test("while one writes on, and the log begins anew")
  func moving() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("moved.db")
    let database = try await Self.database(path)
    try await Self.fill(database, 0..<2_000)
    // A row is a page; a log that never began anew would hold every commit.
    #expect(try Self.size(path + "-wal") < 2_000 * 4_096 / 2)
    #expect(try Self.size(path) > 2_000 * 4_096 / 2)
    try await database.close()
    #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
    let reopened = try SQLiteDatabase(path: path)
    let count = try await reopened.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM t WHERE length(filling) = 3000")?.integer("n")
    }
    #expect(count == 2_000)
    try await reopened.close()
  }

  @Test("a reader sees what it began with, however far the log is moved meanwhile")
  func reading() async throws {
    let directory = try TemporaryDirectory()
    let database = try await Self.database(directory.path("read.db"))
    try await Self.fill(database, 0..<10)
    let (begun, go) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    async let counts = database.read { connection in
      func count() throws -> Int64? {
        try connection.queryFirst("SELECT COUNT(*) AS n FROM t")?.integer("n")
      }
      let before = try count()
      begun.signal()
      go.wait()
      return [before, try count()]
    }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        begun.wait()
        continuation.resume()
      }
    }
    try await Self.fill(database, 10..<600)
    go.signal()
    #expect(try await counts == [10, 10])
    try await Self.fill(database, 600..<800)
    let last = try await database.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM t")?.integer("n")
    }
    #expect(last == 800)
    try await database.close()
  }
}
