import ChainSim
import ChainTypes
import NodeRPC
import Simulation
import Testing
import Watching

@Suite("Headers that lead nowhere, and nodes that are behind")
struct UselessHeaderTests {
  //  110 ── 111 (stale at node 0)
  //    └─── 111' ── 112'
  @Test(
    "a node whose hashes lead nowhere above our tip keeps nobody from following the others",
    arguments: Fault.HashForgery.allCases)
  func misled(forgery: Fault.HashForgery) async throws {
    let scene = try await Scene(nodes: 3, quorum: 2)
    let next = scene.node.tip.height + 1
    try scene.node.mine()
    try scene.node.fork(depth: 1, blocks: 2)
    try scene.share()
    scene.node.inject(Fault(.wrongHashes(forgery, from: next)))
    for _ in 0..<3 {
      let report = try await scene.world.step()
      #expect(report.hold == nil)
      #expect(try await scene.cursor()?.tip == scene.node.tip)
      try scene.node.mine()
      try scene.share()
    }
    // It told no lie that can be proved, and is asked last.
    let status = await scene.world.process.watcher.nodeStatus
    #expect(status[0].quarantine == nil)
    #expect(status[0].score < status[1].score)
    try await scene.world.close()
  }

  @Test(
    "a node whose hashes lead nowhere doesn't keep a chain from its first start",
    arguments: Fault.HashForgery.allCases)
  func misledAtStart(forgery: Fault.HashForgery) async throws {
    let scene = try await Scene(nodes: 3, quorum: 2, isReady: false)
    scene.node.inject(Fault(.wrongHashes(forgery, from: 1)))
    #expect(try await scene.world.step().hold == nil)
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test(
    "nodes that fall back, also below all headers in memory, are waited for, and halt nothing",
    arguments: [3, 100] as [UInt32])
  func fallenBack(blocks: UInt32) async throws {
    let scene = try await Scene { $0.window = 20 }
    let before = try await scene.cursor()?.tip
    scene.node.inject(Fault(.laggingTip(blocks: blocks)))
    for _ in 0..<3 {
      guard case .lessWork(let tip) = try await scene.world.step().hold else {
        Issue.record("the watcher follows")
        continue
      }
      #expect(tip.height == scene.node.tip.height - blocks)
    }
    #expect(try await scene.cursor()?.tip == before)
    #expect(try await scene.cursor()?.halt == nil)
    scene.node.removeAllFaults()
    try scene.node.mine(2)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test("with one node whole, one making its chain anew and one down, nothing halts")
  func remade() async throws {
    let scene = try await Scene(nodes: 3, quorum: 2) { $0.window = 20 }
    scene.node(1).inject(Fault(.laggingTip(blocks: 100)))
    scene.world.links[2].isCut = true
    guard case .lessWork = try await scene.world.step().hold else {
      Issue.record("the watcher follows")
      return
    }
    #expect(try await scene.cursor()?.halt == nil)
    try await scene.world.close()
  }

  @Test("the silence of the others isn't taken for their word that our blocks are gone")
  func silence() async throws {
    let scene = try await Scene(nodes: 3, quorum: 2)
    let before = try await scene.cursor()?.tip
    try scene.node.mine(3)
    try scene.share()
    scene.node(0).inject(Fault(.wrongHashes(.unknown, from: 0)))
    for place in 1...2 {
      scene.node(place).inject(Fault(.slow(milliseconds: 120_000), method: "getblockhash"))
    }
    for _ in 0..<3 {
      guard case .inconsistent = try await scene.world.step().hold else {
        Issue.record("the watcher follows")
        return
      }
    }
    #expect(try await scene.cursor()?.tip == before)
    #expect(try await scene.cursor()?.halt == nil)
    for link in scene.world.links { link.node.removeAllFaults() }
    scene.pass(seconds: 120)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test("a tip whose hash misses its target condemns the node, and the true one comes from another")
  func unprovenTip() async throws {
    let scene = try await Scene(nodes: 2, quorum: 1)
    let before = try await scene.cursor()?.tip
    scene.node(0).inject(Fault(.unprovenTip))
    let report = try await scene.world.step()
    guard case .inconsistent = report.hold else {
      Issue.record("\(report)")
      return
    }
    #expect(try await scene.cursor()?.tip == before)
    let quarantine = await scene.world.process.watcher.nodeStatus[0].quarantine
    #expect(quarantine?.reason.contains("hashAboveTarget") == true)
    try scene.node(1).mine()
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node(1).tip)
    try await scene.world.close()
  }

  @Test("a block over two hours ahead of our clock waits, and is followed once time has passed")
  func fromTheFuture() async throws {
    let scene = try await Scene()
    let before = try await scene.cursor()?.tip
    scene.node.setTime(scene.world.time.nowSeconds + 7_260)
    try scene.node.mine()
    #expect(try await scene.world.step().hold == .fromTheFuture(scene.node.tip))
    #expect(try await scene.cursor()?.tip == before)
    scene.pass(seconds: 60)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }
}
