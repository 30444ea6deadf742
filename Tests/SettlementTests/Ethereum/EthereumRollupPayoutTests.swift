import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import Ethereum
import Payments
import Settlement
import Testing
import Watching

/// A chain that takes more than gas: for its parent chain's data, and for its operator.
@Suite("Money out on an OP-stack chain")
struct EthereumRollupPayoutTests {
  private static let ether = UInt256(1_000_000_000_000_000_000)

  /// Gas costs next to nothing and its price stands still: what is taken besides decides.
  private func makeScene() async throws -> (EthereumScene, EthereumTreasury) {
    let scene = try await EthereumScene(
      [EthereumChainOptions(chainID: 8_453, profile: .opStack, initialBaseFee: 7)],
      hasTreasury: true)
    return (scene, scene.treasury)
  }

  /// Lets nodes mine what was sent, until it is final.
  private func settle(_ scene: EthereumScene) async throws {
    try await scene.share()
    try await scene.mine(20)
  }

  private func reconcile(_ scene: EthereumScene) async throws -> [ReconciliationRow] {
    try await Reconciler(
      database: scene.database, spec: scene.chain.spec, clock: BlockTime()
    ).run(scene.chain.pool).rows
  }

  private func load(
    _ transaction: OutgoingTransaction, _ scene: EthereumScene
  ) async throws -> OutgoingTransaction {
    let loaded = try await scene.database.read {
      try OutgoingRecords.load(transaction.id, locking: false, in: $0)
    }
    return try #require(loaded)
  }

  /// A settled payment of coin.
  private func paid(_ scene: EthereumScene, _ wei: UInt256) async throws -> Payment {
    let payment = try await scene.pay("ETH", wei)
    try scene.node.send(.ether(wei, to: payment.address))
    try await scene.mine(20)
    #expect(try await scene.status(payment) == .settled)
    return payment
  }

  private func sweep(
    _ scene: EthereumScene, _ treasurer: EthereumTreasury, _ contract: Hash20? = nil,
    weiPer: SweepWorth.Rate = .coin
  ) async throws -> EthereumPayouts.Outcome {
    try await treasurer.payouts().sweep(
      contract, weiPer: weiPer, tenant: "shop", now: scene.now, random: EthereumTreasury.random)
  }

  @Test("a sweep of coin leaves what the chain takes besides gas, and the books know it to the wei")
  func coin() async throws {
    let (scene, treasurer) = try await makeScene()
    let payment = try await paid(scene, Self.ether)
    let swept = try await sweep(scene, treasurer)
    let made = try #require(swept.made.first)
    #expect(swept.made.count == 1)
    let unsigned = try EthereumTransaction(unsigned: Hex.decode(made.unsigned.dropFirst(2)))
    guard case .dynamicFee(_, let caps, _) = unsigned.form else {
      Issue.record("not of type 2")
      return
    }
    let gas = try #require(GasLimit.cost(unsigned.gasLimit, caps))
    #expect(made.maximumFee > gas)
    #expect(try unsigned.value.adding(made.maximumFee) == Self.ether)
    try await treasurer.send(swept.made)
    try await settle(scene)

    let final = try await load(made, scene)
    #expect(final.status == .final)
    let fee = try #require(final.sighting?.fee)
    let rest = scene.node.balance(of: try payment.address)
    #expect(try unsigned.value.adding(fee).adding(rest) == Self.ether)
    #expect(fee <= made.maximumFee)
    #expect(scene.node.balance(of: try EthereumTreasury.address) == unsigned.value)
    #expect(try await reconcile(scene) == [])
  }

  @Test("a token's address is given what its sweep costs in all, and the sweep is taken")
  func token() async throws {
    let (scene, treasurer) = try await makeScene()
    let contract = SimulatedContracts.usdc
    let payment = try await scene.pay("USDC", 12_500_000)
    try scene.node.send(.token(contract, 12_500_000, to: payment.address))
    let treasury = try EthereumTreasury.address
    try scene.node.send(.ether(Self.ether, to: treasury))
    try await scene.mine(20)
    // 3,000 tokens for an ether.
    let price = try #require(SweepWorth.Rate(wei: Self.ether, minorUnits: 3_000_000_000))
    let funding = try await sweep(scene, treasurer, contract.hash, weiPer: price)
    #expect(funding.made.map(\.purpose) == [.gas])
    let given = try #require(funding.made.first?.payouts.first?.amount)
    try await treasurer.send(funding.made)
    try await settle(scene)
    #expect(scene.node.balance(of: try payment.address) == given)

    let swept = try await sweep(scene, treasurer, contract.hash, weiPer: price)
    #expect(swept.left.map(\.reason) == [])
    let made = try #require(swept.made.first)
    #expect(made.purpose == .sweep)
    // The parent chain's base fee has fallen by a little since block 23.
    #expect(made.maximumFee < given)
    try await treasurer.send(swept.made)
    try await settle(scene)
    #expect(scene.node.balance(of: treasury, in: contract) == 12_500_000)
    let fee = try #require(try await load(made, scene).sighting?.fee)
    #expect(try scene.node.balance(of: payment.address).adding(fee) == given)
    #expect(try await reconcile(scene) == [])
  }

