import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import NodeRPC
import Payments
import Settlement
import Testing
import Watching

@Suite("One address on several EVM chains")
struct EthereumSiblingTests {
  @Test("money on a sibling chain is told as misdirected and pays nothing, the same asset or not")
  func misdirected() async throws {
    let scene = try await EthereumScene([
      EthereumChainOptions(), EthereumChainOptions(chainID: 8_453, profile: .opStack),
    ])
    let payment = try await scene.pay("USDC", 5_000)
    let sibling = scene.chains[1].nodes[0]
    try sibling.send(.token(SimulatedContracts.usdc, 5_000, to: payment.address))
    try sibling.send(.ether(700, to: payment.address))
    try await scene.mine(6, on: 1)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.load(payment).transfers == [])
    #expect(try await scene.eventCount("transfer.misdirected") == 2)

    try scene.node.send(.token(SimulatedContracts.usdc, 5_000, to: payment.address))
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.load(payment).received == 5_000)
  }

  @Test(
    "tokens that come on a chain whose transactions can't be proved are told, and its coin isn't",
    arguments: [ProofProfile.arbitrum, .polygon])
  func watchedOnly(_ profile: ProofProfile) async throws {
    let scene = try await EthereumScene([
      EthereumChainOptions(), EthereumChainOptions(chainID: 137, profile: profile),
    ])
    let other = scene.chains[1]
    await #expect(throws: PaymentRefusal.chainNotCredited(other.spec.name.text)) {
      _ = try await scene.pay("USDC", 5_000, on: 1)
    }
    let payment = try await scene.pay("USDC", 5_000)
    try other.nodes[0].send(.token(SimulatedContracts.usdc, 5_000, to: payment.address))
    try other.nodes[0].send(.ether(700, to: payment.address))
    try await scene.mine(80, on: 1)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == ["log:0 final 5000"])
    #expect(try await scene.eventCount("transfer.misdirected") == 1)
    // What a reorg takes is told, too.
    #expect(try await scene.database.read { try ReplayCheck.differences(in: $0) } == [])
  }

  @Test("a payment replays from its facts, whatever else its address was paid")
  func replay() async throws {
    let scene = try await EthereumScene([EthereumChainOptions(profile: .opStack)])
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.token(SimulatedContracts.usdc, 5_000, to: payment.address))
    try scene.node.send(.ether(700, to: payment.address))
    let deposit = BlockExtras.Deposit(
      from: BlockExtras.standardDepositor, to: try payment.address, wei: 600, minting: 0)
    try await scene.mine(12, extras: BlockExtras(deposits: [deposit]))
    #expect(try await scene.status(payment) == .settled)
    #expect(
      try await scene.transfers() == ["log:0 final 5000", "value failed 600", "value final 700"])
    #expect(try await scene.database.read { try ReplayCheck.differences(in: $0) } == [])
  }

  @Test("one transaction hash on two chains is two transfers")
  func sameHash() async throws {
    // Without a chain's id in its signature a transaction is the same everywhere; here the fork of
    // one chain into two makes them so.
    let scene = try await EthereumScene([
      EthereumChainOptions(), EthereumChainOptions(genesisTime: 1_700_000_001),
    ])
    let payment = try await scene.pay("ETH", 700)
    let known = try scene.node.send(.ether(700, to: payment.address))
    _ = try scene.chains[1].nodes[0].accept(known)
    for chain in scene.chains { try chain.nodes[0].mine(12) }
    try await scene.share()
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.load(payment).received == 700)
    #expect(try await scene.transfers() == ["value final 700", "value final 700"])
    #expect(try await scene.eventCount("transfer.misdirected") == 1)
  }

  @Test("a node of the sibling chain never votes or serves", arguments: [1 as UInt64, 8_453])
  func otherChain(chainID: UInt64) async throws {
    let scene = try await EthereumScene()
    scene.chain.nodes[2].inject(.wrongChainID(chainID))
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .settled)
    #expect(scene.chain.pool.status()[2].quarantine != nil)
  }

  @Test("an address is handed out only when all chains' watchers watch it")
  func barrier() async throws {
    let scene = try await EthereumScene([
      EthereumChainOptions(), EthereumChainOptions(chainID: 8_453),
    ])
    for node in scene.chains[1].nodes { node.inject(Fault(.connectionDropped)) }
    _ = try await scene.pay("USDC", 1)
    let pool = AddressPool(database: scene.database, ready: 20)
    _ = try await pool.fill(scene.chain.spec.family)
    for _ in 0..<7 { _ = try await scene.pay("USDC", 1) }
    _ = try await scene.chain.watcher.step()
    await #expect(throws: PaymentRefusal.noAddressReady(chain: scene.chain.spec.name.text)) {
      try await scene.pay("USDC", 1)
    }
    _ = try await scene.chains[1].watcher.step()
    _ = try await scene.pay("USDC", 1)
  }

  @Test("payments on an OP-stack chain settle, those that its parent chain deposits too")
  func opStack() async throws {
    let scene = try await EthereumScene([
      EthereumChainOptions(chainID: 8_453, profile: .opStack)
    ])
    let tokens = try await scene.pay("USDC", 5_000)
    let deposited = try await scene.pay("ETH", 700)
    let inner = try await scene.pay("ETH", 800)
    try scene.node.send(.token(SimulatedContracts.usdc, 5_000, to: tokens.address))
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forward(address)", [.address(inner.address)], wei: 800))
    let deposit = BlockExtras.Deposit(
      from: BlockExtras.standardFeeRecipient, to: try deposited.address, wei: 700)
    try await scene.mine(12, extras: BlockExtras(deposits: [deposit]))
    for payment in [tokens, deposited, inner] {
      #expect(try await scene.status(payment) == .settled)
    }
    #expect(
      try await scene.transfers() == ["log:0 final 5000", "trace:0 final 800", "value final 700"])
  }

  @Test("an OP-stack node that lies about receipts of deposits is found out")
  func opStackLies() async throws {
    let scene = try await EthereumScene([
      EthereumChainOptions(chainID: 8_453, profile: .opStack)
    ])
    scene.node.inject(.forgedReceipts(.status))
    let payment = try await scene.pay("ETH", 700)
    let deposit = BlockExtras.Deposit(
      from: BlockExtras.standardFeeRecipient, to: try payment.address, wei: 700)
    try await scene.mine(12, extras: BlockExtras(deposits: [deposit]))
    try await scene.followThroughTrouble()
    #expect(try await scene.status(payment) == .settled)
    #expect(scene.chain.pool.status()[0].quarantine != nil)
  }
}
