import Addresses
import Bytes
import ChainSim
import ChainTypes
import Ethereum
import JSON
import NodeRPC
import Testing

@Suite("Blocks of a simulated EVM chain")
struct EthereumBlockTests {
  /// Blocks with every kind of transaction that the accounts can send.
  private func busyNode(_ options: EthereumChainOptions) throws -> SimulatedEthereumNode {
    let node = try makeEthereumNode(options: options, blocks: 1)
    let contracts = SimulatedContracts.self
    let (wei, to) = (try UInt256.ether(1), account(0x77))
    try node.send(.ether(wei, to: to))
    try node.send(.ether(wei, to: to).paying(.legacy(gasPrice: 3_000_000_000)).by(account: 1))
    try node.send(.ether(wei, to: to).paying(.accessList(gasPrice: 3_000_000_000)))
    try node.send(.token(contracts.usdc, 5, to: to))
    try node.send(.token(contracts.usdt, 6, to: to).by(account: 2))
    try node.send(.token(contracts.fake, 7, to: to))
    try node.send(EthereumOrder(to: nil, wei: 9, input: BuiltInContract.forwarder.code))
    try node.mine(
      extras: BlockExtras(withdrawals: [(recipient: account(0x11), gwei: 32_000_000_000)]))
    for function in [
      "forward", "forwardAndRevert", "innerReverts", "overdraw", "delegate", "callCode",
      "destroyInto",
    ] {
      try node.send(
        .calling(contracts.forwarder, "\(function)(address)", [.address(to)], wei: 1_000))
    }
    for index in 0..<300 {
      try node.send(.token(contracts.usdc, UInt256(UInt64(index)), to: to).by(account: 3))
    }
    try node.mine()
    return node
  }

  @Test(
    "every block passes verification: header, transactions, withdrawals and receipts",
    arguments: [EthereumChainOptions.Fork.prague, .amsterdam])
  func verification(fork: EthereumChainOptions.Fork) async throws {
    let node = try busyNode(EthereumChainOptions(fork: fork))
    let machine = node.machine
    #expect(machine.canonical.count == 4)
    for block in machine.canonical {
      let proof = try await node.proof(of: block.hash)
      #expect(proof.header == block.header)
      #expect(proof.transactionCount == block.transactions.count)
      for (index, known) in block.transactions.enumerated() {
        #expect(try proof.transaction(at: index)?.sender == known.sender)
        #expect(proof.transactionHash(at: index) == known.hash)
        #expect(try proof.receipt(at: index) == block.outcomes[index].receipt)
      }
      if block.number > 0 {
        let parent = try #require(machine.block(at: block.number - 1))
        #expect(block.header.parentHash == parent.hash)
        #expect(block.header.timestamp > parent.header.timestamp)
      }
    }
    #expect(machine.block(at: 2)?.withdrawals.count == 1)
    #expect(machine.head.transactions.count == 307)
  }

  @Test("an OP-stack chain's blocks begin with deposits, which are proved with the rest")
  func deposits() async throws {
    let node = try makeEthereumNode(
      options: EthereumChainOptions(chainID: 10, profile: .opStack), blocks: 1)
    let deposit = BlockExtras.Deposit(from: account(0x21), to: account(0x22), wei: 500)
    try node.send(.token(SimulatedContracts.usdc, 5, to: account(0x22)))
    let block = try #require(try node.mine(extras: BlockExtras(deposits: [deposit])).first)
    #expect(block.transactions.map(\.transaction.type) == [.deposit, .deposit, .dynamicFee])
    #expect(node.balance(of: account(0x22)) == 500)
    #expect(node.balance(of: account(0x21)) == .zero)
    let proof = try await node.proof(of: block.hash)
    let found = try proof.transfers(watching: WatchedAccounts(accounts: [account(0x22)]))
    #expect(found.map(\.value) == [500, 5])
    let receipt = try await node.ethereumResult(
      "eth_getTransactionReceipt", .hex(block.transactions[1].hash))
    #expect(receipt["depositNonce"] == "0x0")
    // Another block's deposits are its own.
    let new = try node.reorganize(depth: 1)
    #expect(new[0].transactions.map(\.transaction.type) == [.deposit, .dynamicFee])
    for block in new { _ = try await node.proof(of: block.hash) }
  }

