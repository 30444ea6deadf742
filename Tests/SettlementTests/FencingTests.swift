import ChainTracking
import ChainTypes
import Database
import EventLog
import Leases
import Payments
import Settlement
import TestDatabases
import Testing
import Watching

/// Several processes on one database: one holds the lease, was stopped past its term, and wakes
/// after another one took over (case 57: a paused worker resumes past its lease).
@Suite("Fencing", .serialized)
struct FencingTests {
  private static func acquire(
    _ name: String, _ holder: String, _ database: any Database,
    above floor: @escaping @Sendable (any SQLConnection) throws -> Int64 = { _ in 0 }
  ) async throws -> Lease {
    // Whoever had it has slept past its term.
    try await database.write { _ = try $0.execute("UPDATE leases SET expires_at = 1") }
    let lease = try await database.write {
      try Leases.acquire(name, holder: holder, milliseconds: 60_000, above: floor($0), in: $0)
    }
    return try #require(lease)
  }

  private static func state(_ world: World) async throws -> [String] {
    var state = try await world.allEvents()
    for table in [
      "chains", "headers", "coverage", "transfers", "transfer_inputs", "payments",
      "payment_facts", "addresses", "accounts", "event_positions",
    ] {
      state += try await world.rows("SELECT * FROM \(table)")
    }
    return state
  }

  /// A world on a file, and another process's view of the same database.
  private static func withTwo(
    _ engine: TestEngine, _ body: (World, any Database) async throws -> Void
  ) async throws {
    let store = try await TestStore(engine)
    let world = try await World.make(in: store)
    let other = try store.open()
    try await body(world, other)
    try await other.close()
    try await world.database.close()
  }

  @Test(
    "a watcher that was paused past its lease and wakes with a commit writes nothing",
    arguments: TestEngine.allCases)
  func pausedWatcher(_ engine: TestEngine) async throws {
    try await Self.withTwo(engine) { world, other in
      let name = ChainStore.leaseName(of: world.spec.name, region: World.region)
      let chain = world.spec.name
      let payment = try await world.create(world.request("order-1"))
      let paused = try await Self.acquire(name, "a", world.database)
      let first = ChainStore(database: world.database, specs: [world.spec], lease: paused)
      // What it is about to commit when it is stopped: a block that pays.
      var step = world.newStep()
      let link = World.link(
        World.startHeight + 1, parent: try #require(world.links.last).ref.hash, "a", world.now)
      step.connected = [link]
      let pending = step
      let lease = try await Self.acquire(name, "b", other)
      #expect(lease.epoch == paused.epoch + 1)
      let second = ChainStore(database: other, specs: [world.spec], lease: lease)

      // It wakes before the other one has written anything: the cursor is still its own.
      let before = try await Self.state(world)
      await #expect(throws: LeaseLost(paused)) { _ = try await first.commit(pending) }
      #expect(try await Self.state(world) == before)
      // And after.
      _ = try await second.commit(pending)
      let after = try await Self.state(world)
      await #expect(throws: LeaseLost(paused)) { _ = try await first.commit(pending) }
      #expect(try await Self.state(world) == after)
      #expect(try await world.status(payment) == .open)
      #expect(
        try await other.read { try ChainStore.writerEpoch(of: chain, in: $0) } == lease.epoch)
      #expect(try await world.differences() == [])
    }
  }

  @Test(
    "a watcher whose lease ran out writes nothing, though nobody has taken it",
    arguments: TestEngine.allCases)
  func expired(_ engine: TestEngine) async throws {
    try await Self.withTwo(engine) { world, other in
      let lease = try await Self.acquire("watcher", "a", world.database)
      let store = ChainStore(database: world.database, specs: [world.spec], lease: lease)
      _ = try await store.commit(world.newStep())
      try await other.write { _ = try $0.execute("UPDATE leases SET expires_at = 1") }
      let before = try await Self.state(world)
      try await world.restart()
      let step = world.newStep()
      await #expect(throws: LeaseLost(lease)) { _ = try await store.commit(step) }
      #expect(try await Self.state(world) == before)
    }
  }

