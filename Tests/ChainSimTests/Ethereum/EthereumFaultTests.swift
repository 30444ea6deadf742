import Addresses
import Bytes
import ChainSim
import ChainTypes
import Ethereum
import JSON
import NodeRPC
import Testing

@Suite("Faults of an EVM node on demand")
struct EthereumFaultTests {
  /// A node whose head pays twice by tokens, once by ether, and has a withdrawal.
  private func makeNode(
    clock: any RPCClock = NotingClock()
  ) throws -> SimulatedEthereumNode {
    let node = try makeEthereumNode(blocks: 5, clock: clock)
    try node.send(.token(SimulatedContracts.usdc, 5, to: account(1)))
    try node.send(.token(SimulatedContracts.usdt, 6, to: account(2)))
    try node.mine()
    try node.send(.ether(3, to: account(3)))
    try node.send(.token(SimulatedContracts.usdc, 7, to: account(1)))
    try node.send(.token(SimulatedContracts.usdt, 8, to: account(2)))
    try node.mine(extras: BlockExtras(withdrawals: [(recipient: account(4), gwei: 9)]))
    return node
  }

  private static let everyBlockForgery: [EthereumBlockForgery] = [
    .anotherBlock, .stateRoot, .transactionsRoot, .receiptsRoot, .withdrawalsRoot, .logsBloom,
    .timestamp, .parentHash, .rehashed, .unknownMember, .missingTransaction, .withdrawal,
  ]

  @Test("a forged block isn't proved, and the next answer is", arguments: everyBlockForgery)
  func blocks(forgery: EthereumBlockForgery) async throws {
    let node = try makeNode()
    let hash = node.tip.hash
    node.inject(.forgedBlock(forgery), count: 1)
    let error = await #expect(throws: BlockProofError.self) { try await node.proof(of: hash) }
    #expect(error?.isUnverifiable == (forgery == .unknownMember))
    #expect(try await node.proof(of: hash).hash == hash)
  }

  @Test(
    "a block that was made wrong isn't proved by its own hash",
    arguments: [UnsoundBlock.transactionsRoot, .receiptsRoot, .withdrawalsRoot, .gasUsed])
  func unsoundBlocks(lie: UnsoundBlock) async throws {
    let node = try makeEthereumNode(blocks: 1)
    try node.send(.token(SimulatedContracts.usdc, 5, to: account(1)))
    let block = node.mine(unsound: lie)
    #expect(node.tip == block.ref)
    await #expect(throws: BlockProofError.self) { try await node.proof(of: block.hash) }
    try node.mine()
    #expect(try await node.proof(of: node.tip.hash).header.parentHash == block.hash)
  }

  @Test("an invented transfer can be proved, and only other nodes know better")
  func inventedTransfer() async throws {
    let node = try makeEthereumNode(blocks: 1)
    try node.send(.token(SimulatedContracts.usdc, 5, to: account(1)))
    let usdc = SimulatedContracts.usdc
    let block = node.mine(unsound: .inventedTransfer(contract: usdc, to: account(9), 77))
    let proof = try await node.proof(of: block.hash)
    let watching = WatchedAccounts(accounts: [account(9)])
    #expect(try proof.transfers(watching: watching).map(\.value) == [77])
    #expect(node.balance(of: account(9), in: usdc) == .zero)
  }

  @Test(
    "a forged transaction isn't proved",
    arguments: [
      TransactionForgery.recipient(account(9)), .value(99), .input([1, 2]), .unknownType,
    ])
  func transactions(forgery: TransactionForgery) async throws {
    let node = try makeNode()
    node.inject(.forgedTransaction(forgery))
    await #expect(throws: BlockProofError.self) { try await node.proof(of: node.tip.hash) }
  }

  @Test("a sender that didn't sign isn't believed")
  func sender() async throws {
    let node = try makeEthereumNode(blocks: 1)
    try node.send(.ether(3, to: account(3)))
    try node.mine()
    node.inject(.forgedTransaction(.sender(account(9))))
    let proof = try await node.proof(of: node.tip.hash)
    let found = try proof.transfers(watching: WatchedAccounts(accounts: [account(3)]))
    #expect(found.map(\.value) == [3])
    #expect(found.first?.from != account(9))
  }

  private static let everyReceiptForgery: [ReceiptForgery] = [
    .empty, .missing, .extra, .status, .bloom, .gas, .logRecipient(account(9)), .logValue(99),
    .missingLog, .addedTransfer(contract: SimulatedContracts.usdc, to: account(9), 99),
    .reversed, .unknownType,
  ]

