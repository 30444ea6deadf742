import Addresses
import Bytes
import ChainSim
import ChainTypes
import Ethereum
import NodeRPC
import Testing

@Suite("What a simulated OP-stack chain takes besides gas")
struct EthereumL1FeeTests {
  private func makeNode() throws -> SimulatedEthereumNode {
    try makeEthereumNode(
      options: EthereumChainOptions(chainID: 10, profile: .opStack), blocks: 1)
  }

  /// What a block of these attributes takes besides gas.
  private func fee(
    of transaction: KnownEthereumTransaction, gasUsed: UInt64 = 21_000,
    in block: SimulatedEthereumBlock
  ) throws -> UInt256 {
    let fee = block.l1Attributes?.fee(of: transaction.encoded.span.bytes, gasUsed: gasUsed)
    return try #require(fee)
  }

  @Test("the fee that a proved block tells is what its sender lost, to the wei")
  func fees() async throws {
    let node = try makeNode()
    let sender = SimulatedAccount.account(1).address
    let orders: [EthereumOrder] = [
      .ether(7, to: account(9)), .token(SimulatedContracts.usdc, 5, to: account(9)),
      // Fails, and pays all the same.
      .token(SimulatedContracts.usdc, .max, to: account(9)),
      EthereumOrder.ether(0, to: account(9)).paying(.legacy(gasPrice: 9_000_000_000)),
    ]
    for order in orders {
      let before = node.balance(of: sender)
      try node.send(order.by(account: 1))
      try node.mine()
      let proof = try await node.proof(of: node.tip.hash)
      let sent = try #require(try proof.sent(by: [sender]).first)
      let fee = try #require(sent.fee)
      #expect(try node.balance(of: sender).adding(fee).adding(order.wei) == before)
      let block = node.machine.head
      let outcome = try #require(block.outcomes.last)
      let gas = try outcome.effectiveGasPrice.multiplied(by: UInt256(outcome.gasUsed))
      let more = try self.fee(
        of: #require(block.transactions.last), gasUsed: outcome.gasUsed, in: block)
      #expect(fee == (try gas.adding(more)))
      #expect(more > .zero)
    }
  }

  @Test("deposits of the same account pay nothing")
  func deposits() async throws {
    let node = try makeNode()
    let sender = SimulatedAccount.account(1).address
    let before = node.balance(of: sender)
    try node.mine(
      extras: BlockExtras(deposits: [
        BlockExtras.Deposit(from: sender, to: account(9), wei: 5, minting: .zero)
      ]))
    let proof = try await node.proof(of: node.tip.hash)
    #expect(try proof.sent(by: [sender]).map(\.fee) == [.zero])
    #expect(try node.balance(of: sender).adding(5) == before)
  }

  @Test("who can pay for gas alone is refused, in op-geth's words, and who can pay for all isn't")
  func funds() throws {
    let node = try makeNode()
    let sender = SimulatedAccount.account(2).address
    let price = UInt256(5_000_000_000)
    let gas = try price.multiplied(by: 21_000)
    func order(_ wei: UInt256) -> EthereumOrder {
      EthereumOrder.ether(wei, to: account(9)).by(account: 2).paying(.legacy(gasPrice: price))
    }
    let all = try node.balance(of: sender).subtracting(gas)
    let refusal = #expect(throws: EthereumRefusal.self) { try node.send(order(all)) }
    #expect(refusal?.message.hasPrefix("insufficient funds for gas * price + value") == true)
    // A signature that compresses otherwise changes nothing: the least size is charged for.
    let more = try fee(of: node.machine.transaction(order(all)), in: node.machine.head)
    #expect(throws: EthereumRefusal.self) {
      try node.send(order(try all.subtracting(more).adding(1)))
    }
    try node.send(order(try all.subtracting(more)))
  }

  @Test("a block refuses who could pay at the prices of the one before, and can't any more")
  func risen() throws {
    let node = try makeNode()
    let sender = SimulatedAccount.account(2).address
    let price = UInt256(5_000_000_000)
    let known = node.machine.transaction(
      EthereumOrder.ether(0, to: account(9)).by(account: 2).paying(.legacy(gasPrice: price)))
    let now = try fee(of: known, in: node.machine.head)
    let wei = try node.balance(of: sender).subtracting(price.multiplied(by: 21_000))
      .subtracting(now)
    try node.send(
      EthereumOrder.ether(wei, to: account(9)).by(account: 2).paying(.legacy(gasPrice: price)))
    try node.mine()
    // Prices rise from block 1 to 7, and fall again.
    #expect(node.machine.mempool.count == 1)
    #expect(node.balance(of: account(9)) == .zero)
    try node.mine(8)
    #expect(node.machine.mempool.count == 0)
    #expect(node.balance(of: account(9)) == wei)
  }

  @Test("the first transaction of the head tells what is taken, also over JSON-RPC")
  func firstTransaction() async throws {
    let node = try makeNode()
    let client = EthereumNode(
      name: "simulated", transport: node, clock: NotingClock(), policy: .once, jitterSeed: 1)
    try node.send(.ether(7, to: account(9)))
    try node.mine()
    let answer = try await client.firstTransaction()
    let attributes = L1Attributes(try EthereumTransaction(json: answer.span.bytes))
    #expect(attributes != nil)
    #expect(attributes == node.machine.head.l1Attributes)
    try node.mine()
    #expect(node.machine.head.l1Attributes != attributes)

    let other = EthereumNode(
      name: "simulated", transport: try makeEthereumNode(blocks: 1), clock: NotingClock(),
      policy: .once, jitterSeed: 1)
    await #expect(throws: NodeError.self) { try await other.firstTransaction() }
  }
}
