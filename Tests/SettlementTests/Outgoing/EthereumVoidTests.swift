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

/// Nonces that are used up for nothing, so that later ones don't wait for them.
@Suite("Nonces that are made void on EVM chains")
struct EthereumVoidTests {
  private func known(_ transaction: OutgoingTransaction) throws -> KnownEthereumTransaction {
    try #require(
      KnownEthereumTransaction(
        EthereumTransaction(encoded: EthereumTreasury.signed(transaction))))
  }

  private func paidWei(_ scene: EthereumScene) async throws -> Int {
    try await scene.treasury.balance(of: EthereumAddress(EthereumTreasury.payer))
  }

  /// The refund of a payment that a reorg has taken back for good holds nonce 0 signed, and one of
  /// a payment that stands holds nonce 1 and waits for it.
  private func blocked() async throws -> (
    scene: EthereumScene, lost: (refund: Refund, made: OutgoingTransaction),
    kept: (refund: Refund, made: OutgoingTransaction)
  ) {
    let scene = try await EthereumScene(
      nodes: 1, quorum: 1, finalityTag: nil, hasTreasury: true)
    let treasury = scene.treasury
    let stays = try await scene.overpaid()
    let goes = try await scene.pay("ETH", 1_000)
    try scene.node.send(.ether(1_500, to: goes.address))
    try await scene.mine(6)
    let lost = try await treasury.refund(goes, .overpayment, number: 1)
    let kept = try await treasury.refund(stays, .overpayment, number: 2)
    let made = try await treasury.payRefunds().made
    #expect(try made.map { try EthereumTreasury.unsigned($0).nonce } == [0, 1])
    try scene.node.reorganize(depth: 6, transactions: .dropped)
    try await scene.share()
    let (chain, now) = (scene.chain.spec.name, scene.now)
    try await scene.database.write {
      _ = try ChainResumption.resume(chain, by: "ann", now: now, in: $0)
    }
    scene.restart()
    for transaction in made { try await treasury.takeIn(transaction) }
    let report = try await treasury.broadcast()
    #expect((report.sent, report.refused) == (1, 1))
    #expect(report.notes[made[0].id]?.contains("the chain took back") == true)
    try await scene.mine(12)
    #expect(try await treasury.status(kept) == .broadcast, "its nonce isn't the next one")
    return (scene, (lost, made[0]), (kept, made[1]))
  }

  @Test(
    "the nonce of what isn't sent any more is used up by the next batch, whichever is mined then",
    arguments: [true, false])
  func unblocked(originalIsMined: Bool) async throws {
    let (scene, lost, kept) = try await blocked()
    let treasury = scene.treasury
    let outcome = try await treasury.payRefunds()
    #expect(outcome.left.isEmpty, "\(outcome.left)")
    let void = try #require(outcome.made.first)
    #expect(outcome.made.count == 1)
    #expect(void.purpose == .void && void.slots == lost.made.slots)
    #expect(void.replaces == lost.made.id && void.refunds == [])
    let unsigned = try EthereumTreasury.unsigned(void)
    let own = try EthereumTreasury.address
    #expect(unsigned.recipient == own && unsigned.value == .zero)
    #expect(unsigned.input == [] && unsigned.gasLimit == 26_250)
    // Made once, and not again where it waits for its signature.
    #expect(try await treasury.payRefunds().made.isEmpty)
    try await treasury.send([void])
    #expect(try await treasury.payRefunds().made.isEmpty)
    if originalIsMined {
      // Somebody had given it to a miner.
      try scene.node.mine(exactly: [known(lost.made)])
      try await scene.share()
    }
    try await scene.mine(12)

    let (winner, loser) = originalIsMined ? (lost.made, void) : (void, lost.made)
    #expect(try await treasury.load(winner).status == .final)
    #expect(try await treasury.load(loser).status == .replaced)
    #expect(try await treasury.status(lost.refund) == (originalIsMined ? .final : .failed))
    #expect(try await treasury.status(kept.refund) == .final)
    #expect(try await treasury.load(kept.made).status == .final)
    let paid = originalIsMined ? 2_500 : 2_000
    #expect(try await paidWei(scene) == paid)
    #expect(try await treasury.ledger()[.refunds] == paid)
    #expect(try await scene.eventCount("void.\(originalIsMined ? "replaced" : "final")") == 1)
    #expect(try await treasury.payRefunds().made.isEmpty)
    #expect(try await treasury.reconcile() == [])
    #expect(try await treasury.differences() == [])
  }

  @Test("what a reorg took back and a block may hold again waits, and isn't made void")
  func mayComeBack() async throws {
    let scene = try await EthereumScene(
      nodes: 1, quorum: 1, finalityTag: nil, hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    let refund = try await treasury.refund(payment, .overpayment)
    let made = try #require(try await treasury.payRefunds().made.first)
    try await treasury.takeIn(made)
    // The same blocks' content in others: it stands there, and isn't final yet.
    try scene.node.reorganize(depth: 12, blocks: 13, transactions: .mined())
    try await scene.share()
    let (chain, now) = (scene.chain.spec.name, scene.now)
    try await scene.database.write {
      _ = try ChainResumption.resume(chain, by: "ann", now: now, in: $0)
    }
    scene.restart()
    try scene.node.reorganize(depth: 3, blocks: 4, transactions: .mined())
    try await scene.share()
    #expect(try await treasury.payRefunds().made.isEmpty)
    try await scene.mine(12)
    #expect(try await treasury.payRefunds().made.isEmpty)
    #expect(try await treasury.broadcast(after: 61).sent == 1)
    try await scene.mine(12)
    #expect(try await treasury.status(refund) == .final)
  }

  @Test("on a person's word any that waits is made void, above the highest fee that was offered")
  func onWord() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    let refund = try await treasury.refund(payment, .partial, 500)
    let first = try #require(try await treasury.payRefunds().made.first)
    try await treasury.send([first])
    let bumped = try await treasury.replace(first.id)
    try await treasury.send([bumped])
    await #expect(throws: PayoutRefusal.notFound(first.id)) {
      try await treasury.payouts().void(
        first.id, tenant: "bakery", now: treasury.now(), random: EthereumTreasury.random)
    }
    await #expect(
      throws: EthereumPayouts.Failure.noFees("a replacement would pay more than the limit")
    ) {
      try await treasury.void(first.id, tipCeiling: 1)
    }
    let void = try await treasury.void(first.id)
    #expect(void.replaces == bumped.id)
    guard case .dynamicFee(_, let caps, _) = try EthereumTreasury.unsigned(void).form,
      case .dynamicFee(_, let before, _) = try EthereumTreasury.unsigned(bumped).form
    else { throw CorruptRow.column("unsigned") }
    let least = try #require(before.leastReplacement)
    #expect(caps.maxFeePerGas >= least.maxFeePerGas)
    #expect(caps.maxPriorityFeePerGas >= least.maxPriorityFeePerGas)
    try await treasury.send([void])
    // It alone is sent from now on.
    #expect(try await treasury.broadcast(after: 61).sent == 1)
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.load(void).status == .final)
    for over in [first, bumped] { #expect(try await treasury.load(over).status == .replaced) }
    #expect(try await treasury.status(refund) == .failed)
    #expect(try await treasury.refundable(payment) == 3_000)
    #expect(try await paidWei(scene) == 0)
    await #expect(throws: PayoutRefusal.notReplaceable(.final)) {
      try await treasury.void(void.id)
    }
    let fee = try await #require(Int(treasury.load(void).sighting?.fee?.decimal ?? ""))
    #expect(try await treasury.ledger()[.fees] == fee)

    // What it was to return can be requested again, and is paid.
    let again = try await treasury.refund(payment, .partial, 500, number: 2)
    try await treasury.send(try await treasury.payRefunds().made)
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.status(again) == .final)
    #expect(try await paidWei(scene) == 500)
    #expect(try await treasury.differences() == [])
  }

  @Test("an unsigned one that can't be given up, for later nonces stand behind it, is made void")
  func unsigned() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    for number: UInt64 in 1...2 {
      _ = try await treasury.refund(payment, .partial, 500, number: number)
    }
    let made = try await treasury.payRefunds().made
    try await treasury.takeIn(made[1])
    await #expect(throws: OutgoingService.Refusal.nonceBehind(made[1].id)) {
      try await treasury.cancel(made[0].id)
    }
    // What is signed isn't given up at all.
    await #expect(throws: OutgoingService.Refusal.notPossible(.signed)) {
      try await treasury.cancel(made[1].id)
    }
    let void = try await treasury.void(made[0].id)
    #expect(void.slots == made[0].slots && void.replaces == made[0].id)
    try await treasury.takeIn(void)
    #expect(try await treasury.broadcast().sent == 2)
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.load(made[0]).status == .replaced)
    #expect(try await treasury.load(made[1]).status == .final)
    #expect(try await paidWei(scene) == 500)
    #expect(try await treasury.refundable(payment) == 2_500)
    #expect(try await treasury.differences() == [])
  }

  @Test("what pays a refund that has ended isn't sent, and its nonce is used up")
  func ended() async throws {
    let scene = try await EthereumScene(
      nodes: 1, quorum: 1, finalityTag: nil, hasTreasury: true)
    let (treasury, usdc) = (scene.treasury, SimulatedContracts.usdc)
    let payment = try await scene.pay("USDC", 10_000)
    for address in [try payment.address, try EthereumTreasury.address] {
      try scene.node.send(.token(usdc, 15_000, to: address))
    }
    try scene.node.send(.ether(1_000_000_000_000_000_000, to: EthereumTreasury.address))
    try await scene.mine(12)
    let refund = try await treasury.refund(payment, .overpayment)
    let made = try #require(try await treasury.payRefunds().made.first)
    let payer = try EthereumAddress(EthereumTreasury.payer)
    try scene.node.send(.calling(usdc, "blacklist(address)", [.address(payer)]))
    try await scene.mine()
    try await treasury.send([made])
    try await scene.mine(5)
    #expect(try await treasury.status(refund) == .failed)
    // A reorg below finality brings the transaction back, not the refund.
    try scene.node.reorganize(depth: 6, transactions: .dropped)
    try await scene.share()
    let (chain, now) = (scene.chain.spec.name, scene.now)
    try await scene.database.write {
      _ = try ChainResumption.resume(chain, by: "ann", now: now, in: $0)
    }
    scene.restart()
    try await scene.share()
    #expect(try await treasury.load(made).status == .broadcast)
    let report = try await treasury.broadcast(after: 61)
    #expect(report.notes[made.id]?.contains("refund \(refund.terms.id) is failed") == true)
    let outcome = try await treasury.payRefunds()
    #expect(outcome.made.map(\.purpose) == [.void], "\(outcome.left)")
    #expect(outcome.made.first?.slots == made.slots)
  }
}