  @Test("forged receipts aren't proved", arguments: everyReceiptForgery)
  func receipts(forgery: ReceiptForgery) async throws {
    let node = try makeNode()
    node.inject(.forgedReceipts(forgery))
    await #expect(throws: BlockProofError.self) { try await node.proof(of: node.tip.hash) }
    node.removeAllFaults()
    _ = try await node.proof(of: node.tip.hash)
  }

  @Test("null in place of receipts and blocks, as often as was asked for")
  func nulls() async throws {
    let node = try makeNode()
    let hash = JSONValue.hex(node.tip.hash)
    node.inject(.nullReceipts, method: "eth_getBlockReceipts", count: 1)
    node.inject(.nullBlocks, count: 1)
    #expect(try await node.ethereumResult("eth_getBlockReceipts", hash) == .null)
    #expect(try await node.ethereumResult("eth_getBlockByHash", hash, false) == .null)
    _ = try await node.proof(of: node.tip.hash)
  }

  private func logs(_ node: SimulatedEthereumNode) async throws -> [JSONValue] {
    let all = JSONValue.object([.init("fromBlock", "0x0"), .init("toBlock", "latest")])
    return try #require(try await node.ethereumResult("eth_getLogs", all).elements)
  }

  @Test("logs can be missing, cut off, removed, misplaced or made up")
  func logs() async throws {
    let node = try makeNode()
    #expect(try await logs(node).count == 4)
    node.inject(.emptyLogs, count: 1)
    #expect(try await logs(node).isEmpty)
    node.inject(.truncatedLogs(keeping: 3), count: 1)
    #expect(try await logs(node).count == 3)
    node.inject(.forgedLogs(.only(from: 7)), count: 1)
    #expect(try await logs(node).count == 2)
    node.inject(.forgedLogs(.removed), count: 1)
    #expect(try await logs(node).allSatisfy { $0["removed"] == true })
    node.inject(
      .forgedLogs(.addedTransfer(contract: SimulatedContracts.usdc, to: account(9), 1)), count: 1)
    #expect(try await logs(node).count == 5)
    node.inject(.forgedLogs(.misplaced), count: 1)
    #expect(try await logs(node).first?["logIndex"] == "0x3e8")
  }

  @Test(
    "every provider refuses too large a range in its own words",
    arguments: [
      LogLimit.Provider.geth, .infura, .alchemy, .quickNode, .reth, .rethSuggestingTheSame,
    ])
  func limits(provider: LogLimit.Provider) async throws {
    let node = try makeNode()
    let filter = JSONValue.object([.init("fromBlock", "0x0"), .init("toBlock", "latest")])
    func refusal() async throws -> LogRefusal {
      let error = try await node.ethereumError("eth_getLogs", filter)
      return LogRefusal(RPCError.node(error), asking: 0...7)
    }
    node.inject(.logLimit(LogLimit(provider, blocks: 3)))
    guard case .tooMuch = try await refusal() else {
      Issue.record("not understood as too many blocks")
      return
    }
    node.removeAllFaults()
    node.inject(.logLimit(LogLimit(provider, results: 2)))
    let tooMany = try await refusal()
    switch provider {
    case .alchemy, .reth: #expect(tooMany == .tooMuch(hint: 7))
    case .rethSuggestingTheSame: #expect(tooMany == .tooMuch(hint: 8))
    default: #expect(tooMany == .tooMuch(hint: nil))
    }
    node.removeAllFaults()
    node.inject(.logLimit(LogLimit(provider, blocks: 8, results: 4)))
    #expect(try await logs(node).count == 4)
  }

