import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import Ethereum
import JSON
import Payments
import Settlement
import Testing

/// Token transfers of ours that were executed, judged by what the token logged.
@Suite("What arrives of tokens that go out")
struct EthereumTokenEffectTests {
  private static let usdt = SimulatedContracts.usdt
  private static var payer: EthereumAddress {
    get throws { try EthereumAddress(EthereumTreasury.payer) }
  }

  /// A payment of 10,000 that got 15,000, a treasury with as much and an ether, and a refund of
  /// 5,000 that is made, while USDT takes no fee.
  private func refunded(
    finalityTag: FinalityTag? = .finalized, nodes: Int = 3, quorum: Int = 2
  ) async throws -> (
    scene: EthereumScene, payment: Payment, refund: Refund, made: OutgoingTransaction
  ) {
    let scene = try await EthereumScene(
      nodes: nodes, quorum: quorum, finalityTag: finalityTag, hasTreasury: true)
    let payment = try await scene.pay("USDT", 10_000)
    for address in [try payment.address, try EthereumTreasury.address] {
      try scene.node.send(.token(Self.usdt, 15_000, to: address))
    }
    try scene.node.send(.ether(1_000_000_000_000_000_000, to: EthereumTreasury.address))
    try await scene.mine(12)
    let refund = try await scene.treasury.refund(payment, .overpayment)
    let made = try #require(try await scene.treasury.payRefunds().made.first)
    return (scene, payment, refund, made)
  }

  /// A thousandth of what is sent.
  private static func fee(_ points: UInt256 = 10) -> EthereumOrder {
    .calling(usdt, "setParams(uint256,uint256)", [.number(points), .number(49)])
  }

  private func send(_ made: OutgoingTransaction, _ scene: EthereumScene) async throws {
    try await scene.treasury.send([made])
    try await scene.share()
  }

  private func decide(
    _ fact: RefundFact, on refund: Refund, _ scene: EthereumScene
  ) async throws {
    let (service, now) = (RefundService(specs: [], policies: [:]), scene.now)
    try await scene.database.write {
      _ = try service.decide(fact, on: refund.terms.id, tenant: nil, now: now, in: $0)
    }
  }

