import Database
import Leases
import SQLite
import TestSupport
import Testing

@Suite("Holding a lease", .timeLimit(.minutes(1)))
struct LeaseHolderTests {
  private let clock = ManualClock()
  private let database: SQLiteDatabase

  init() async throws {
    database = try SQLiteDatabase.inMemory()
    try await Migrator.migrate(database, Leases.migrations, component: Leases.component)
  }

  private func write(_ sql: String) async throws {
    try await database.write { _ = try $0.execute(sql) }
  }

  private func isHeld() async throws -> Bool {
    try await database.read { try Leases.current("watcher", in: $0)?.isHeld ?? false }
  }

  @Test("a lease is renewed every third of its term for as long as its body runs")
  func renewing() async throws {
    let process = HoldingProcess("a", database, clock)
    let task = process.start()
    for third in 1...4 {
      try await clock.untilAnySleeps(until: .seconds(third * 2))
      try await write("UPDATE leases SET expires_at = 1")
      clock.advance(to: .seconds(third * 2))
      try await waitUntil { try await isHeld() }
    }
    #expect(process.log == ["taken 1", "runs 1"])
    task.cancel()
    try await task.value
    #expect(process.log == ["taken 1", "runs 1", "stops 1", "released 1"])
    #expect(try await isHeld() == false)
  }

  @Test("a body is cancelled as soon as a renewal finds another holder")
  func lost() async throws {
    let process = HoldingProcess("a", database, clock)
    let task = process.start()
    try await clock.untilSleeping(.seconds(2), .seconds(6))
    try await write("UPDATE leases SET holder = 'b', epoch = 2, expires_at = 9000000000000000")
    clock.advance(to: .seconds(2))
    try await process.until("lost 1")
    #expect(process.log == ["taken 1", "runs 1", "stops 1", "lost 1"])
    // It stands by, and what it gives back isn't the other one's.
    try await clock.untilSleeping(.seconds(3))
    #expect(try await isHeld())
    try await write("UPDATE leases SET expires_at = 1")
    clock.advance(to: .seconds(3))
    try await process.until("runs 3")
    task.cancel()
    try await task.value
  }

  @Test("a body is cancelled at the end of the term when the database gives no answer")
  func silence() async throws {
    let process = HoldingProcess("a", database, clock)
    let task = process.start()
    try await clock.untilSleeping(.seconds(2), .seconds(6))
    process.database.set(.silent)
    clock.advance(to: .seconds(2))
    try await waitUntil { process.database.waitingCount != 0 }
    clock.advance(to: .milliseconds(5_999))
    #expect(process.log == ["taken 1", "runs 1"])
    clock.advance(to: .seconds(6))
    try await process.until("stops 1")
    process.database.set(.none)
    try await process.until("lost 1")
    try await clock.untilSleeping(.seconds(7))
    clock.advance(to: .seconds(7))
    try await process.until("runs 2")
    task.cancel()
    try await task.value
  }

  @Test("failed renewals are tried again until the term has run out")
  func failures() async throws {
    let process = HoldingProcess("a", database, clock)
    let task = process.start()
    try await clock.untilSleeping(.seconds(2), .seconds(6))
    process.database.set(.fails)
    clock.advance(to: .seconds(2))
    try await clock.untilSleeping(.milliseconds(2_500), .seconds(6))
    clock.advance(to: .milliseconds(2_500))
    try await clock.untilSleeping(.seconds(3), .seconds(6))
    process.database.set(.none)
    clock.advance(to: .seconds(3))
    try await clock.untilSleeping(.seconds(5), .seconds(6))
    #expect(process.log == ["taken 1", "runs 1", "failed", "failed"])
    process.database.set(.fails)
    clock.advance(to: .seconds(9))
    try await process.until("lost 1")
    #expect(process.log.suffix(2) == ["stops 1", "lost 1"])
    task.cancel()
    try await task.value
  }

  @Test("who stands by takes over when the holder dies, and at once when it ends as planned")
  func takeover() async throws {
    let (first, second) = (
      HoldingProcess("a", database, clock), HoldingProcess("b", database, clock)
    )
    let task = first.start()
    try await first.until("runs 1")
    let other = second.start()
    try await clock.untilSleeping(.seconds(1), .seconds(2), .seconds(6))
    task.cancel()
    try await task.value
    try await clock.untilSleeping(.seconds(1))
    clock.advance(to: .seconds(1))
    try await second.until("runs 2")
    let next = first.start()
    try await clock.untilSleeping(.seconds(2), .seconds(3), .seconds(7))
    // The holder dies: nothing more is heard of it.
    second.database.set(.silent)
    try await write("UPDATE leases SET expires_at = 1")
    clock.advance(to: .seconds(2))
    try await first.until("runs 3")
    second.database.set(.none)
    for task in [other, next] {
      task.cancel()
      try await task.value
    }
  }

  @Test("a body that ends by itself ends the holding; its error comes out")
  func ending() async throws {
    struct Failure: Error {}
    let process = HoldingProcess("a", database, clock)
    try await process.run { _ in }
    #expect(process.log == ["taken 1", "released 1"])
    await #expect(throws: Failure.self) { try await process.run { _ in throw Failure() } }
    #expect(process.log.suffix(2) == ["taken 2", "released 2"])
  }

  @Test("a body that finds its lease lost in a write is run again under the next one")
  func lostInWrite() async throws {
    let process = HoldingProcess("a", database, clock)
    let task = Task {
      try await process.run { lease in if lease.epoch == 1 { throw LeaseLost(lease) } }
    }
    try await process.until("lost 1")
    try await clock.untilSleeping(.seconds(1))
    clock.advance(to: .seconds(1))
    try await task.value
    #expect(process.log == ["taken 1", "lost 1", "taken 2", "released 2"])
  }
}
