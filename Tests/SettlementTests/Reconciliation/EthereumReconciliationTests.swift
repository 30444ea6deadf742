import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import Foundation
import NodeRPC
import Payments
import Settlement
import Testing
import Watching

@Suite("Reconciling with an EVM chain")
struct EthereumReconciliationTests {
  private func reconcile(_ scene: EthereumScene) async throws -> Reconciler.Outcome {
    try await Reconciler(
      database: scene.database, spec: scene.chain.spec, clock: BlockTime()
    ).run(scene.chain.pool)
  }

  /// Payments of 5,000 USDT and 700 wei, both final.
  private func paid() async throws -> (EthereumScene, usdt: Payment, ether: Payment) {
    let scene = try await EthereumScene()
    let usdt = try await scene.pay("USDT", 5_000)
    let ether = try await scene.pay("ETH", 700)
    try scene.node.send(.token(SimulatedContracts.usdt, 5_000, to: usdt.address))
    try scene.node.send(.ether(700, to: ether.address))
    try await scene.mine(20)
    return (scene, usdt, ether)
  }

  private func call(
    _ scene: EthereumScene, _ function: String, _ arguments: [ABI.Argument]
  ) async throws {
    try scene.node.send(.calling(SimulatedContracts.usdt, function, arguments))
    try await scene.mine(20)
  }

  @Test("what came in coin and tokens is what the nodes tell at a final block")
  func clean() async throws {
    let (scene, _, _) = try await paid()
    let outcome = try await reconcile(scene)
    #expect(outcome.rows == [])
    #expect(outcome.addresses == 2)
    let final = scene.node.machine.finalized
    #expect(outcome.block == BlockRef(height: UInt32(final.number), hash: final.hash))
  }

  @Test("tokens that their contract destroyed without a Transfer are found")
  func destroyed() async throws {
    let (scene, usdt, _) = try await paid()
    try await call(scene, "addBlackList(address)", [.address(usdt.address)])
    #expect(try await reconcile(scene).rows == [])
    try await call(scene, "destroyBlackFunds(address)", [.address(usdt.address)])
    let rows = try await reconcile(scene).rows
    #expect(rows.count == 1)
    let row = try #require(rows.first)
    #expect(row.kind == .chain)
    #expect(row.address == usdt.terms.address)
    #expect(row.asset == "USDT")
    #expect(row.expected == "5000")
    #expect(row.found == "0")
    #expect(row.difference == "-5000")
    #expect(row.explanation?.contains("took it without telling") == true)
  }

  @Test("tokens that appeared without a Transfer are found")
  func appeared() async throws {
    let (scene, usdt, _) = try await paid()
    try await call(scene, "give(address,uint256)", [.address(usdt.address), .number(11)])
    #expect(try await reconcile(scene).rows.map(\.difference) == ["11"])
  }

  @Test("a balance that one node tells otherwise is outvoted, and without a quorum told so")
  func disagreement() async throws {
    let (scene, usdt, _) = try await paid()
    func node(_ name: String, tokens: String? = nil) -> EthereumNode {
      let transport = RewritingTransport(node: scene.node, question: "eth_call") {
        $0.replacingOccurrences(of: "00001388", with: tokens ?? "00001388")
      }
      return EthereumNode(
        name: name, transport: transport, clock: BlockTime(), policy: .once, jitterSeed: 1)
    }
    func reconcile(_ nodes: [EthereumNode], quorum: Int) async throws -> Reconciler.Outcome {
      guard case .ethereum(let network) = scene.chain.spec.family else { throw CancellationError() }
      let pool = try EthereumPool(
        nodes: nodes, quorum: quorum,
        identity: .init(chainID: network.chainID, genesisHash: scene.chain.spec.genesisHash),
        clock: BlockTime())
      return try await Reconciler(
        database: scene.database, spec: scene.chain.spec, clock: BlockTime()
      ).run(pool)
    }
    let nodes = [node("a"), node("b"), node("c", tokens: "00001387")]
    let outcome = try await reconcile(nodes, quorum: 2)
    #expect(outcome.rows == [])
    #expect(outcome.dissenting == ["c"])
    await #expect {
      try await reconcile(Array(nodes.suffix(2)), quorum: 2)
    } throws: { error in
      guard case Reconciler.Failure.nodesDisagree(_, let said) = error else { return false }
      let address = usdt.terms.address
      return said == "b: \(address) has 5000 of USDT; c: \(address) has 4999 of USDT"
    }
  }

  @Test("a node that no longer has the final block's state is asked about a later one")
  func pruned() async throws {
    let (scene, _, _) = try await paid()
    // Nothing is missing at the tip either.
    for node in scene.chain.nodes {
      node.inject(
        Fault(
          .error(code: -32000, message: "missing trie node"), method: "eth_getBalance", count: 1))
    }
    let outcome = try await reconcile(scene)
    #expect(outcome.rows == [])
    #expect(outcome.block?.height == UInt32(scene.node.machine.head.number) - 2)
  }

  @Test("coin that a withdrawal brought is a part of what the address has")
  func incomes() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700)
    try await scene.mine(
      extras: BlockExtras(withdrawals: [(recipient: try payment.address, gwei: 9)]))
    try await scene.mine(20)
    #expect(try await reconcile(scene).rows == [])
    try await scene.database.write { _ = try $0.execute("DELETE FROM incomes") }
    let rows = try await reconcile(scene).rows
    #expect(rows.map(\.kind) == [.chain, .ledger])
    #expect(rows.map(\.difference) == ["9000000000", "9000000000"])
  }
}
