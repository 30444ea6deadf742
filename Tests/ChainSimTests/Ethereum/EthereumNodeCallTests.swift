import Addresses
import Bytes
import ChainSim
import ChainTypes
import Ethereum
import HTTPClient
import JSON
import NodeRPC
import Testing

@Suite("Typed calls to a simulated EVM node")
struct EthereumNodeCallTests {
  private func client(of transport: any RPCTransport) -> EthereumNode {
    EthereumNode(
      name: "simulated", transport: transport, clock: NotingClock(), policy: .once, jitterSeed: 1)
  }

  @Test("blocks, receipts and tags go through HTTP on loopback, and prove the block")
  func served() async throws {
    let node = try makeEthereumNode(blocks: 12)
    try node.send(.token(SimulatedContracts.usdc, 5, to: account(1)))
    try node.mine()
    let server = try await ChainSimServer.start(node)
    let http = try HTTPClient()
    let ethereum = client(of: HTTPTransport(client: http, url: server.url, authentication: .none))
    #expect(try await ethereum.chainID() == 1_337)
    #expect(try await ethereum.isSyncing() == false)
    #expect(try await ethereum.header(.latest)?.ref == node.tip)
    #expect(try await ethereum.header(.finalized)?.ref == node.machine.finalized.ref)
    #expect(try await ethereum.header(at: 99) == nil)
    let block = try #require(try await ethereum.block(node.tip.hash))
    var proof = try BlockProof(
      block: block.span.bytes, expecting: node.tip.hash, profile: .ethereum)
    let hash = proof.transactionHash(at: 0)
    let answer = try await ethereum.receipts(
      of: node.tip.hash, count: 1, gasUsed: proof.header.gasUsed, hashes: { [hash] })
    guard case .whole(let receipts) = answer else {
      Issue.record("no answer to eth_getBlockReceipts")
      return
    }
    try proof.prove(receipts: receipts.span.bytes)
    let found = try proof.transfers(watching: WatchedAccounts(accounts: [account(1)]))
    #expect(found.map(\.value) == [5])
    #expect(found.map(\.contract) == [SimulatedContracts.usdc])
    await server.stop()
    await #expect(throws: NodeError.self) { try await ethereum.chainID() }
    http.shutdown()
  }

  @Test("the commands of a demonstration pay, mine, reorganise and break things")
  func commands() async throws {
    let node = try makeEthereumNode(blocks: 1)
    let payee = JSONValue.hex(account(1))
    _ = try await node.ethereumResult("sim.pay", payee, "1000000000000000000")
    _ = try await node.ethereumResult("sim.transfer", "usdc", payee, "250", 1)
    let called = try await node.ethereumResult(
      "sim.call", .hex(SimulatedContracts.forwarder), "forward(address)", [payee], "0x7")
    #expect(try await node.ethereumResult("sim.mine", 2).elements?.count == 2)
    #expect(node.balance(of: account(1)) == 1_000_000_000_000_000_007)
    #expect(node.balance(of: account(1), in: SimulatedContracts.usdc) == 250)
    let receipt = try await node.ethereumResult("eth_getTransactionReceipt", called)
    #expect(receipt["blockNumber"] == "0x2")
    #expect(try await node.ethereumResult("sim.reorg", 2, "pending").elements?.count == 3)
    #expect(node.balance(of: account(1)) == .zero)
    #expect(node.machine.mempool.count == 3)
    _ = try await node.ethereumResult("sim.drop", called)
    #expect(try await node.ethereumError("sim.drop", called).code == -32000)
    #expect(try await node.ethereumError("sim.fault", "nonsense").code == -32602)
    _ = try await node.ethereumResult("sim.fault", "null-blocks", "eth_getBlockByNumber", 1)
    #expect(try await node.ethereumResult("eth_getBlockByNumber", "latest", false) == .null)
    #expect(try await node.ethereumResult("eth_getBlockByNumber", "latest", false) != .null)
  }

  @Test("other people's traffic fills blocks that can be proved, the same for the same seed")
  func traffic() async throws {
    let node = try makeEthereumNode()
    try node.mineTraffic(blocks: 3, transactions: 40, seed: 5)
    let again = try makeEthereumNode()
    try again.mineTraffic(blocks: 3, transactions: 40, seed: 5)
    #expect(node.tip == again.tip)
    for block in node.machine.canonical.dropFirst() {
      #expect(block.transactions.count == 40)
      #expect(block.outcomes.allSatisfy { $0.receipt.outcome == .succeeded })
      _ = try await node.proof(of: block.hash)
    }
    let tokens = Set(
      node.machine.canonical.flatMap(\.outcomes).flatMap(\.receipt.logs).map(\.address))
    #expect(tokens.count == 4)
  }
}