  @Test("a node can be of another chain, behind, syncing, or without a method")
  func standing() async throws {
    let node = try makeNode()
    node.inject(.wrongChainID(5))
    #expect(try await node.ethereumResult("eth_chainId") == "0x5")
    #expect(try await node.ethereumResult("net_version") == "5")
    node.inject(Fault(.laggingTip(blocks: 2)))
    #expect(try await node.ethereumResult("eth_blockNumber") == "0x5")
    #expect(try await node.ethereumResult("eth_getBlockByNumber", "0x6", false) == .null)
    #expect(
      try await node.ethereumResult("eth_getBlockByHash", .hex(node.tip.hash), false) == .null)
    node.inject(.syncing)
    #expect(try await node.ethereumResult("eth_syncing")["highestBlock"] == "0x8")
    node.inject(.methodUnavailable, method: "eth_getBlockReceipts")
    #expect(try await node.ethereumError("eth_getBlockReceipts", "latest").code == -32601)
    node.inject(.noFinality)
    #expect(
      try await node.ethereumError("eth_getBlockByNumber", "finalized", false).message
        == "finalized block not found")
  }

  @Test("a preconfirmation is a receipt whose block nobody has")
  func preconfirmation() async throws {
    let node = try makeNode()
    let known = try node.send(.ether(1, to: account(1)))
    #expect(try await node.ethereumResult("eth_getTransactionReceipt", .hex(known.hash)) == .null)
    node.inject(.preconfirmedReceipts)
    let receipt = try await node.ethereumResult("eth_getTransactionReceipt", .hex(known.hash))
    #expect(receipt["status"] == "0x1")
    let hash = try #require(receipt["blockHash"])
    #expect(try await node.ethereumResult("eth_getBlockByHash", hash, false) == .null)
  }

  @Test("the finalized tag can name a block that isn't in the chain")
  func wrongFinalized() async throws {
    let node = try makeEthereumNode(blocks: 12)
    node.inject(.wrongFinalized)
    let named = try await node.ethereumResult("eth_getBlockByNumber", "finalized", false)
    let there = try await node.ethereumResult(
      "eth_getBlockByNumber", try #require(named["number"]), false)
    #expect(named["hash"] != there["hash"])
  }

  @Test("traces can lie, and so can proofs, which then prove nothing")
  func tracesAndProofs() async throws {
    let node = try makeNode()
    func trace() async throws -> [JSONValue] {
      let tracer = JSONValue.object([.init("tracer", "callTracer")])
      let answer = try await node.ethereumResult(
        "debug_traceBlockByHash", .hex(node.tip.hash), tracer)
      return try #require(answer.elements)
    }
    node.inject(.forgedTraces(.phantom(to: account(9), 77)), count: 1)
    let phantom = try await trace().last?["result"]?["calls"]?.elements?.last
    #expect(phantom?["to"] == .hex(account(9)))
    #expect(phantom?["value"] == "0x4d")
    node.inject(.forgedTraces(.missing), count: 1)
    #expect(try await trace().count == 2)

    func asked(_ address: EthereumAddress) async throws -> (AccountState?, claimed: JSONValue?) {
      let answer = try await node.ethereumResult("eth_getProof", .hex(address), [], "latest")
      let nodes = try #require(answer["accountProof"]?.elements).map { element in
        try Hex.decode((element.string ?? "").dropFirst(2))
      }
      let root = node.machine.head.header.stateRoot
      let proved = try? AccountState.verify(stateRoot: root, address: address, proof: nodes)
      return (proved, answer["balance"])
    }
    let payee = account(3)
    #expect(try await asked(payee).0?.balance == 3)
    for forgery in [ProofForgery.truncated, .flippedBit, .parentState] {
      node.inject(.forgedProof(forgery), count: 1)
      #expect(try await asked(payee).0 == nil)
    }
    node.inject(.forgedProof(.balance(99)), count: 1)
    let lie = try await asked(payee)
    #expect(lie.0?.balance == 3)
    #expect(lie.claimed == "0x63")
    node.inject(.prunedState(depth: 0))
    let error = try await node.ethereumError("eth_getProof", .hex(payee), [], "0x1")
    #expect(error.code == -32000)
  }

  @Test("requests fail as a provider's do: too many, slow, cut off")
  func requests() async throws {
    let clock = NotingClock()
    let node = try makeNode(clock: clock)
    let request = Array(#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}"#.utf8)
    func post() async throws -> RPCResponse {
      try await node.post(request, timeoutMilliseconds: 500, maximumBytes: 1 << 20)
    }
    node.inject(Fault(.httpStatus(429, text: "Too Many Requests"), count: 1))
    #expect(try await post().status == 429)
    node.inject(Fault(.slow(milliseconds: 700), count: 1))
    await #expect(throws: TransportError.timedOut) { try await post() }
    #expect(clock.sleeps == [500])
    node.inject(Fault(.body(.truncated), count: 1))
    let half = try await post().body
    #expect(throws: JSONError.self) { try JSONValue(parsing: half) }
    #expect(try JSONValue(parsing: try await post().body)["result"] == "0x7")
  }
}
