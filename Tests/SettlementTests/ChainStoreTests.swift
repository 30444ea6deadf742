import Bytes
import ChainTracking
import ChainTypes
import Database
import Payments
import Settlement
import Testing
import Watching

@Suite("Steps of a watcher in the store")
struct ChainStoreTests {
  private func ledgerHoles(_ world: World) async throws -> [CoverageHole] {
    CoverageLedger(stored: try await world.coverage())
      .check(fromHeight: World.startHeight + 1, tip: world.cursor.tip)
  }

  @Test("a step on another cursor is refused and writes nothing")
  func stale() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    let old = world.newStep()
    try await world.mine(.init(transaction: "t", ordinal: 1, value: 100_000))
    func state() async throws -> [String] {
      var state = try await world.allEvents()
      for table in ["chains", "headers", "coverage", "transfers", "payments", "payment_facts"] {
        state += try await world.rows("SELECT * FROM \(table)")
      }
      return state
    }
    let before = try await state()
    await #expect(throws: StaleCursor(chain: world.spec.name, expected: old.expectedVersion)) {
      _ = try await world.store.commit(old)
    }
    var early = world.newStep()
    early = ChainStep(
      chain: world.spec.name, expectedVersion: early.expectedVersion + 1, addressesThrough: 4,
      now: world.now)
    let tooEarly = early
    await #expect(throws: StaleCursor.self) { _ = try await world.store.commit(tooEarly) }
    // Blocks that don't link, and one that isn't the tip.
    var loose = world.newStep()
    loose.connected = [World.link(1_003, parent: World.hash("none"), "x", world.now)]
    let unlinked = loose
    await #expect(throws: StaleCursor.self) { _ = try await world.store.commit(unlinked) }
    loose.connected = []
    loose.disconnected = [World.link(1_001, parent: World.hash("none"), "x", world.now)]
    let other = loose
    await #expect(throws: StaleCursor.self) { _ = try await world.store.commit(other) }
    #expect(try await state() == before)
    #expect(try await world.status(payment) == .processing)
  }

  @Test("a chain starts once, with links, and only where it is configured")
  func start() async throws {
    let world = try await World.make()
    let anchor = World.link(1, parent: World.hash("x"), "x", world.now)
    await #expect(throws: StaleCursor.self) {
      _ = try await world.store.start(world.spec.name, links: [anchor])
    }
    let unknown = try #require(ChainName("unknown"))
    await #expect(throws: ChainStore.UnknownChain.self) {
      _ = try await world.store.start(unknown, links: [anchor])
    }
    await #expect(throws: ChainStore.UnknownChain.self) {
      _ = try await world.store.commit(
        ChainStep(chain: unknown, expectedVersion: 0, addressesThrough: 0, now: world.now))
    }
    #expect(try await world.store.record(of: unknown, window: 9) == nil)
  }

  @Test(
    "headers far below the tip are forgotten, unless the chain calls no such block final",
    arguments: [
      (nil, 110_001), (119_999, 110_001), (25_000, 25_000), (5_000, 20_001),
    ] as [(finalized: UInt32?, lowest: UInt32)])
  func forgotten(finalized: UInt32?, lowest: UInt32) async throws {
    let world = try await World.make()
    let name = try #require(ChainName("tagged"))
    let spec = ChainSpec(
      name: name, family: .bitcoin(.regtest), asset: .btc, genesisHash: World.hash("0"),
      finalityDepth: 4,
      coinbaseMaturity: 100, dustLimit: .one, confirmationTiers: [], stallSeconds: 60)
    let store = ChainStore(database: world.database, specs: [spec])
    func link(_ height: UInt32) -> ChainLink {
      World.link(height, parent: World.hash("block x \(height - 1)"), "x", world.now)
    }
    let heights: [UInt32] = [
      5_000, 20_000, 20_001, 24_999, 25_000, 110_000, 110_001, 119_999, 120_000,
    ]
    let cursor = try await store.start(name, links: heights.map(link))
    var step = ChainStep(
      chain: name, expectedVersion: cursor.version, addressesThrough: 4, now: world.now)
    step.connected = [link(120_001)]
    step.finalized = finalized.map { link($0).ref }
    _ = try await store.commit(step)
    let kept = try await store.record(of: name, window: .max)?.links.map(\.ref.height)
    #expect(kept == heights.filter { $0 >= lowest } + [120_001])
  }

  @Test("covered blocks are linked, and joined once they are final")
  func coverage() async throws {
    let world = try await World.make()
    for _ in 0..<10 { try await world.mineEmpty(1) }
    try await world.mineEmpty(20)
    #expect(try await ledgerHoles(world) == [])
    let ranges = try await world.coverage()
    #expect(ranges.first?.fromHeight == 1_001)
    #expect(ranges.first?.throughHeight == 1_024)
    #expect(ranges.count == 7)
    let record = try #require(try await world.store.record(of: world.spec.name, window: 5))
    #expect(record.links == Array(world.links.suffix(5)))
    #expect(record.cursor == world.cursor)
  }

  @Test("a reorg takes coverage back, even below what was joined")
  func uncover() async throws {
    //   1000 ─ … ─ 1012 ─ … ─ 1020      (a)
    //                  └─ 1013 ─ … ─ 1022  (b)
    let world = try await World.make()
    try await world.mineEmpty(20)
    try await world.advance(leaving: 8, Array(repeating: [], count: 10), label: "b")
    #expect(world.cursor.tip.height == 1_022)
    #expect(try await ledgerHoles(world) == [])
    #expect(try await world.count("headers") == 23)
    let record = try #require(try await world.store.record(of: world.spec.name, window: 100))
    #expect(record.links == world.links)
    #expect(try await world.events("bitcoin-regtest") == ["chain.reorged"])
    // Down to the anchor, and up again.
    try await world.advance(leaving: 22, [], label: "c")
    #expect(try await world.coverage() == [])
    try await world.mineEmpty(3, label: "c")
    #expect(try await ledgerHoles(world) == [])
  }

  @Test("the addresses for which a joined range was scanned are those of its every block")
  func coveredAddresses() async throws {
    let world = try await World.make(ready: 2)
    try await world.mineEmpty(1)
    try await world.create(world.request("order-1"))
    try await world.watch()
    try await world.mineEmpty(12)
    let ranges = try await world.coverage()
    #expect(ranges.first?.addressesThrough == 2)
    #expect(ranges.last?.addressesThrough == 3)
  }

  @Test("a transfer stands once whatever blocks it was in")
  func once() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    let output = World.Output(transaction: "t", ordinal: 1, value: 100_000)
    try await world.look(output)
    try await world.mine(output)
    try await world.advance(leaving: 1, [[], [output]], label: "b")
    try await world.restart()
    try await world.mineEmpty(6, label: "b")
    #expect(try await world.count("transfers") == 1)
    #expect(try await world.count("transfer_inputs") == 1)
    let after = try await world.payment(payment)
    #expect(after.status == .settled)
    #expect(after.received == 100_000)
    #expect(!after.isMultiple)
    let id = try #require(after.transfers.first?.id)
    #expect(
      try await world.events(id.description) == [
        "transfer.seen", "transfer.included", "transfer.orphaned", "transfer.included",
        "transfer.confirmed", "transfer.final",
      ])
    #expect(try await world.differences() == [])
  }

  @Test("a hundred inserts of one transfer at the same time leave one")
  func parallelInserts() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    let found = try #require(
      try await world.found([.init(transaction: "t", ordinal: 1, value: 100_000)]).first)
    let change = TransferChange(
      before: nil,
      after: TrackedTransfer(found, state: .seen, firstSeen: world.now, blockTime: nil))
    var step = world.newStep()
    step.changes = [change]
    let (store, same) = (world.store, step)
    let held = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<100 { group.addTask { (try? await store.commit(same)) != nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(held == 1)
    #expect(try await world.count("transfers") == 1)
    #expect(try await world.payment(payment).received == 100_000)
    #expect(try await world.events(payment) == ["payment.created", "payment.processing"])
  }

  @Test("what a watcher begins with after a restart is what may still change")
  func record() async throws {
    let world = try await World.make(ready: 8)
    for number in 1...4 { try await world.create(world.request("order-\(number)")) }
    try await world.mine(.init(transaction: "final", ordinal: 1, value: 100_000))
    try await world.mineEmpty(5)
    try await world.mine(.init(transaction: "included", ordinal: 2, value: 100_000))
    try await world.look(.init(transaction: "seen", ordinal: 3, value: 100_000))
    let record = try #require(try await world.store.record(of: world.spec.name, window: 100))
    #expect(Set(record.tracked.map(\.ordinal)) == [2, 3])
    for transfer in record.tracked {
      #expect(world.tracker.transfer(transfer.id) == transfer)
    }
    let above = try await world.store.transfers(on: world.spec.name, above: World.startHeight)
    #expect(above.map(\.ordinal) == [1, 2])
  }

  @Test("a stalled chain is told with the time since when")
  func stalled() async throws {
    let world = try await World.make()
    var step = world.newStep()
    step.stalledSince = World.start
    try await world.commit(step)
    #expect(try await world.events("bitcoin-regtest") == ["chain.stalled"])
  }
}
