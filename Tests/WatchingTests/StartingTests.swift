import ChainSim
import ChainTracking
import ChainTypes
import Database
import Payments
import Settlement
import Simulation
import Testing
import Watching

@Suite("Starting, stopping and catching up")
struct StartingTests {
  @Test("an address is handed out only once the watcher watches it, also as separate processes")
  func addressesThrough() async throws {
    let scene = try await Scene(isReady: false)
    let none = PaymentRefusal.noAddressReady(chain: "bitcoin-regtest")
    await #expect(throws: none) { _ = try await scene.request() }
    try await scene.world.fill()
    // Derived, but no watcher has heard of them.
    await #expect(throws: none) { _ = try await scene.request() }
    try await scene.world.step()
    // The API's objects and the watcher's share nothing but the database.
    for order in 1...5 { _ = try await scene.request(order: "\(order)") }
    await #expect(throws: none) { _ = try await scene.request(order: "6") }
    try await scene.world.fill()
    await #expect(throws: none) { _ = try await scene.request(order: "6") }
    // The nodes may be silent: watching needs no answer of theirs.
    scene.world.links[0].isCut = true
    try await scene.world.step()
    let payment = try await scene.request(order: "6")
    scene.world.links[0].isCut = false
    scene.pass(seconds: 120)
    try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .processing)
    try await scene.world.close()
  }

  @Test("a long absence is caught up in several commits, and misses nothing")
  func catchUp() async throws {
    let scene = try await Scene { settings in
      settings.policies["roastery", default: TenantPolicy()].expirySecondsRange = 60...604_800
    }
    let payment = try await scene.request(expiresInSeconds: 604_800)
    try scene.node.mine(150)
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(160)
    let first = try await scene.world.step()
    #expect(first.connected == 256)
    #expect(first.isBusy)
    // Killed in the middle of the rest: the next process goes on from the last commit.
    scene.world.killSwitch.arm(.beforeCommit)
    await #expect(throws: Killed.self) { try await scene.world.step() }
    try await scene.world.restart()
    let middle = try await scene.cursor()?.tip.height
    #expect(middle == 366)
    let second = try await scene.world.step()
    #expect(second.connected == 54)
    #expect(second.isAtTip)
    #expect(try await scene.status(payment) == .settled)
    let chain = scene.world.settings.spec.name
    let coverage = try await scene.world.database.read {
      try ChainRecords.coverage(of: chain, in: $0)
    }
    let ledger = CoverageLedger(stored: coverage)
    #expect(ledger.check(fromHeight: 105, tip: scene.node.tip).isEmpty)
    try await scene.world.close()
  }

  @Test(
    "a process that dies at a commit loses nothing and repeats nothing",
    arguments: [FaultPoint.beforeCommit, .afterCommit, .beforeStoreRead])
  func killed(point: FaultPoint) async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    for _ in 0..<6 {
      try scene.node.mine()
      scene.world.killSwitch.arm(point)
      _ = try? await scene.world.step()
      try await scene.world.restart()
      try await scene.world.stepUntilQuiet()
    }
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.story(payment) == ["created", "processing", "paid", "settled"])
    #expect(
      try await scene.story(ofTransfer: known.txid) == ["included", "confirmed", "final"])
    try await scene.world.close()
  }

  @Test("a second watcher on the same chain is refused by the stale cursor")
  func staleCursor() async throws {
    let scene = try await Scene()
    let first = scene.world.process
    try await scene.world.restart()
    try scene.node.mine()
    try await scene.world.stepUntilQuiet()
    await #expect(throws: StaleCursor.self) { _ = try await first.watcher.step() }
    // It reads where the chain is now, and may go on.
    try scene.node.mine()
    _ = try await first.watcher.step()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test("a chain that stands still is told once for each tip")
  func stalled() async throws {
    let scene = try await Scene()
    scene.pass(seconds: 7_300)
    try await scene.world.step()
    try await scene.world.step()
    #expect(try await scene.world.story(of: "bitcoin-regtest") == ["chain.stalled"])
    try await scene.world.close()
  }

  @Test("a stall is told once, however many watchers see it and however often they start")
  func stalledOnce() async throws {
    let scene = try await Scene()
    let first = scene.world.process
    try await scene.world.restart()
    scene.pass(seconds: 7_300)
    try await scene.world.step()
    // The other one learns of it as of every commit.
    await #expect(throws: StaleCursor.self) { _ = try await first.watcher.step() }
    _ = try await first.watcher.step()
    let version = try await scene.cursor()?.version
    _ = try await first.watcher.step()
    #expect(try await scene.cursor()?.version == version)
    try await scene.world.restart()
    try await scene.world.step()
    #expect(try await scene.world.story(of: "bitcoin-regtest") == ["chain.stalled"])
    // Another tip that stands still is another stall.
    try scene.node.mine()
    try await scene.world.stepUntilQuiet()
    scene.pass(seconds: 7_300)
    try await scene.world.step()
    #expect(
      try await scene.world.story(of: "bitcoin-regtest") == ["chain.stalled", "chain.stalled"])
    try await scene.world.close()
  }

  @Test("a start at a pinned block begins there where the nodes have it, and else not at all")
  func pinned() async throws {
    let height: UInt32 = 100
    let block = try #require(
      try await Scene(isReady: false).node.machine.block(at: height))
    let scene = try await Scene(isReady: false) { $0.start = .block(block.ref) }
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    let chain = scene.world.settings.spec.name
    let coverage = try await scene.world.database.read {
      try ChainRecords.coverage(of: chain, in: $0)
    }
    #expect(coverage.first?.fromHeight == height + 1)
    #expect(coverage.first?.fromParentHash == block.hash)
    try await scene.world.close()

    let other = BlockRef(height: height, hash: scene.node.tip.hash)
    let refused = try await Scene(isReady: false) { $0.start = .block(other) }
    for _ in 0..<2 {
      guard case .inconsistent(let reason) = try await refused.world.step().hold else {
        Issue.record("it starts at another block")
        return
      }
      #expect(reason.contains("isn't the pinned"))
    }
    #expect(try await refused.cursor() == nil)
    let headers = try await refused.world.database.read {
      try $0.queryFirst("SELECT COUNT(*) AS count FROM headers")?.integer("count")
    }
    #expect(headers == 0)
    try await refused.world.close()
  }
}
