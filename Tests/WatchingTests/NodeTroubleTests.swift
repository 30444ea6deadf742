import ChainSim
import ChainTypes
import NodeRPC
import Payments
import Simulation
import Testing
import Watching

@Suite("Nodes in trouble")
struct NodeTroubleTests {
  @Test("a node that warms up holds the watcher, and isn't taken for dead")
  func warmingUp() async throws {
    let scene = try await Scene()
    let before = try await scene.cursor()?.tip
    try scene.node.mine()
    let fault = scene.node.inject(Fault(.warmingUp))
    for _ in 0..<8 {
      let report = try await scene.world.step()
      #expect(report.hold == .nodes(.tooFewNodes(answering: 0, quorum: 1)))
    }
    #expect(try await scene.cursor()?.tip == before)
    #expect(await scene.world.process.watcher.nodeStatus[0].breaker == .closed(failures: 0))
    scene.node.removeFault(fault)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test(
    "what a retry mends doesn't keep a block from being followed",
    arguments: [
      Fault(.httpStatus(503, text: "Work queue depth exceeded"), count: 2),
      Fault(.batch(.reversed)),
      Fault(.batch(.incomplete(missing: 1)), count: 2),
      Fault(.connectionDropped, count: 1),
      Fault(.slow(milliseconds: 2_000)),
    ])
  func mended(fault: Fault) async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(3)
    scene.node.inject(fault)
    let report = try await scene.world.step()
    #expect(report.hold == nil)
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    #expect(try await scene.status(payment) == .paid)
    try await scene.world.close()
  }

  @Test(
    "while a node gives no answers the cursor stays, then goes on where it stood",
    arguments: [
      Fault.Kind.httpStatus(503, text: "Work queue depth exceeded"),
      .error(code: -32603, message: "internal error"),
      .batch(.incomplete(missing: 1)), .unauthorized, .connectionDropped, .body(.empty),
      .body(.garbage), .body(.truncated), .slow(milliseconds: 120_000),
    ])
  func silent(kind: Fault.Kind) async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let before = try await scene.cursor()?.tip
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(6)
    let fault = scene.node.inject(Fault(kind))
    for _ in 0..<3 {
      let report = try await scene.world.step()
      #expect(report.hold != nil)
      #expect(!report.isAtTip)
    }
    #expect(try await scene.cursor()?.tip == before)
    scene.node.removeFault(fault)
    // The breaker lets nobody through before its pause is over.
    scene.pass(seconds: 120)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    #expect(try await scene.status(payment) == .settled)
    try await scene.world.close()
  }

  @Test("a block that one node has pruned comes from another")
  func prunedAtOne() async throws {
    let scene = try await Scene(nodes: 2, quorum: 2)
    try scene.node.mine(3)
    try scene.share()
    scene.node.inject(Fault(.prunedBelow(height: scene.node.tip.height + 1)))
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    #expect(await scene.world.process.watcher.nodeStatus[0].quarantine == nil)
    try await scene.world.close()
  }

  @Test("where every node has pruned a block the cursor stays")
  func prunedEverywhere() async throws {
    let scene = try await Scene()
    let before = try await scene.cursor()?.tip
    try scene.node.mine(3)
    let fault = scene.node.inject(Fault(.prunedBelow(height: scene.node.tip.height)))
    for _ in 0..<3 {
      let report = try await scene.world.step()
      #expect(report.hold != nil)
    }
    #expect(try await scene.cursor()?.tip == before)
    scene.node.removeFault(fault)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test("nodes that disagree on a block's hash hold the watcher")
  func disagreement() async throws {
    let scene = try await Scene(nodes: 2, quorum: 2)
    let before = try await scene.cursor()?.tip
    try scene.node(0).mine()
    try scene.node(1).mine()
    let report = try await scene.world.step()
    guard case .nodes(.disagreement(let tips)) = report.hold else {
      Issue.record("\(report)")
      return
    }
    #expect(Set(tips) == [scene.node(0).tip, scene.node(1).tip])
    #expect(try await scene.cursor()?.tip == before)
    // The first node's branch grows, and the second follows it.
    try scene.node.mine()
    try scene.share()
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }

  @Test("with the honest nodes down, one that is left convinces nobody")
  func neverOneOfOne() async throws {
    let scene = try await Scene(nodes: 3, quorum: 2)
    let before = try await scene.cursor()?.tip
    scene.world.links[1].isCut = true
    scene.world.links[2].isCut = true
    try scene.node.mine(5)
    for _ in 0..<10 {
      let report = try await scene.world.step()
      #expect(report.hold == .nodes(.tooFewNodes(answering: 1, quorum: 2)))
      scene.pass(seconds: 90)
    }
    #expect(try await scene.cursor()?.tip == before)
    scene.world.links[1].isCut = false
    scene.pass(seconds: 90)
    try scene.share()
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node.tip)
    try await scene.world.close()
  }
}
