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
    "cases 9, 11, 13, 14: a node that serves a false block is quarantined, another gives the true one",
    arguments: BlockForgery.allCases)
  func forgedBlock(forgery: BlockForgery) async throws {
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
    #expect(status[0].quarantine?.reason.contains("invalid block") == true)
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

  @Test("case 9: the hash of a block that came mutated is taken when it comes whole")
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

  @Test("a header whose root was changed moves nothing")
  func forgedHeader() async throws {
    let scene = try await Scene()
    try scene.node.mine(3)
    let before = try await scene.cursor()?.tip
    let fault = scene.node.inject(Fault(.forgedHeader))
    for _ in 0..<3 {
      let report = try await scene.world.step()
      #expect(report.hold != nil)
      scene.pass(seconds: 61)
    }
    #expect(try await scene.cursor()?.tip == before)
    scene.node.removeFault(fault)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }
}