  @Test("a refund of which the token keeps a part is held: all of it has left, and not all arrived")
  func tokenFee() async throws {
    let (scene, payment, refund, made) = try await refunded()
    let treasury = scene.treasury
    try scene.node.send(Self.fee())
    try await scene.mine()
    try await send(made, scene)
    try await scene.mine(2)
    // As deep as confirmations ask.
    #expect(try await treasury.load(made).status == .broadcast)
    try await scene.mine(10)
    #expect(try scene.node.balance(of: Self.payer, in: Self.usdt) == 4_995)
    #expect(try await treasury.load(made).status == .final)
    let held = try #require(try await treasury.load(refund))
    #expect(held.status == .held && held.arrived == 4_995)
    let told = try await scene.told("refund.held")
    #expect(told.map { $0["arrived_minor"]?.string } == ["4995"])
    #expect(told.map { $0["from"]?.string } == ["broadcast"])

    // By the logs: what arrived, and what the token took, left the treasury.
    let ledger = try await treasury.ledger(Self.usdt.hash)
    #expect(ledger[.refunds] == 4_995 && ledger[.fees] == 5)
    #expect(ledger[.treasury] == 25_000)
    #expect(try await treasury.reconcile() == [])
    #expect(try await treasury.differences() == [])

    // Nobody can have it again: a person takes it for paid.
    #expect(try await treasury.refundable(payment) == 10_000)
    await #expect(throws: RefundRefusal.payable(by: made.id, .final)) {
      try await decide(.failed(reason: "ann: short"), on: refund, scene)
    }
    try await decide(.accepted(by: "ann"), on: refund, scene)
    #expect(try await treasury.status(refund) == .final)
    await #expect(throws: RefundRefusal.notPossible(.final)) {
      try await decide(.accepted(by: "ann"), on: refund, scene)
    }
    #expect(try await treasury.refundable(payment) == 10_000)
    // What is missing is sent out of what is left, and too little for a fee.
    let rest = try await treasury.refund(payment, .partial, 5, number: 2)
    try await send(#require(try await treasury.payRefunds().made.first), scene)
    try await scene.mine(12)
    #expect(try await treasury.status(rest) == .final)
    #expect(try scene.node.balance(of: Self.payer, in: Self.usdt) == 5_000)
    #expect(try await treasury.differences() == [])
  }

  @Test("a sweep of which the token keeps a part brings what arrived, and the part is a fee")
  func sweptWithFee() async throws {
    let (scene, _, _, made) = try await refunded()
    let treasury = scene.treasury
    try await treasury.cancel(made.id)
    let worth = try #require(
      SweepWorth.Rate(wei: 1_000_000_000_000_000_000, minorUnits: 15_000))
    for purpose in [OutgoingPurpose.gas, .sweep] {
      if purpose == .sweep {
        try scene.node.send(Self.fee())
        try await scene.mine()
      }
      let outcome = try await treasury.sweep(Self.usdt.hash, weiPer: worth)
      let step = try #require(outcome.made.first, "\(outcome.left)")
      #expect(step.purpose == purpose)
      try await send(step, scene)
      try await scene.mine(12)
      #expect(try await treasury.load(step).status == .final)
    }
    let told = try #require(try await scene.told("sweep.final").last)
    #expect(told["payouts"]?.elements?.first?["arrived_minor"]?.string == "14985")
    let ledger = try await treasury.ledger(Self.usdt.hash)
    #expect(ledger[.fees] == 15 && ledger[.treasury] == 29_985)
    // Set aside is only what came to the treasury by itself.
    #expect(ledger[.unallocated] == -15_000)
    #expect(try await treasury.reconcile() == [])
    #expect(try await treasury.differences() == [])
  }

  @Test("another block may have it arrive whole, and then it is paid")
  func wholeElsewhere() async throws {
    let (scene, _, refund, made) = try await refunded()
    let treasury = scene.treasury
    try scene.node.send(Self.fee())
    try await scene.mine()
    try await send(made, scene)
    try await scene.mine()
    #expect(try await treasury.load(made).effect == .less)
    let known = try KnownEthereumTransaction(
      EthereumTransaction(encoded: EthereumTreasury.signed(made)))
    try scene.node.reorganize(depth: 2, transactions: .dropped, including: [#require(known)])
    try await scene.share()
    #expect(try await treasury.load(made).effect == .whole)
    #expect(try await treasury.ledger(Self.usdt.hash)[.refunds] == 5_000)
    try await scene.mine(12)
    #expect(try await treasury.status(refund) == .final)
    #expect(try await treasury.load(refund)?.arrived == nil)
    #expect(try await scene.eventCount("refund.held") == 0)
    #expect(try await treasury.differences() == [])
  }

  @Test("a reorg below finality takes back what was held, too", arguments: [true, false])
  func takenBack(isAccepted: Bool) async throws {
    let (scene, _, refund, made) = try await refunded(finalityTag: nil, nodes: 1, quorum: 1)
    let treasury = scene.treasury
    try scene.node.send(Self.fee())
    try await scene.mine()
    try await send(made, scene)
    try await scene.mine(5)
    #expect(try await treasury.status(refund) == .held)
    if isAccepted { try await decide(.accepted(by: "ann"), on: refund, scene) }
    try scene.node.reorganize(depth: 5, transactions: .dropped)
    try await scene.share()
    let back = try #require(try await treasury.load(refund))
    #expect(back.status == .broadcast && back.arrived == nil && back.payer == nil)
    #expect(try await treasury.load(made).status == .broadcast)
    #expect(try await treasury.ledger(Self.usdt.hash)[.refunds] == nil)
    #expect(try await treasury.differences() == [])
  }
}
