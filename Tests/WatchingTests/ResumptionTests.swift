import Bytes
import ChainSim
import ChainTypes
import Database
import Payments
import Settlement
import Simulation
import Testing
import Watching

@Suite("A halted chain and an operator's word")
struct ResumptionTests {
  private static let chain = "bitcoin-regtest"

  private func resume(_ scene: Scene) async throws -> String? {
    let (name, now) = (scene.world.settings.spec.name, scene.world.time.now)
    return try await scene.world.database.write { connection in
      try ChainResumption.resume(name, by: "ada", now: now, in: connection)
    }
  }

  /// The running watcher learns of it with its next commit, a few seconds later at most.
  private func noticed(_ scene: Scene) async throws {
    scene.pass(seconds: 10)
    await #expect(throws: StaleCursor.self) { try await scene.world.step() }
  }

  private func replayDifferences(_ scene: Scene) async throws -> [String] {
    try await scene.world.database.read { try ReplayCheck.differences(in: $0) }
  }

  //  110 ── 111 (pays) ── … ── 116
  //    └─── 111' ── … ── 117' ── 118' (pays) ── … ── 125'   halted │ resumed
  @Test("after a reorg beyond finality the watcher credits again, at once and by itself")
  func beyondFinality() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(6)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .settled)
    try scene.node.fork(depth: 6, blocks: 7)
    try await scene.world.stepUntilQuiet()
    try scene.node.mine(8)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.transfers(payment).map(\.state) == [.included])

    #expect(try await resume(scene)?.contains("deeper than finality") == true)
    try await noticed(scene)
    // No block comes, and the chain isn't halted by the same reorg again.
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.halt == nil)
    #expect(try await scene.transfers(payment).map(\.state) == [.final])
    #expect(try await scene.status(payment) == .settled)
    #expect(
      try await scene.story(ofTransfer: known.txid).suffix(3) == ["included", "confirmed", "final"])
    #expect(
      try await scene.world.story(of: Self.chain) == [
        "chain.reorged", "chain.halted", "chain.resumed",
      ])

    let next = try await scene.request(order: "2")
    try scene.node.pay(scene.script(next), value: 150_000)
    try scene.node.mine(6)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(next) == .settled)
    #expect(try await replayDifferences(scene).isEmpty)
    try await scene.world.close()
  }

  @Test("a watcher that was down meanwhile starts from the operator's word")
  func restarted() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(6)
    try await scene.world.stepUntilQuiet()
    try scene.node.fork(depth: 6, blocks: 7)
    try scene.node.mine(8)
    try await scene.world.stepUntilQuiet()
    #expect(try await resume(scene) != nil)
    try await scene.world.restart()
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.transfers(payment).map(\.state) == [.final])
    // The protection stands: the next such reorg halts again.
    try scene.node.fork(depth: 8, blocks: 9)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.halt?.contains("deeper than finality") == true)
    try await scene.world.close()
  }

  @Test("a reorg below the headers in memory is followed by those of the store, and halts once")
  func belowMemory() async throws {
    let scene = try await Scene { settings in
      settings.window = 20
      settings.headersPerStep = 10
    }
    let payment = try await scene.request()
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(40)
    try await scene.world.stepUntilQuiet()
    try await scene.world.restart()
    try scene.node.fork(depth: 38, blocks: 40)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    #expect(try await scene.cursor()?.halt?.contains("took back 38 blocks") == true)
    #expect(try await resume(scene) != nil)
    try await noticed(scene)
    try scene.node.mine(3)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    #expect(try await scene.cursor()?.halt == nil)
    #expect(try await scene.status(payment) == .settled)
    #expect(try await replayDifferences(scene).isEmpty)
    try await scene.world.close()
  }

  @Test("what leaves below all known headers halts again until the nodes are put right")
  func belowAllHeaders() async throws {
    let scene = try await Scene()
    try scene.node.mine(20)
    try await scene.world.stepUntilQuiet()
    let before = try await scene.cursor()?.tip
    try await scene.world.database.write { connection in
      try connection.execute("DELETE FROM headers WHERE height <= 120")
    }
    try await scene.world.restart()
    let strange = try scene.node.fork(depth: 15, blocks: 16)
    try await scene.world.stepUntilQuiet()
    #expect(try await resume(scene)?.contains("can't be followed") == true)
    try await scene.world.restart()
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.halt != nil)
    #expect(try await scene.cursor()?.tip == before)

    try scene.node.invalidate(strange[0].hash)
    #expect(try await resume(scene) != nil)
    try await scene.world.restart()
    let payment = try await scene.request()
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(6)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.halt == nil)
    #expect(try await scene.status(payment) == .settled)
    try await scene.world.close()
  }

  /// Halts the scene's chain, which has 110 blocks.
  private func halt(_ scene: Scene) async throws {
    try scene.node.mine(7)
    try await scene.world.stepUntilQuiet()
    try scene.node.fork(depth: 7, blocks: 8)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.halt != nil)
  }

  private func zeroConfirmations() async throws -> Scene {
    try await Scene { settings in
      var tenant = TenantPolicy()
      tenant.zeroConfirmationMaximum = [.btc: 20_000]
      settings.policies = ["roastery": tenant]
    }
  }

  @Test(
    "while the chain is halted what needs no confirmation isn't paid, and is once it is resumed",
    arguments: [true, false])
  func unconfirmed(isMined: Bool) async throws {
    let scene = try await zeroConfirmations()
    let payment = try await scene.request(20_000)
    try await halt(scene)
    try scene.node.pay(scene.script(payment), value: 20_000)
    try await scene.world.stepUntilQuiet()
    if isMined {
      try scene.node.mine(3)
      try await scene.world.stepUntilQuiet()
    }
    #expect(try await scene.story(payment) == ["created", "processing"])
    #expect(try await scene.world.payment(payment.terms.id).confirmed == .zero)
    #expect(try await resume(scene) != nil)
    #expect(try await scene.story(payment) == ["created", "processing", "paid"])
    #expect(try await replayDifferences(scene).isEmpty)
    try await noticed(scene)
    try scene.node.mine(6)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.story(payment) == ["created", "processing", "paid", "settled"])
    #expect(try await replayDifferences(scene).isEmpty)
    try await scene.world.close()
  }

  @Test("a halt takes back nothing that was paid without confirmation, unless the chain does")
  func unconfirmedBefore() async throws {
    let scene = try await zeroConfirmations()
    let payment = try await scene.request(20_000)
    let known = try scene.node.pay(scene.script(payment), value: 20_000)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .paid)
    try scene.node.mine(7, transactions: .none)
    try await scene.world.stepUntilQuiet()
    try scene.node.fork(depth: 7, blocks: 8)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.halt != nil)
    try scene.node.mine()
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .paid)
    // Taken back and seen again: that is new, and the chain is halted.
    try scene.node.fork(depth: 1, blocks: 2)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.story(ofTransfer: known.txid).last == "seen")
    #expect(try await scene.status(payment) == .processing)
    #expect(try await resume(scene) != nil)
    #expect(try await scene.status(payment) == .paid)
    #expect(try await replayDifferences(scene).isEmpty)
    try await scene.world.close()
  }
}
