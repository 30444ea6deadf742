import Addresses
import Bytes
import ChainSim
import ChainTypes
import NodeRPC
import Payments
import Settlement
import Testing
import Watching

/// Nodes that say what isn't so: one among three of which two must agree, and one alone.
@Suite("EVM nodes that lie")
struct EthereumLyingNodeTests {
  private static let stranger = BlockExtras.standardFeeRecipient

  private static let faults: [EthereumFault] =
    ([
      .anotherBlock, .stateRoot, .transactionsRoot, .receiptsRoot, .withdrawalsRoot, .logsBloom,
      .timestamp, .parentHash, .rehashed, .unknownMember, .missingTransaction, .hashesOnly,
      .withdrawal,
    ] as [EthereumBlockForgery]).map { .forgedBlock($0) }
    + ([
      .recipient(stranger), .value(99), .input([1, 2]), .unknownType,
    ] as [TransactionForgery]).map { .forgedTransaction($0) }
    + ([
      .empty, .missing, .extra, .status, .bloom, .gas, .logRecipient(stranger), .logValue(99),
      .missingLog, .addedTransfer(contract: SimulatedContracts.usdc, to: stranger, 99), .reversed,
      .blockHash, .unknownType,
    ] as [ReceiptForgery]).map { .forgedReceipts($0) }
    + [
      .nullReceipts, .nullBlocks, .emptyLogs, .truncatedLogs(keeping: 0), .prunedState(depth: 0),
      .noFinality, .syncing, .wrongChainID(5), .wrongFinalized, .preconfirmedReceipts,
    ]

  /// A payment of each kind, all of which are on their way.
  private func payments(_ scene: EthereumScene) async throws -> [Payment] {
    let tokens = try await scene.pay("USDC", 5_000)
    let ether = try await scene.pay("ETH", 600)
    let inner = try await scene.pay("ETH", 700)
    try scene.node.send(.token(SimulatedContracts.usdc, 5_000, to: tokens.address))
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forward(address)", [.address(inner.address)], wei: 700))
    // The last in its block, which forgeries change.
    try scene.node.send(.ether(600, to: ether.address))
    return [tokens, ether, inner]
  }

  @Test(
    "with one lying node among three, all that is true is credited and nothing else",
    arguments: faults, [0, 2])
  func oneAmongThree(fault: EthereumFault, liar: Int) async throws {
    let scene = try await EthereumScene()
    scene.chain.nodes[liar].inject(fault)
    let payments = try await payments(scene)
    try await scene.mine()
    try await scene.mine(11)
    let report = try await scene.followThroughTrouble()
    #expect(report.hold == nil)
    #expect(report.tip == scene.node.tip)
    for payment in payments { #expect(try await scene.status(payment) == .settled) }
    #expect(
      try await scene.transfers() == ["log:0 final 5000", "trace:0 final 700", "value final 600"])
    #expect(try await scene.halt() == nil)
  }

  private static let hidingFaults: [EthereumFault] = faults.filter {
    switch $0 {
    // These touch nothing that proves a block.
    case .emptyLogs, .truncatedLogs, .prunedState, .noFinality, .wrongFinalized,
      .preconfirmedReceipts, .forgedBlock(.withdrawal):
      false
    // Nothing of it is proved by these, and nothing false is believed.
    case .forgedReceipts(.blockHash): false
    default: true
    }
  }

