import Bytes
import ChainSim
import ChainTypes
import NodeRPC
import Payments
import Settlement
import Synchronization
import Testing
import Watching

@Suite("Catching up on EVM chains", .timeLimit(.minutes(1)))
struct EthereumCatchUpTests {
  /// A watcher of one node, which is asked for eight blocks a step and six ahead of them.
  private static func scene() async throws -> (EthereumScene, AskedBlocksTransport) {
    let made = Mutex<AskedBlocksTransport?>(nil)
    let scene = try await EthereumScene(
      nodes: 1, quorum: 1,
      transport: { node in
        let transport = AskedBlocksTransport(node)
        made.withLock { $0 = transport }
        return transport
      },
      adjust: {
        $0.asksTraces = false
        $0.blocksPerCommit = 8
        $0.blocksAhead = 6
        $0.headersPerStep = 16
      })
    return (scene, try #require(made.withLock { $0 }))
  }

  @Test("the blocks behind a step's are fetched before the next one begins, and each of them once")
  func ahead() async throws {
    let (scene, node) = try await Self.scene()
    let payment = try await scene.pay("USDC", 5_000)
    try scene.node.mine(10)
    try scene.node.send(.token(SimulatedContracts.usdc, 5_000, to: payment.address))
    try scene.node.mine(20)
    let report = try await scene.chain.watcher.step()
    #expect(report.connected == 8)
    // The five behind them, as the step has read all of its own.
    for height in UInt64(12)...16 {
      await node.isAsked(for: try #require(scene.node.machine.block(at: height)).ref.hash)
    }
    try await scene.follow()
    #expect(try await scene.status(payment) == .settled)
    #expect(node.counts.allSatisfy { $0 == 1 })
    #expect(node.counts.count == 33)
  }

  @Test("blocks that were fetched ahead and leave the chain are given up")
  func aheadOfReorganisation() async throws {
    let (scene, _) = try await Self.scene()
    let payment = try await scene.pay("USDC", 5_000)
    try scene.node.mine(10)
    try scene.node.send(.token(SimulatedContracts.usdc, 5_000, to: payment.address))
    try scene.node.mine(20)
    #expect(try await scene.chain.watcher.step().connected == 8)
    // From block 14 on, which has the payment.
    try scene.node.reorganize(depth: 20, transactions: .dropped)
    try await scene.follow()
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == [])
    try scene.node.send(.token(SimulatedContracts.usdc, 5_000, to: payment.address))
    try await scene.mine(20)
    #expect(try await scene.status(payment) == .settled)
  }
}
