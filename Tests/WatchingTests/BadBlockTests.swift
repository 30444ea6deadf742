import Bitcoin
import ChainSim
import ChainTypes
import NodeRPC
import Payments
import Simulation
import Testing
import Watching

@Suite("Blocks that aren't what they claim")
struct BadBlockTests {
  @Test(
    "a node that serves a false block is quarantined with the reason, another gives the true one",
    arguments: [
      (BlockForgery.anotherBlock, "headerHash"), (.flippedBit, "merkleRoot"),
      (.duplicatedTail, "mutated"), (.forgedWitness, "witness"), (.insufficientWork, "headerHash"),
      (.truncated, "decoding"),
    ])
  func forgedBlock(forgery: BlockForgery, reason: String) async throws {
    let scene = try await Scene(nodes: 2, quorum: 2)
    let payment = try await scene.request()
    // Three transactions with the coinbase: their tail can be repeated under the same root.
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.pay(Faucet.scriptPubKey, value: 7_000)
    try scene.node.mine(2)
    try scene.share()
    scene.node.inject(Fault(.wrongBlock(forgery), method: "getblock", count: 1))

    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .paid)
    let status = await scene.world.process.watcher.nodeStatus
    let told = try #require(status[0].quarantine).reason
    #expect(told.hasPrefix("invalid block") && told.contains(reason), "\(told)")
    #expect(status[1].quarantine == nil)
    // Two of two nodes are needed: until the quarantine ends nothing new counts.
    try scene.node.mine()
    try scene.share()
    #expect(
      try await scene.world.step().hold == .nodes(.tooFewNodes(answering: 1, quorum: 2)))
    scene.pass(seconds: 61)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test("a block that came mutated is fetched again, and taken when it comes whole")
  func neverBlacklisted() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.pay(Faucet.scriptPubKey, value: 7_000)
    try scene.node.mine(2)
    let before = try await scene.cursor()?.tip
    let fault = scene.node.inject(Fault(.wrongBlock(.duplicatedTail), method: "getblock"))

    let report = try await scene.world.step()
    #expect(report.hold != nil)
    #expect(try await scene.cursor()?.tip == before)
    scene.node.removeFault(fault)
    scene.pass(seconds: 61)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .paid)
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test("a node whose header hashes to something else than was asked for is quarantined")
  func forgedHeader() async throws {
    let scene = try await Scene()
    try scene.node.mine(3)
    let before = try await scene.cursor()?.tip
    let fault = scene.node.inject(Fault(.forgedHeader))
    for _ in 0..<3 {
      let report = try await scene.world.step()
      #expect(report.hold != nil)
      let quarantine = await scene.world.process.watcher.nodeStatus[0].quarantine
      #expect(quarantine?.reason.contains("anotherHash") == true)
      scene.pass(seconds: 61)
    }
    #expect(try await scene.cursor()?.tip == before)
    scene.node.removeFault(fault)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test("a node whose hashes lead nowhere halts nothing, and is quarantined")
  func wrongHashes() async throws {
    let scene = try await Scene(nodes: 3, quorum: 2)
    try scene.node.mine(3)
    try scene.share()
    scene.node.inject(Fault(.wrongHashes(.unknown, from: 0)))
    // The next node is asked at once.
    let report = try await scene.world.step()
    #expect(report.hold == nil)
    let quarantine = await scene.world.process.watcher.nodeStatus[0].quarantine
    #expect(quarantine?.reason.contains("which a quorum has") == true)
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    #expect(try await scene.cursor()?.halt == nil)
    try await scene.world.close()
  }

  @Test("false headers at the first start are noticed too, and the other nodes give the true ones")
  func forgedHeaderAtStart() async throws {
    let scene = try await Scene(nodes: 3, quorum: 2, isReady: false)
    scene.node.inject(Fault(.forgedHeader))
    #expect(try await scene.world.step().hold == nil)
    let quarantine = await scene.world.process.watcher.nodeStatus[0].quarantine
    #expect(quarantine?.reason.contains("anotherHash") == true)
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test("one false block of an only node costs seconds, not the whole bound")
  func onlyNode() async throws {
    let scene = try await Scene { $0.quarantineMilliseconds = 3_600_000 }
    try scene.node.mine(2)
    scene.node.inject(Fault(.wrongBlock(.flippedBit), method: "getblock", count: 1))
    #expect(try await scene.world.step().hold != nil)
    scene.pass(seconds: 5)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test("while a block can't be had, new addresses are watched and handed out all the same")
  func addressesMeanwhile() async throws {
    let scene = try await Scene()
    for order in 1...5 { _ = try await scene.request(order: "\(order)") }
    try scene.node.mine(2)
    scene.node.inject(Fault(.prunedBelow(height: .max)))
    try await scene.world.fill()
    #expect(try await scene.world.step().hold != nil)
    let payment = try await scene.request(order: "6")
    // A reorg that can't be followed either leaves everything as it is.
    try scene.node.fork(depth: 3, blocks: 4)
    try await scene.world.fill()
    for _ in 0..<2 { #expect(try await scene.world.step().hold != nil) }
    scene.node.removeAllFaults()
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(2)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .paid)
    try await scene.world.close()
  }

  //  110 ── 111 (pays) ── 112 (spends the same coins again)
  @Test("blocks that spend an output twice hold the watcher, and it goes on watching addresses")
  func spentTwice() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine()
    let rival = try scene.node.conflict(
      with: known.transaction,
      paying: [TransactionOutput(value: 150_000, scriptPubKey: scene.script(payment))])
    let sound = scene.node.tip
    try scene.node.mine(unchecked: [rival])
    for order in 2...5 { _ = try await scene.request(order: "\(order)") }
    try await scene.world.fill()
    for _ in 0..<2 {
      let report = try await scene.world.step()
      guard case .contradiction(let reason) = report.hold else {
        Issue.record("\(report)")
        return
      }
      #expect(reason.contains("spentTwice"))
      #expect(report.tip == sound)
    }
    #expect(try await scene.cursor()?.tip == sound)
    _ = try await scene.request(order: "6")
    try await scene.world.close()
  }
}