  @Test(
    "a lying node alone credits nothing: the watcher holds until the node says what can be proved",
    arguments: hidingFaults)
  func alone(fault: EthereumFault) async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payments = try await payments(scene)
    let id = scene.node.inject(fault)
    try await scene.mine(10)
    let report = try await scene.follow()[0]
    #expect(report.hold != nil)
    #expect(report.tip != scene.node.tip)
    for payment in payments { #expect(try await scene.status(payment) == .open) }
    #expect(try await scene.transfers() == [])

    scene.node.removeFault(id)
    scene.chain.pool.release(0)
    scene.pass(seconds: 3_600)
    try await scene.follow()
    for payment in payments { #expect(try await scene.status(payment) != .open) }
  }

  @Test("who serves what can't be true neither votes nor serves for a while")
  func quarantined() async throws {
    let scene = try await EthereumScene()
    scene.node.inject(.forgedReceipts(.logValue(99)))
    _ = try await payments(scene)
    try await scene.mine()
    let statuses = scene.chain.pool.status()
    #expect(statuses[0].quarantine?.reason.contains("receiptsRoot") == true)
    #expect(statuses.dropFirst().allSatisfy { $0.quarantine == nil })
    scene.pass(seconds: 3_601)
    scene.node.removeAllFaults()
    try await scene.mine()
    #expect(scene.chain.pool.status()[0].quarantine == nil)
  }

  @Test("the sender is the signature's, whomever a node names")
  func sender() async throws {
    let scene = try await EthereumScene()
    scene.node.inject(.forgedTransaction(.sender(Self.stranger)))
    let payment = try await scene.pay("ETH", 600)
    try scene.node.send(.ether(600, to: payment.address))
    try await scene.mine(2)
    #expect(scene.chain.pool.status()[0].quarantine == nil)
    #expect(try await scene.status(payment) == .paid)
  }

  @Test("a node that names a watched address as sender takes nothing from its payment")
  func watchedSender() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700)
    scene.node.inject(.forgedTransaction(.sender(try payment.address)))
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forward(address)", [.address(payment.address)], wei: 700))
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .settled)
  }

  @Test(
    "a type of transaction that nobody knows is unverifiable: it credits nothing and accuses nobody"
  )
  func unknownType() async throws {
    let scene = try await EthereumScene()
    for node in scene.chain.nodes { node.inject(.forgedTransaction(.unknownType)) }
    let payments = try await payments(scene)
    try await scene.mine(4)
    #expect(try await scene.follow()[0].hold != nil)
    for payment in payments { #expect(try await scene.status(payment) == .open) }
    #expect(scene.chain.pool.status().allSatisfy { $0.quarantine == nil })
  }

  @Test(
    "an empty list of receipts from a node that lags isn't believed, and the payment isn't lost")
  func emptyReceipts() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payment = try await scene.pay("USDC", 5_000)
    scene.node.inject(.forgedReceipts(.empty), method: "eth_getBlockReceipts", count: 1)
    try scene.node.send(.token(SimulatedContracts.usdc, 5_000, to: payment.address))
    try await scene.mine(3)
    #expect(try await scene.status(payment) == .open)
    scene.pass(seconds: 60)
    try await scene.follow()
    #expect(try await scene.status(payment) == .paid)
  }

  @Test("single receipts serve where a node has no others, and prove as much")
  func singleReceipts() async throws {
    let scene = try await EthereumScene()
    for node in scene.chain.nodes {
      node.inject(.methodUnavailable, method: "eth_getBlockReceipts")
    }
    scene.chain.nodes[1].inject(.forgedReceipts(.status))
    let payments = try await payments(scene)
    try await scene.mine(12)
    try await scene.followThroughTrouble()
    for payment in payments { #expect(try await scene.status(payment) == .settled) }
  }

  @Test("a receipt before its block is no receipt: nothing is credited until a block is proved")
  func preconfirmed() async throws {
    let scene = try await EthereumScene()
    for node in scene.chain.nodes {
      node.inject(.preconfirmedReceipts)
      node.inject(.methodUnavailable, method: "eth_getBlockReceipts")
    }
    let payments = try await payments(scene)
    scene.chain.network.propagate()
    try await scene.follow()
    for payment in payments { #expect(try await scene.status(payment) == .open) }
    #expect(try await scene.transfers() == [])
    try await scene.mine(2)
    for payment in payments { #expect(try await scene.status(payment) == .paid) }
  }

  @Test("a block that only its maker believes in isn't followed, whatever its roots prove")
  func inventedTransfer() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("USDC", 77)
    try scene.node.send(.token(SimulatedContracts.usdc, 1, to: SimulatedContracts.fake))
    scene.node.mine(
      unsound: .inventedTransfer(
        contract: SimulatedContracts.usdc, to: try payment.address, 77))
    try scene.node.mine(5)
    try await scene.follow()
    #expect(try await scene.status(payment) == .open)
    try scene.chain.nodes[1].mine(8)
    scene.chain.network.partition([[0], [1, 2]])
    try await scene.share()
    #expect(try await scene.follow()[0].tip == scene.chain.nodes[1].tip)
    #expect(try await scene.transfers() == [])
  }
}
