import Database
import Foundation
import Leases
import TestDatabases
import Testing

@Suite("Leases", .serialized)
struct LeaseTests {
  /// Two processes' views of one database.
  private static func pair(
    _ engine: TestEngine, _ body: (any Database, any Database) async throws -> Void
  ) async throws {
    let store = try await TestStore(engine)
    let (first, second) = (try store.open(), try store.open())
    try await Migrator.migrate(first, Leases.migrations, component: Leases.component)
    try await body(first, second)
    try await first.close()
    try await second.close()
  }

  private static func acquire(
    _ database: any Database, _ holder: String, milliseconds: Int64 = 60_000
  ) async throws -> Lease? {
    try await database.write {
      try Leases.acquire("watcher", holder: holder, milliseconds: milliseconds, in: $0)
    }
  }

  private static func runOut(_ database: any Database) async throws {
    try await database.write { _ = try $0.execute("UPDATE leases SET expires_at = 1") }
  }

  private static func check(_ lease: Lease, _ database: any Database) async throws {
    try await database.write { try Leases.check(lease, in: $0) }
  }

  @Test("one of two gets it; the other does when it has run out", arguments: TestEngine.allCases)
  func takeover(_ engine: TestEngine) async throws {
    try await Self.pair(engine) { first, second in
      let lease = try #require(try await Self.acquire(first, "a"))
      #expect(lease == Lease(name: "watcher", holder: "a", epoch: 1))
      #expect(try await Self.acquire(second, "b") == nil)
      try await Self.check(lease, first)
      try await Self.runOut(second)
      await #expect(throws: LeaseLost(lease)) { try await Self.check(lease, first) }
      let next = try #require(try await Self.acquire(second, "b"))
      #expect(next.epoch == 2)
      await #expect(throws: LeaseLost(lease)) { try await Self.check(lease, first) }
      try await Self.check(next, second)
      #expect(
        try await first.write { try Leases.renew(lease, milliseconds: 60_000, in: $0) } == false)
      try await first.write { try Leases.release(lease, in: $0) }
      try await Self.check(next, second)
    }
  }

  @Test(
    "a renewed lease lasts on, also one that had run out and that nobody took",
    arguments: TestEngine.allCases)
  func renewal(_ engine: TestEngine) async throws {
    try await Self.pair(engine) { first, second in
      let lease = try #require(try await Self.acquire(first, "a", milliseconds: 0))
      await #expect(throws: LeaseLost(lease)) { try await Self.check(lease, first) }
      #expect(try await first.write { try Leases.renew(lease, milliseconds: 60_000, in: $0) })
      try await Self.check(lease, first)
      #expect(try await Self.acquire(second, "b") == nil)
    }
  }

  @Test(
    "a lease that is given back is free at once, and its epoch goes on",
    arguments: TestEngine.allCases)
  func release(_ engine: TestEngine) async throws {
    try await Self.pair(engine) { first, second in
      let lease = try #require(try await Self.acquire(first, "a"))
      try await first.write { try Leases.release(lease, in: $0) }
      await #expect(throws: LeaseLost(lease)) { try await Self.check(lease, first) }
      #expect(
        try await first.write { try Leases.renew(lease, milliseconds: 60_000, in: $0) } == false)
      #expect(try await Self.acquire(second, "b")?.epoch == 2)
    }
  }

  @Test(
    "who takes its own lease again is fenced from what it did under the former one",
    arguments: TestEngine.allCases)
  func again(_ engine: TestEngine) async throws {
    try await Self.pair(engine) { first, second in
      let former = try #require(try await Self.acquire(first, "a"))
      let lease = try #require(try await Self.acquire(second, "a"))
      #expect(lease.epoch == 2)
      await #expect(throws: LeaseLost(former)) { try await Self.check(former, first) }
      try await Self.check(lease, first)
    }
  }

  @Test(
    "an epoch is above the one that was written elsewhere, also where the table was lost",
    arguments: TestEngine.allCases)
  func floor(_ engine: TestEngine) async throws {
    try await Self.pair(engine) { first, second in
      let former = try #require(try await Self.acquire(first, "a"))
      try await first.write { _ = try $0.execute("DELETE FROM leases") }
      await #expect(throws: LeaseLost(former)) { try await Self.check(former, first) }
      let lease = try await second.write {
        try Leases.acquire("watcher", holder: "b", milliseconds: 60_000, above: 7, in: $0)
      }
      #expect(lease?.epoch == 8)
    }
  }

  @Test("an invented lease, or another epoch's, is none", arguments: TestEngine.allCases)
  func invented(_ engine: TestEngine) async throws {
    try await Self.pair(engine) { first, _ in
      let lease = try #require(try await Self.acquire(first, "a"))
      for wrong in [
        Lease(name: "other", holder: "a", epoch: 1), Lease(name: "watcher", holder: "b", epoch: 1),
        Lease(name: "watcher", holder: "a", epoch: 0),
        Lease(name: "watcher", holder: "a", epoch: 2),
      ] {
        await #expect(throws: LeaseLost(wrong)) { try await Self.check(wrong, first) }
        #expect(
          try await first.write { try Leases.renew(wrong, milliseconds: 60_000, in: $0) } == false)
        try await first.write { try Leases.release(wrong, in: $0) }
      }
      try await Self.check(lease, first)
    }
  }

  @Test("the status tells who has it and for how long", arguments: TestEngine.allCases)
  func status(_ engine: TestEngine) async throws {
    try await Self.pair(engine) { first, second in
      func current() async throws -> LeaseStatus? {
        try await second.read { try Leases.current("watcher", in: $0) }
      }
      #expect(try await current() == nil)
      let lease = try #require(try await Self.acquire(first, "a"))
      var status = try #require(try await current())
      #expect(status.holder == "a" && status.epoch == 1 && status.isHeld)
      #expect((1...60_000_000).contains(status.remainingMicroseconds))
      try await Self.runOut(first)
      status = try #require(try await current())
      #expect(status.holder == "a" && !status.isHeld)
      try await first.write { try Leases.release(lease, in: $0) }
      status = try #require(try await current())
      #expect(status.holder == nil && status.epoch == 1 && !status.isHeld)
    }
  }

  @Test("of many that ask at once one gets it", arguments: TestEngine.allCases)
  func contention(_ engine: TestEngine) async throws {
    try await Self.pair(engine) { first, second in
      let leases = try await withThrowingTaskGroup(of: Lease?.self) { group in
        for number in 0..<20 {
          group.addTask {
            try await Self.acquire(number % 2 == 0 ? first : second, "holder-\(number)")
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(leases.compactMap(\.self).count == 1)
    }
  }

  @Test(
    "the database's clock counts microseconds since 1970 and goes on",
    arguments: TestEngine.allCases)
  func clock(_ engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    let sql = "SELECT \(database.dialect.nowMicroseconds) AS now"
    func now() async throws -> Int64 {
      try #require(try await database.read { try $0.queryFirst(sql)?.integer("now") })
    }
    let before = Int64(Date().timeIntervalSince1970 * 1_000_000)
    let first = try await now()
    let second = try await now()
    let after = Int64(Date().timeIntervalSince1970 * 1_000_000)
    // SQLite's has whole milliseconds.
    #expect(before - 1_000 <= first && first <= second && second <= after)
  }
}