  @Test(
    "a deposit of what its sender hasn't stands in its block as failed, and what it mints stays")
  func uncoveredDeposit() async throws {
    let node = try makeEthereumNode(
      options: EthereumChainOptions(chainID: 10, profile: .opStack), blocks: 1)
    let deposit = BlockExtras.Deposit(
      from: account(0x21), to: account(0x22), wei: 500, minting: 400)
    let block = try #require(try node.mine(extras: BlockExtras(deposits: [deposit])).first)
    #expect(node.balance(of: account(0x22)) == .zero)
    #expect(node.balance(of: account(0x21)) == 400)
    let found = try await node.proof(of: block.hash)
      .transfers(watching: WatchedAccounts(accounts: [account(0x22)]))
    #expect(found.map(\.value) == [500])
    #expect(found.map(\.hasFailed) == [true])
  }

  @Test("the state root is the root of the accounts, each of which its proof proves")
  func accounts() async throws {
    let node = try busyNode(EthereumChainOptions())
    let rich = SimulatedAccount.account(1).address
    for block in node.machine.canonical {
      for address in [account(0x77), account(0x11), account(0x99), rich, SimulatedContracts.usdc] {
        let answer = try await node.ethereumResult(
          "eth_getProof", .hex(address), [.hex(Hash32.zero)],
          .object([.init("blockHash", .hex(block.hash))]))
        let nodes = try #require(answer["accountProof"]?.elements).map { element in
          try Hex.decode((element.string ?? "").dropFirst(2))
        }
        let proved = try AccountState.verify(
          stateRoot: block.header.stateRoot, address: address, proof: nodes)
        #expect(proved == block.state.account(address))
        let slot = try #require(answer["storageProof"]?.elements?.first)
        let slotNodes = try #require(slot["proof"]?.elements).map { element in
          try Hex.decode((element.string ?? "").dropFirst(2))
        }
        let word = try AccountState.verify(
          storageRoot: proved.storageRoot, slot: .zero, proof: slotNodes)
        #expect(word == block.state.word(.zero, of: address))
      }
    }
    let funded = node.machine.head.state.account(account(0x11)).balance
    #expect(funded == (try UInt256.ether(32)))
  }

  @Test("no ether comes into being but by withdrawals, and none goes but the base fee")
  func conservation() throws {
    let node = try busyNode(EthereumChainOptions())
    var accounts: Set<EthereumAddress> = [BlockExtras.standardFeeRecipient, account(0x11)]
    for block in node.machine.canonical {
      for (known, outcome) in zip(block.transactions, block.outcomes) {
        accounts.insert(known.sender)
        if let to = known.transaction.recipient { accounts.insert(to) }
        if let created = outcome.createdContract { accounts.insert(created) }
        for frame in outcome.trace.calls { if let to = frame.to { accounts.insert(to) } }
      }
    }
    func total(_ block: SimulatedEthereumBlock) throws -> UInt256 {
      try accounts.reduce(UInt256.zero) { try $0.adding(block.state.account($1).balance) }
    }
    for number in 1..<UInt64(node.machine.canonical.count) {
      let before = try #require(node.machine.block(at: number - 1))
      let after = try #require(node.machine.block(at: number))
      let burnt = try (after.header.baseFeePerGas ?? .zero)
        .multiplied(by: UInt256(after.header.gasUsed))
      let withdrawn = try after.withdrawals.reduce(UInt256.zero) { try $0.adding($1.value) }
      #expect(try total(after).adding(burnt) == total(before).adding(withdrawn))
    }
  }

  @Test("the base fee follows EIP-1559")
  func baseFee() throws {
    var options = EthereumChainOptions(initialBaseFee: 80)
    options.gasLimit = 42_000
    let node = try makeEthereumNode(options: options)
    // Empty: an eighth less. Full at 42,000 of a target of 21,000: an eighth more.
    try node.mine(2)
    #expect(node.machine.head.header.baseFeePerGas == 62)
    try node.send(.ether(1, to: account(1)))
    try node.send(.ether(1, to: account(2)))
    try node.mine()
    #expect(node.machine.head.header.gasUsed == 42_000)
    #expect(node.machine.head.header.baseFeePerGas == 55)
    try node.mine()
    #expect(node.machine.head.header.baseFeePerGas == 61)
  }

  @Test("the same seed, times and calls make the same chain, and another seed another")
  func determinism() throws {
    let first = try busyNode(EthereumChainOptions())
    let second = try busyNode(EthereumChainOptions())
    #expect(first.tip == second.tip)
    let other = try makeEthereumNode(seed: 2, blocks: 1)
    #expect(other.machine.genesis.hash == first.machine.genesis.hash)
    #expect(other.tip.hash != first.machine.block(at: 1)?.hash)
    let elsewhere = try makeEthereumNode(options: EthereumChainOptions(chainID: 10))
    #expect(elsewhere.machine.genesis.hash != first.machine.genesis.hash)
  }
}