  @Test(
    "an older epoch is refused, also where the leases themselves were lost",
    arguments: TestEngine.allCases)
  func lostLeases(_ engine: TestEngine) async throws {
    try await Self.withTwo(engine) { world, other in
      let chain = world.spec.name
      _ = try await Self.acquire("watcher", "x", other)
      let old = try await Self.acquire("watcher", "a", other)
      #expect(old.epoch == 2)
      _ = try await ChainStore(database: other, specs: [world.spec], lease: old)
        .commit(world.newStep())
      try await other.write { _ = try $0.execute("DELETE FROM leases") }
      try await world.restart()
      // A new table counts from 1, which is behind what the cursor knows.
      let behind = try await Self.acquire("watcher", "b", other)
      #expect(behind.epoch == 1)
      let before = try await Self.state(world)
      let step = world.newStep()
      await #expect(throws: LeaseLost(behind)) {
        _ = try await ChainStore(database: other, specs: [world.spec], lease: behind).commit(step)
      }
      #expect(try await Self.state(world) == before)
      // Who asks the cursor first is above it.
      let lease = try await Self.acquire("watcher", "b", other) {
        try ChainStore.writerEpoch(of: chain, in: $0)
      }
      #expect(lease.epoch == 3)
      _ = try await ChainStore(database: other, specs: [world.spec], lease: lease).commit(step)
    }
  }

  @Test("a chain starts under a lease, and not under a lost one", arguments: TestEngine.allCases)
  func start(_ engine: TestEngine) async throws {
    try await Self.withTwo(engine) { world, other in
      let spec = try World.spec("bitcoin-signet")
      let lost = try await Self.acquire("watcher", "a", other)
      let lease = try await Self.acquire("watcher", "b", other)
      let anchor = World.link(7, parent: World.hash("x"), "other", World.start)
      await #expect(throws: LeaseLost(lost)) {
        _ = try await ChainStore(database: other, specs: [spec], lease: lost)
          .start(spec.name, links: [anchor])
      }
      #expect(try await world.count("chains") == 1)
      _ = try await ChainStore(database: other, specs: [spec], lease: lease)
        .start(spec.name, links: [anchor])
      #expect(try await other.read { try ChainStore.writerEpoch(of: spec.name, in: $0) } == 2)
    }
  }

  @Test(
    "an operator's resumption keeps the epoch, and the holder goes on",
    arguments: TestEngine.allCases)
  func resumption(_ engine: TestEngine) async throws {
    try await Self.withTwo(engine) { world, other in
      let (chain, now) = (world.spec.name, world.now)
      let lease = try await Self.acquire("watcher", "a", other)
      let store = ChainStore(database: other, specs: [world.spec], lease: lease)
      var step = world.newStep()
      step.halt = "finality was broken"
      _ = try await store.commit(step)
      let reason = try await world.database.write {
        try ChainResumption.resume(chain, by: "operator", now: now, in: $0)
      }
      #expect(reason == "finality was broken")
      try await world.restart()
      _ = try await store.commit(world.newStep())
      #expect(try await other.read { try ChainStore.writerEpoch(of: chain, in: $0) } == 1)
    }
  }

  @Test(
    "a filler or a sequencer that was paused past its lease and wakes changes nothing",
    arguments: TestEngine.allCases)
  func otherRoles(_ engine: TestEngine) async throws {
    try await Self.withTwo(engine) { world, other in
      try await world.create(world.request("order-1"))
      let paused = try await Self.acquire("roles", "a", world.database)
      let lease = try await Self.acquire("roles", "b", other)
      let before = try await Self.state(world)
      let sequencer = Sequencer(database: world.database)
      await #expect(throws: LeaseLost(paused)) { try await sequencer.step(under: paused) }
      await #expect(throws: LeaseLost(paused)) { try await sequencer.drain(under: paused) }
      await #expect(throws: LeaseLost(paused)) {
        try await sequencer.run(
          under: paused, every: .seconds(3_600), clock: ContinuousClock(), onError: { _ in })
      }
      await #expect(throws: LeaseLost(paused)) {
        try await world.pool.fill(.bitcoin(.regtest), under: paused)
      }
      #expect(try await Self.state(world) == before)
      #expect(try await world.pool.fill(.bitcoin(.regtest), under: lease) == 1)
      // In SQLite the event has had its place since it was appended.
      #expect(try await sequencer.drain(under: lease) == (engine == .sqlite ? 0 : 1))
    }
  }
}
