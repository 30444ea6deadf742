import Bytes
import Database
import Foundation
import Payments
import TestDatabases
import Testing

/// What a commit costs grows with the pages that it writes.
@Suite("Pages that SQLite writes")
struct WrittenPagesTests {
  /// The tables and indexes whose first pages stand in the write-ahead log from an offset on: all
  /// of them where each has one page (https://sqlite.org/fileformat2.html#the_write_ahead_log).
  private static func written(
    _ world: World, _ path: String, from offset: Int
  ) async throws -> Set<String> {
    let pages = try await world.database.read { connection in
      try connection.query("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0").map {
        (try $0.integer("rootpage"), try $0.text("name"))
      }
    }
    let names = Dictionary(uniqueKeysWithValues: pages)
    let log = [UInt8](try Data(contentsOf: URL(filePath: path + "-wal")))
    return Set(
      stride(from: max(offset, 32), to: log.count, by: 24 + 4_096).compactMap { frame in
        names[log[frame..<frame + 4].reduce(0) { $0 << 8 | Int64($1) }]
      })
  }

  private static func length(_ path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int ?? 0
  }

  @Test("a payment that goes on leaves the indexes in which it stays where it was")
  func payment() async throws {
    let store = try await TestStore(.sqlite)
    let path = store.location
    let world = try await World.make(in: store)
    let payment = try await world.create(world.request("order-1"))
    var start = try Self.length(path)
    let output = World.Output(transaction: "t", vout: 0, ordinal: 1, value: 100_000, spends: nil)
    try await world.mine(output)
    try await world.mineEmpty(1)
    #expect(try await world.status(payment) == .paid)
    let paid = try await Self.written(world, path, from: start)
    #expect(paid.isSuperset(of: ["payments", "payments_by_status"]))
    #expect(paid.isDisjoint(with: ["payments_by_order", "payments_deadlines"]))
    start = try Self.length(path)
    try await world.mineEmpty(4)
    #expect(try await world.status(payment) == .settled)
    let settled = try await Self.written(world, path, from: start)
    #expect(settled.isSuperset(of: ["payments", "payments_by_status", "payments_by_order"]))
    #expect(!settled.contains("payments_deadlines"))
    try await world.database.close()
  }
}