  @Test("a replacement takes what more it costs from what it sends, and nodes take it")
  func replacement() async throws {
    let (scene, treasurer) = try await makeScene()
    let payment = try await paid(scene, Self.ether)
    let made = try #require(try await sweep(scene, treasurer).made.first)
    try await treasurer.send([made])
    let replacement = try await treasurer.payouts().replace(
      made.id, tenant: "shop", now: scene.now, random: EthereumTreasury.random)
    let more = try replacement.maximumFee.subtracting(made.maximumFee)
    #expect(more > .zero)
    #expect(try replacement.payouts[0].amount.adding(more) == made.payouts[0].amount)
    try await treasurer.send([replacement])
    try await settle(scene)
    #expect(try await load(replacement, scene).status == .final)
    #expect(try await load(made, scene).status == .replaced)
    #expect(
      scene.node.balance(of: try EthereumTreasury.address) == replacement.payouts[0].amount)
    #expect(scene.node.balance(of: try payment.address) > .zero)
    #expect(try await reconcile(scene) == [])
  }

  @Test("a refund whose payee pays arrives less all that it can cost")
  func payee() async throws {
    let (scene, treasurer) = try await makeScene()
    let payment = try await paid(scene, Self.ether)
    try scene.node.send(.ether(Self.ether, to: EthereumTreasury.address))
    try await scene.mine(20)
    var policy = TenantPolicy()
    policy.refunds.feePayer = .payee
    let service = RefundService(specs: [scene.chain.spec], policies: ["shop": policy])
    let payer = EthereumAddress(Hash20([UInt8](repeating: 0x11, count: 20)) ?? Hash20())
    let request = RefundRequest(
      payment: payment.terms.id, kind: .full, address: payer.text,
      requestedBy: "ann")
    let now = scene.now
    _ = try await scene.database.write {
      try service.request(request, tenant: "shop", now: now, random: (1, 1), in: $0)
    }
    let made = try await treasurer.payouts().payRefunds(
      tenant: "shop", now: now, random: EthereumTreasury.random
    ).made
    let refund = try #require(made.first)
    #expect(try refund.payouts[0].amount.adding(refund.maximumFee) == Self.ether)
    try await treasurer.send(made)
    try await settle(scene)
    #expect(scene.node.balance(of: payer) == refund.payouts[0].amount)
    #expect(try await reconcile(scene) == [])
  }

  @Test("what nodes say of it is bounded, and where they say nothing nothing is made")
  func bounds() async throws {
    let (scene, treasurer) = try await makeScene()
    _ = try await paid(scene, Self.ether)
    func reasons(_ calldata: [UInt8]) async throws -> [String] {
      let faults = scene.chain.nodes.map { node in
        node.inject(
          .forgedTransaction(.input(calldata)), method: "eth_getTransactionByBlockNumberAndIndex")
      }
      let outcome = try await sweep(scene, treasurer)
      #expect(outcome.made.isEmpty)
      for (node, fault) in zip(scene.chain.nodes, faults) { node.removeFault(fault) }
      return outcome.left.map(\.reason)
    }
    // 21,000 gas and a quarter at the ceiling are less than twice 10^16 wei.
    var calldata: [UInt8] = [0x44, 0x0a, 0x5e, 0x20]
    calldata.append(bigEndian: UInt32(1_000_000))
    calldata += [UInt8](repeating: 0, count: 28)
    calldata += UInt256(10_000_000_000_000).bigEndianBytes
    calldata += [UInt8](repeating: 0, count: 96)
    #expect(L1Attributes(calldata: calldata) != nil)
    #expect(
      try await reasons(calldata) == ["its gas, or what the chain takes besides, is too dear"])
    let unknown = try await reasons([0x01, 0x5d, 0x8e, 0xb9])
    #expect(unknown.map { $0.contains("no form that is known") } == [true])
    #expect(try await sweep(scene, treasurer).made.count == 1)
  }
}
