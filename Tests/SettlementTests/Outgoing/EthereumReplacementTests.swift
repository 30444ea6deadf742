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

/// What becomes of transactions of ours on the way to their blocks.
@Suite("Stuck, ineffective and halted transactions on EVM chains")
struct EthereumReplacementTests {
  private func caps(_ transaction: OutgoingTransaction) throws -> EthereumTransaction.FeeCaps? {
    guard case .dynamicFee(_, let caps, _) = try EthereumTreasury.unsigned(transaction).form else {
      return nil
    }
    return caps
  }

  private func known(_ transaction: OutgoingTransaction) throws -> KnownEthereumTransaction {
    try #require(
      KnownEthereumTransaction(
        EthereumTransaction(encoded: EthereumTreasury.signed(transaction))))
  }

  @Test("what a sweep took stays taken where its replacement is the one that was mined")
  func sweptByReplacement() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let ether: UInt256 = 1_000_000_000_000_000_000
    let payment = try await scene.pay("ETH", ether)
    try scene.node.send(.ether(ether, to: payment.address))
    try await scene.mine(12)
    let first = try #require(try await scene.treasury.sweep().made.first)
    try await scene.treasury.send([first])
    let second = try await scene.treasury.replace(first.id)
    try await scene.treasury.send([second])
    try await scene.mine(12)
    #expect(try await scene.treasury.load(second).status == .final)
    #expect(try await scene.treasury.load(first).status == .replaced)
    // What comes late isn't final yet.
    try scene.node.send(.ether(ether, to: payment.address))
    try await scene.mine(1)
    let again = try await scene.treasury.sweep()
    #expect(again.made.isEmpty && again.left.isEmpty, "\(again.left)")
  }

  @Test(
    "what is stuck is replaced under its nonce for a higher fee, and whichever is mined pays once",
    arguments: [true, false])
  func replaced(newIsMined: Bool) async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    let refund = try await treasury.refund(payment, .overpayment)
    let first = try #require(try await treasury.payRefunds().made.first)
    await #expect(throws: PayoutRefusal.notReplaceable(.built)) {
      try await treasury.replace(first.id)
    }
    try await treasury.send([first])

    let second = try await treasury.replace(first.id)
    #expect(second.slots == first.slots && second.replaces == first.id)
    #expect(second.payouts == first.payouts && second.maximumFee > first.maximumFee)
    let least = try #require(try caps(first)?.leastReplacement)
    let raised = try #require(try caps(second))
    #expect(raised.maxFeePerGas >= least.maxFeePerGas)
    #expect(raised.maxPriorityFeePerGas >= least.maxPriorityFeePerGas)
    var repriced = try EthereumTreasury.unsigned(first)
    repriced.form = try EthereumTreasury.unsigned(second).form
    #expect(try repriced == EthereumTreasury.unsigned(second))

    // Until the new one is signed the old one is sent again, then the new one alone.
    #expect(try await treasury.broadcast(after: 61).sent == 1)
    try await treasury.send([second])
    #expect(try await treasury.broadcast(after: 122).sent == 1)
    #expect(try await treasury.status(refund) == .broadcast)
    try await scene.share()
    let (winner, loser) = newIsMined ? (second, first) : (first, second)
    if newIsMined {
      try await scene.mine()
    } else {
      try scene.node.mine(exactly: [known(first)])
      try await scene.share()
    }
    // Neither is replaced once more: the nonce is used.
    for mined in [first, second] {
      await #expect(throws: PayoutRefusal.notReplaceable(.broadcast)) {
        try await treasury.replace(mined.id)
      }
    }
    try await scene.mine(12)

    #expect(try await treasury.load(winner).status == .final)
    let lost = try await treasury.load(loser)
    #expect(lost.status == .replaced && lost.sighting == nil)
    let paid = try #require(try await treasury.load(refund))
    #expect(paid.status == .final)
    #expect(try paid.txid == "0x" + known(winner).hash.hex)
    #expect(try await treasury.balance(of: EthereumAddress(EthereumTreasury.payer)) == 2_000)
    #expect(try await treasury.ledger()[.refunds] == 2_000)
    #expect(try await treasury.broadcast(after: 1_000) == OutgoingBroadcaster.Report())
    for over in [first, second] {
      await #expect(throws: PayoutRefusal.self) { try await treasury.replace(over.id) }
    }
    #expect(try await treasury.differences() == [])
  }

  @Test("the very same replacement is made once, and again once it is given up")
  func replacedTwice() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let refund = try await treasury.refund(scene.overpaid(), .overpayment)
    let first = try #require(try await treasury.payRefunds().made.first)
    try await treasury.send([first])
    let second = try await treasury.replace(first.id)
    await #expect(throws: PayoutRefusal.madeAlready(as: second.id)) {
      try await treasury.replace(first.id)
    }
    try await treasury.cancel(second.id)
    let third = try await treasury.replace(first.id)
    #expect(third.unsigned == second.unsigned)
    try await treasury.send([third])
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.load(third).status == .final)
    #expect(try await treasury.status(refund) == .final)
  }

  @Test("a sweep of ether pays the higher fee out of what it brings")
  func replacedSweep() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.pay("ETH", 1_000)
    let value: UInt256 = 1_000_000_000_000_000_000
    try scene.node.send(.ether(value, to: payment.address))
    try await scene.mine(12)
    let first = try #require(try await treasury.sweep().made.first)
    try await treasury.send([first])
    let second = try await treasury.replace(first.id)
    for sweep in [first, second] {
      #expect(try #require(sweep.payouts.first).amount.adding(sweep.maximumFee) == value)
    }
    try await treasury.send([second])
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.load(first).status == .replaced)
    #expect(try await treasury.load(second).status == .final)
    let rest = try await treasury.balance(of: payment.address)
    let own = try await treasury.balance(of: EthereumTreasury.address)
    #expect(own == Int(try #require(second.payouts.first).amount.decimal))
    #expect(try await treasury.ledger()[.treasury] == own + rest)
  }

  @Test("no sweep, and none in its place, brings less than is booked where it comes to")
  func worthlessSweep() async throws {
    let dust: UInt256 = 1_000_000_000_000_000_000
    let (options, name) = (EthereumChainOptions(), try #require(ChainName("dusty")))
    let coin = ListedAsset(
      .eth, dustLimit: dust, confirmationTiers: [.init(from: 0, confirmations: 2)])
    let spec = ChainSpec(
      name: name,
      family: .ethereum(
        EthereumNetwork(chainID: options.chainID, profile: .ethereum, kind: .development)),
      coin: coin, tokens: [], genesisHash: nil, finalityDepth: 4, finalityTag: .finalized,
      blockMilliseconds: 1_000, stallSeconds: 3_600)
    let scene = try await EthereumScene([options], hasTreasury: true, spec: spec)
    let treasury = scene.treasury
    for more: UInt256 in [0, 300_000_000_000_000] {
      let payment = try await scene.pay("ETH", 1_000_000_000_000_000_000)
      try scene.node.send(.ether(dust.adding(more), to: payment.address))
    }
    try await scene.mine(12)
    // What came is enough for one fee, not for ever higher ones.
    let outcome = try await treasury.sweep()
    #expect(outcome.left.map(\.reason) == ["so little isn't booked where it comes to"])
    var last = try #require(outcome.made.first)
    await #expect(
      throws: EthereumPayouts.Failure.noFees(
        "it would bring less than is booked where it comes to")
    ) {
      for _ in 0..<50 {
        try await treasury.send([last])
        last = try await treasury.replace(last.id, tipCeiling: 400_000_000_000)
      }
    }
    #expect(try #require(last.payouts.first).amount >= dust)
  }

  @Test("above the limits, of another tenant, and of nothing there is no replacement")
  func notReplaced() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    _ = try await treasury.refund(scene.overpaid(), .overpayment)
    let first = try #require(try await treasury.payRefunds().made.first)
    try await treasury.send([first])
    await #expect(
      throws: EthereumPayouts.Failure.noFees("a replacement would pay more than the limit")
    ) {
      try await treasury.replace(first.id, tipCeiling: 1)
    }
    for (id, tenant) in [(first.id, "bakery"), ("out_x", "shop")] {
      await #expect(throws: PayoutRefusal.notFound(id)) {
        try await treasury.payouts().replace(
          id, tenant: tenant, now: treasury.now(), random: EthereumTreasury.random)
      }
    }
  }

  /// A token's overpayment of 5,000, whose refund is signed; the token has blocked the payer before
  /// a block has it.
  private func blocked() async throws -> (
    scene: EthereumScene, payment: Payment, refund: Refund, made: OutgoingTransaction
  ) {
    let scene = try await EthereumScene(hasTreasury: true)
    let (treasury, usdc) = (scene.treasury, SimulatedContracts.usdc)
    let payment = try await scene.pay("USDC", 10_000)
    try scene.node.send(.token(usdc, 15_000, to: payment.address))
    try scene.node.send(.token(usdc, 50_000, to: EthereumTreasury.address))
    try scene.node.send(.ether(1_000_000_000_000_000_000, to: EthereumTreasury.address))
    try await scene.mine(12)
    let refund = try await treasury.refund(payment, .overpayment)
    let made = try #require(try await treasury.payRefunds().made.first)
    try scene.node.send(
      .calling(usdc, "blacklist(address)", [.address(EthereumAddress(EthereumTreasury.payer))]))
    try await treasury.send([made])
    try await scene.share()
    try await scene.mine()
    #expect(try await treasury.load(made).sighting?.succeeded == false)
    return (scene, payment, refund, made)
  }

  @Test("one without effect costs its fee and, once final, ends its refund, which can be made anew")
  func withoutEffect() async throws {
    let (scene, payment, refund, made) = try await blocked()
    let (treasury, usdc) = (scene.treasury, SimulatedContracts.usdc)
    try await scene.mine(2)
    // As deep as confirmations ask, and neither paid nor given up.
    #expect(try await treasury.load(made).status == .broadcast)
    #expect(try await treasury.status(refund) == .broadcast)
    let fee = try await #require(Int(treasury.load(made).sighting?.fee?.decimal ?? ""))
    #expect(try await treasury.ledger()[.fees] == fee)
    #expect(try await treasury.ledger(usdc.hash)[.refunds] == nil)
    await #expect(throws: PayoutRefusal.notReplaceable(.broadcast)) {
      try await treasury.replace(made.id)
    }
    #expect(try await treasury.refundable(payment) == 10_000)

    try await scene.mine(10)
    #expect(try await treasury.load(made).status == .failed)
    let failed = try #require(try await treasury.load(refund))
    #expect(failed.status == .failed && failed.failure?.contains("without effect") == true)
    #expect(try await treasury.refundable(payment) == 15_000)
    #expect(try await treasury.ledger(usdc.hash)[.treasury] == 65_000)
    let own = try await treasury.balance(of: EthereumTreasury.address)
    #expect(try await treasury.ledger()[.treasury] == own)
    #expect(own == 1_000_000_000_000_000_000 - fee)

    let address = try EthereumAddress(EthereumTreasury.payer)
    try scene.node.send(.calling(usdc, "unBlacklist(address)", [.address(address)]))
    try await scene.mine()
    let again = try await treasury.refund(payment, .overpayment, number: 2)
    let paid = try await treasury.payRefunds()
    #expect(try paid.made.map { try EthereumTreasury.unsigned($0).nonce } == [1])
    try await treasury.send(paid.made)
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.status(again) == .final)
    #expect(scene.node.balance(of: address, in: usdc) == 5_000)
    #expect(try await treasury.ledger(usdc.hash)[.refunds] == 5_000)
    #expect(try await treasury.differences() == [])
  }

  @Test("one without effect in a block that is left has its effect in the next")
  func effectElsewhere() async throws {
    let (scene, _, refund, made) = try await blocked()
    let (treasury, usdc) = (scene.treasury, SimulatedContracts.usdc)
    try scene.node.reorganize(depth: 1, transactions: .dropped, including: [known(made)])
    try await scene.share()
    #expect(try await treasury.load(made).sighting?.succeeded == true)
    #expect(try await treasury.ledger(usdc.hash)[.refunds] == 5_000)
    try await scene.mine(10)
    #expect(try await treasury.status(refund) == .final)
    #expect(try await treasury.differences() == [])
  }

  @Test("while the chain is halted nothing is made, replaced or sent")
  func halted() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1, hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    _ = try await treasury.refund(payment, .partial, 500)
    let made = try #require(try await treasury.payRefunds().made.first)
    try await treasury.takeIn(made)
    let waiting = try await treasury.refund(payment, .partial, 500, number: 2)
    scene.node.inject(.wrongFinalized)
    try await scene.mine(12)
    let halt = PayoutRefusal.halted(try #require(try await scene.halt()))
    await #expect(throws: halt) { _ = try await treasury.payRefunds() }
    await #expect(throws: halt) { _ = try await treasury.sweep() }
    await #expect(throws: halt) { try await treasury.replace(made.id) }
    #expect(try await treasury.status(waiting) == .approved)
    #expect(try await treasury.broadcast(after: 61) == OutgoingBroadcaster.Report())
  }

  @Test("what all nodes know already counts as sent; a nonce used by another is refused and noted")
  func known() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    let first = try await treasury.refund(payment, .partial, 500)
    let made = try #require(try await treasury.payRefunds().made.first)
    try await treasury.takeIn(made)
    try await treasury.give(EthereumTreasury.signed(made))
    scene.chain.network.propagate()
    let report = try await treasury.broadcast()
    #expect((report.sent, report.refused) == (1, 0))
    #expect(try await treasury.status(first) == .broadcast)
    try await scene.mine(12)
    #expect(try await treasury.status(first) == .final)

    let second = try await treasury.refund(payment, .partial, 500, number: 2)
    let late = try #require(try await treasury.payRefunds().made.first)
    try await treasury.takeIn(late)
    // Before the watchers hear of it.
    try await treasury.give(treasury.signedElsewhere(nonce: 1))
    scene.chain.network.propagate()
    try scene.node.mine()
    scene.chain.network.propagate()
    let refused = try await treasury.broadcast()
    #expect((refused.sent, refused.refused) == (0, 1))
    let notes = try await scene.rows("SELECT note FROM outgoing WHERE note IS NOT NULL") {
      try $0.text("note")
    }
    #expect(notes.count == 1 && notes[0].contains("nonce too low"))
    #expect(try await treasury.status(second) == .signed)
  }
}
