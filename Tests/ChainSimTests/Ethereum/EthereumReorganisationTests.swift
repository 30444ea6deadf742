import Bytes
import ChainSim
import ChainTypes
import Ethereum
import JSON
import NodeRPC
import Testing

@Suite("Waiting and reorganised transactions of a simulated EVM chain")
struct EthereumReorganisationTests {
  @Test("a transaction with the nonce of one that waits replaces it for a tenth more")
  func replacement() throws {
    let node = try makeEthereumNode(blocks: 1)
    let first = try node.send(.ether(5, to: account(1)))
    let nonce = first.transaction.nonce
    #expect(throws: EthereumRefusal.replacementUnderpriced) {
      try node.send(EthereumOrder.ether(6, to: account(1)).withNonce(nonce))
    }
    #expect(throws: EthereumRefusal.alreadyKnown) { try node.accept(first) }
    let second = try node.replace(first.hash, by: .ether(6, to: account(2)))
    #expect(node.machine.mempool[first.hash] == nil)
    #expect(node.machine.mempool[second.hash] == second)
    try node.mine()
    #expect(node.balance(of: account(1)) == .zero)
    #expect(node.balance(of: account(2)) == 6)
    #expect(throws: EthereumRefusal.nonceTooLow(next: nonce + 1, transaction: nonce)) {
      try node.accept(first)
    }
  }

  @Test("a nonce that is ahead waits until the gap is closed")
  func gap() throws {
    let node = try makeEthereumNode()
    try node.send(EthereumOrder.ether(1, to: account(1)).withNonce(1))
    #expect(try node.mine().first?.transactions.isEmpty == true)
    try node.send(.ether(2, to: account(1)))
    #expect(try node.mine().first?.transactions.map(\.transaction.nonce) == [0, 1])
  }

  @Test("what a transaction must meet is said in geth's words")
  func refusals() async throws {
    let node = try makeEthereumNode()
    func refusal(_ order: EthereumOrder) -> String? {
      do throws(EthereumRefusal) {
        try node.send(order)
        return nil
      } catch {
        return error.message
      }
    }
    let plain = EthereumOrder.ether(1, to: account(1))
    #expect(
      refusal(plain.withGasLimit(20_999))
        == "intrinsic gas too low: gas 20999, minimum needed 21000")
    #expect(refusal(plain.withGasLimit(60_000_001)) == "exceeds block gas limit")
    #expect(refusal(.ether(.max, to: account(1)))?.hasPrefix("insufficient funds for gas") == true)
    let foreign = try makeEthereumNode(options: EthereumChainOptions(chainID: 10))
    #expect(
      throws: EthereumRefusal.wrongChain(have: 10, want: 1_337)
    ) { try node.accept(foreign.transaction(plain)) }
    let error = try await node.ethereumError("eth_sendRawTransaction", "0x02")
    #expect(error.message == "typed transaction too short")
  }

  @Test("a raw transaction is taken, found waiting, and then in its block")
  func rawTransaction() async throws {
    let node = try makeEthereumNode(blocks: 1)
    let known = node.transaction(.ether(5, to: account(1)))
    let raw = JSONValue.string("0x" + Hex.encode(known.encoded))
    #expect(try await node.ethereumResult("eth_sendRawTransaction", raw) == .hex(known.hash))
    #expect(try await node.ethereumError("eth_sendRawTransaction", raw).message == "already known")
    let waiting = try await node.ethereumResult("eth_getTransactionByHash", .hex(known.hash))
    #expect(waiting["blockHash"] == .null)
    #expect(waiting["from"] == .hex(known.sender))
    #expect(try await node.ethereumResult("eth_getTransactionReceipt", .hex(known.hash)) == .null)
    let pending = try await node.ethereumResult("eth_getBlockByNumber", "pending", true)
    #expect(pending["hash"] == .null)
    #expect(pending["transactions"]?.elements?.first?["hash"] == .hex(known.hash))
    try node.mine()
    let mined = try await node.ethereumResult("eth_getTransactionByHash", .hex(known.hash))
    #expect(mined["blockHash"] == .hex(node.tip.hash))
    let receipt = try await node.ethereumResult("eth_getTransactionReceipt", .hex(known.hash))
    #expect(receipt["status"] == "0x1")
  }

  @Test("a reorganisation mines its transactions anew, in another block and another order")
  func minedAnew() async throws {
    let node = try makeEthereumNode(blocks: 2)
    let first = try node.send(.token(SimulatedContracts.usdc, 5, to: account(1)))
    let second = try node.send(.token(SimulatedContracts.usdc, 6, to: account(2)).by(account: 1))
    let old = try #require(try node.mine().first)
    let new = try node.reorganize(depth: 1, transactions: .mined(reversed: true))
    #expect(new.count == 2)
    #expect(new[0].hash != old.hash)
    #expect(new[0].transactions == [second, first])
    #expect(node.tip == new[1].ref)
    // The block that was left can still be asked for, and proved.
    #expect(try await node.proof(of: old.hash).header == old.header)
    for block in new { _ = try await node.proof(of: block.hash) }
    let receipt = try await node.ethereumResult("eth_getTransactionReceipt", .hex(first.hash))
    #expect(receipt["blockHash"] == .hex(new[0].hash))
    #expect(receipt["logs"]?.elements?.first?["logIndex"] == "0x1")
  }

  @Test("a reorganisation can leave transactions waiting, drop them, or put others in their place")
  func fates() throws {
    let node = try makeEthereumNode(blocks: 1)
    let known = try node.send(.ether(5, to: account(1)))
    try node.mine()
    try node.reorganize(depth: 1, transactions: .pending)
    #expect(node.machine.mempool[known.hash] == known)
    #expect(node.balance(of: account(1)) == .zero)
    try node.mine()
    #expect(node.balance(of: account(1)) == 5)
    try node.reorganize(depth: 1, transactions: .dropped)
    #expect(node.machine.mempool.count == 0)
    #expect(node.balance(of: account(1)) == .zero)

    let paid = try node.send(.ether(5, to: account(1)))
    try node.mine()
    let conflict = node.transaction(
      EthereumOrder.ether(7, to: account(2)).withNonce(paid.transaction.nonce))
    try node.reorganize(
      depth: 1, transactions: .mined(except: [paid.hash]), including: [conflict])
    #expect(node.balance(of: account(1)) == .zero)
    #expect(node.balance(of: account(2)) == 7)
    #expect(node.machine.place(of: paid.hash) == nil)
  }

  @Test("the tags follow the head, and a deeper reorganisation changes the finalized hash")
  func tags() async throws {
    let node = try makeEthereumNode(blocks: 12)
    func tagged(_ tag: String) async throws -> JSONValue? {
      try await node.ethereumResult("eth_getBlockByNumber", .string(tag), false)["number"]
    }
    #expect(try await tagged("safe") == "0x8")
    #expect(try await tagged("finalized") == "0x4")
    let finalized = node.machine.finalized
    try node.reorganize(depth: 3)
    #expect(node.machine.finalized.number == 5)
    try node.reorganize(depth: 10)
    #expect(node.machine.finalized.number == 6)
    #expect(node.machine.block(at: finalized.number)?.hash != finalized.hash)
    node.finalize(9, safe: 11)
    #expect(try await tagged("safe") == "0xb")
    #expect(try await tagged("finalized") == "0x9")
  }

  @Test("nodes that were apart agree on the higher branch when they hear each other again")
  func network() throws {
    let first = try makeEthereumNode(blocks: 2)
    let second = first.copy(name: "second", seed: 9)
    let network = SimulatedNetwork([first, second])
    network.partition([[0], [1]])
    let paid = try first.send(.ether(5, to: account(1)))
    try first.mine()
    try second.mine(2)
    #expect(network.propagate() == 0)
    #expect(first.tip != second.tip)
    network.heal()
    network.propagate()
    #expect(first.tip == second.tip)
    #expect(first.tip.height == 4)
    // What the branch that was left had mined waits again, on both.
    #expect(first.machine.mempool[paid.hash] == paid)
    #expect(second.machine.mempool[paid.hash] == paid)
    network.setLagging(1, true)
    try first.mine()
    network.propagate()
    #expect(second.tip.height == 4)
    #expect(first.balance(of: account(1)) == 5)
  }

  @Test("a branch that would undo the finalized block isn't followed")
  func finality() throws {
    let options = EthereumChainOptions(safeDepth: 1, finalizedDepth: 2)
    let node = try makeEthereumNode(options: options, blocks: 1)
    let rival = node.copy(name: "rival", seed: 9)
    try node.mine(4)
    try rival.mine(9)
    SimulatedNetwork([node, rival]).propagate()
    #expect(node.tip.height == 5)
    #expect(rival.tip.height == 10)
  }
}
