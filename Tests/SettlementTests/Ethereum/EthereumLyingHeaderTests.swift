import Bytes
import ChainSim
import ChainTypes
import NodeRPC
import Payments
import Settlement
import Testing
import Watching

/// Nodes whose blocks are sound and whose chain isn't.
@Suite("EVM nodes that lie about headers")
struct EthereumLyingHeaderTests {
  private static let forgeries: [EthereumBlockForgery] = [
    .anotherBlock, .stateRoot, .transactionsRoot, .receiptsRoot, .withdrawalsRoot, .logsBloom,
    .timestamp, .parentHash, .rehashed, .unknownMember,
  ]

  @Test(
    "a node that tells another header than it serves keeps nobody waiting",
    arguments: forgeries, [0, 1, 2])
  func headers(forgery: EthereumBlockForgery, liar: Int) async throws {
    let scene = try await EthereumScene()
    scene.chain.nodes[liar].inject(.forgedBlock(forgery), method: "eth_getBlockByNumber")
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try scene.node.mine(12)
    try await scene.share()
    let report = try await scene.followThroughTrouble()
    #expect(report.hold == nil)
    #expect(try await scene.status(payment) == .settled)
  }

  private func scene() async throws -> (EthereumScene, liar: ReplacingTransport) {
    var liar: ReplacingTransport?
    let scene = try await EthereumScene(transport: { node in
      guard liar == nil else { return node }
      let transport = ReplacingTransport(node)
      liar = transport
      return transport
    })
    return (scene, try #require(liar))
  }

  @Test("a branch of blocks that don't exist leads nowhere, and honest nodes' is followed")
  func inventedBranch() async throws {
    let (scene, liar) = try await scene()
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    // All but the last, on which the nodes agree.
    liar.replace(try scene.node.mine(12).dropLast().map(\.hash))
    scene.chain.network.propagate()
    try await scene.followThroughTrouble()
    #expect(try await scene.status(payment) == .settled)
  }

  @Test("one node that denies all our blocks neither halts the chain nor keeps it waiting")
  func deniedHistory() async throws {
    let (scene, liar) = try await scene()
    let payment = try await scene.pay("ETH", 700)
    let known = (0..<scene.node.machine.canonical.count).compactMap {
      scene.node.machine.block(at: UInt64($0))?.hash
    }
    liar.replace(known)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(12)
    try await scene.followThroughTrouble()
    #expect(try await scene.halt() == nil)
    #expect(try await scene.status(payment) == .settled)
  }

  @Test("a chain whose clock is ahead passes no deadline before its time")
  func clockAhead() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700, expiresInSeconds: 600)
    scene.setBlocksAhead(seconds: 86_400)
    try await scene.mine(2)
    #expect(try await scene.status(payment) == .open)
    scene.pass(seconds: 601)
    try await scene.follow()
    #expect(try await scene.status(payment) == .expired)
  }
}
