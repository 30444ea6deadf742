import Addresses
import Bytes
import ChainSim
import ChainTracking
import ChainTypes
import Database
import NodeRPC
import Payments
import Testing
import Watching

@Suite("Rescans by tokens' logs")
struct EthereumLogRescanTests {
  /// Sixteen blocks; one has a payment in a token and one in ether, a later one two in tokens.
  private static func pay(_ scene: EthereumScene) async throws -> [Payment] {
    let payments = try await [
      scene.pay("ETH", 700), scene.pay("USDC", 5), scene.pay("USDC", 6), scene.pay("USDT", 7),
    ]
    try scene.node.send(.ether(700, to: payments[0].address))
    try scene.node.send(.token(SimulatedContracts.usdc, 5, to: payments[1].address))
    try await scene.mine(4)
    try scene.node.send(.token(SimulatedContracts.usdc, 6, to: payments[2].address))
    try scene.node.send(.token(SimulatedContracts.usdt, 7, to: payments[3].address))
    try await scene.mine(12)
    return payments
  }

  private static func lose(_ scene: EthereumScene) async throws {
    _ = try await scene.database.write { try $0.execute("DELETE FROM transfers") }
  }

  @Test("only blocks that logs lead to are read, and what was lost in them comes back")
  func lost() async throws {
    let scene = try await EthereumScene()
    let payments = try await Self.pay(scene)
    let recorded = try await scene.transfers()
    let clean = try await scene.rescan().compareByLogs(from: nil, through: nil)
    #expect(clean.missing.isEmpty && clean.surplus.isEmpty)
    #expect(clean.fromHeight == 0 && clean.through == scene.node.tip)
    #expect(clean.blockCount == 2 && clean.stepCount == 2)

    try await Self.lose(scene)
    let findings = try await scene.rescan().compareByLogs(from: nil, through: nil)
    #expect(findings.blockCount == 2)
    _ = try await scene.rescan().write(findings)
    #expect(try await scene.transfers() == recorded, "ether stood in one of the blocks")
    for payment in payments { #expect(try await scene.status(payment) == .settled) }
    #expect(try await scene.rescan().compareByLogs(from: 1, through: nil).missing.isEmpty)
  }

  @Test("a range ends where it is told, and begins where a listed token can be")
  func bounds() async throws {
    let scene = try await EthereumScene()
    _ = try await Self.pay(scene)
    let first = scene.node.tip.height - 15
    try await Self.lose(scene)
    let rescan = scene.rescan()
    #expect(
      try await rescan.compareByLogs(from: first, through: first).missing.count == 2)
    #expect(
      try await rescan.compareByLogs(from: first + 1, through: nil).missing.count == 2)
    let nothing = try await rescan.compareByLogs(from: first + 1, through: first + 3)
    #expect(nothing.missing.isEmpty && nothing.blockCount == 0)
    await #expect(throws: RescanError.self) {
      try await rescan.compareByLogs(from: 1, through: scene.node.tip.height + 1)
    }
    await #expect(throws: RescanError.self) {
      try await rescan.compareByLogs(from: 9, through: 8)
    }
  }

  @Test("blocks with recorded transfers are read, whatever nodes leave out")
  func surplus() async throws {
    let scene = try await EthereumScene()
    _ = try await Self.pay(scene)
    for node in scene.chain.nodes { node.inject(.emptyLogs) }
    let clean = try await scene.rescan().compareByLogs(from: nil, through: nil)
    #expect(clean.blockCount == 2 && clean.missing.isEmpty && clean.surplus.isEmpty)
    _ = try await scene.database.write {
      try $0.execute("UPDATE transfers SET position = 'log:9' WHERE value = '7'")
    }
    let findings = try await scene.rescan().compareByLogs(from: nil, through: nil)
    #expect(findings.surplus.map(\.id.position) == [.log(9)])
    #expect(findings.missing.map(\.transfer.id.position) == [.log(0)])
  }

  @Test("what one node leaves out another tells", arguments: [0, 1, 2])
  func leftOut(liar: Int) async throws {
    let scene = try await EthereumScene()
    _ = try await Self.pay(scene)
    try await Self.lose(scene)
    scene.chain.nodes[liar].inject(liar == 1 ? .truncatedLogs(keeping: 1) : .emptyLogs)
    let findings = try await scene.rescan().compareByLogs(from: nil, through: nil)
    #expect(findings.missing.count == 4)
  }

  @Test("who tells a transfer that its block doesn't hold isn't believed any more")
  func invented() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    _ = try await Self.pay(scene)
    try await Self.lose(scene)
    let address = try #require(try EthereumScene.firstAddresses.first)
    let stranger = try EthereumAddress(EthereumTreasury.payer)
    try scene.node.send(.token(SimulatedContracts.usdc, 9, to: stranger))
    try await scene.mine(3)
    // The invented log stands behind the stranger's.
    scene.node.inject(
      .forgedLogs(.addedTransfer(contract: SimulatedContracts.usdc, to: address, 5)))
    let from = scene.node.tip.height - 2
    let findings = try await scene.rescan().compareByLogs(from: from, through: nil)
    #expect(findings.missing.isEmpty && findings.transferCount == 0)
    let reason = scene.chain.pool.status().first?.quarantine?.reason
    #expect(reason?.contains("logs") == true)
  }

  @Test(
    "every provider's limits are met, blocks that are refused alone are read",
    arguments: LogLimit.Provider.allCases)
  func limits(_ provider: LogLimit.Provider) async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    _ = try await Self.pay(scene)
    try await Self.lose(scene)
    let limit = scene.node.inject(.logLimit(LogLimit(provider, blocks: 3)))
    let pieces = try await scene.rescan().compareByLogs(from: nil, through: nil)
    #expect(pieces.missing.count == 4 && pieces.blockCount == 2)
    scene.node.removeFault(limit)
    scene.node.inject(.logLimit(LogLimit(provider, results: 1)))
    let refused = try await scene.rescan().compareByLogs(from: nil, through: nil)
    #expect(refused.missing.count == 4)
  }

  @Test("the quorum's number of nodes tells each block's logs, or none do")
  func tooFew() async throws {
    let scene = try await EthereumScene()
    _ = try await Self.pay(scene)
    try await Self.lose(scene)
    let nodes = scene.chain.nodes
    nodes[0].inject(.methodUnavailable, method: "eth_getLogs")
    #expect(
      try await scene.rescan().compareByLogs(from: nil, through: nil).missing.count == 4)
    nodes[1].inject(.methodUnavailable, method: "eth_getLogs")
    await #expect {
      try await scene.rescan().compareByLogs(from: nil, through: nil)
    } throws: { error in
      if case RescanError.noLogs? = error as? RescanError { true } else { false }
    }
  }

  @Test("a node that lags isn't asked, for it would tell of nothing")
  func lagging() async throws {
    let scene = try await EthereumScene()
    _ = try await Self.pay(scene)
    let late = try await scene.pay("USDC", 8)
    try scene.node.send(.token(SimulatedContracts.usdc, 8, to: late.address))
    // The last node hears of nothing any more.
    scene.chain.network.partition([[0, 1], [2]])
    try scene.node.mine(2)
    try await scene.share()
    try await Self.lose(scene)
    let findings = try await scene.rescan().compareByLogs(from: nil, through: nil)
    #expect(findings.missing.count == 5)
    scene.chain.nodes[1].inject(.methodUnavailable, method: "eth_getLogs")
    await #expect(throws: RescanError.self) {
      try await scene.rescan().compareByLogs(from: nil, through: nil)
    }
  }

  @Test("blocks below the headers that are kept are those that a quorum has")
  func belowHeaders() async throws {
    let scene = try await EthereumScene()
    _ = try await Self.pay(scene)
    let tip = scene.node.tip.height
    _ = try await scene.database.write {
      try $0.execute("DELETE FROM headers WHERE height < \(tip - 2)")
    }
    try await Self.lose(scene)
    let findings = try await scene.rescan().compareByLogs(from: nil, through: nil)
    #expect(findings.missing.count == 4)
  }
}
