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
import Watching

/// Transactions of EVM accounts of which bytes turn up that nobody was to have.
@Suite("What was given up, or signed elsewhere, and is mined on an EVM chain")
struct EthereumGivenUpTests {
  /// A payment that can give 2,000 wei back, and a refund of 500 whose transaction was given up.
  private func givenUp(
    nodes: Int = 3, quorum: Int = 2
  ) async throws -> (EthereumScene, Payment, Refund, OutgoingTransaction) {
    let scene = try await EthereumScene(nodes: nodes, quorum: quorum, hasTreasury: true)
    let payment = try await scene.overpaid()
    let refund = try await scene.treasury.refund(payment, .partial, 500, number: 5)
    let given = try #require(try await scene.treasury.payRefunds().made.first)
    try await scene.treasury.cancel(given.id)
    return (scene, payment, refund, given)
  }

  /// Of the refunds that are due, or of those chosen, with other caps than `payRefunds` offers.
  private func payDearly(
    _ scene: EthereumScene, _ chosen: Refund...
  ) async throws -> EthereumPayouts.Outcome {
    try await scene.treasury.payouts(tipFloor: 900_000_000).payRefunds(
      tenant: "shop", chosen: Set(chosen.map(\.terms.id)), now: scene.now,
      random: EthereumTreasury.random)
  }

  /// Mines what somebody had signed, alone.
  private func mineAround(_ transaction: OutgoingTransaction, _ scene: EthereumScene) async throws {
    let known = try KnownEthereumTransaction(
      EthereumTransaction(encoded: EthereumTreasury.signed(transaction)))
    try scene.node.mine(exactly: [#require(known)])
    try await scene.share()
  }

  private func nonces(_ made: [OutgoingTransaction]) throws -> [UInt64] {
    try made.map { try EthereumTreasury.unsigned($0).nonce }
  }

  private func expectPaid(
    _ scene: EthereumScene, _ refund: Refund, by transaction: OutgoingTransaction, wei: Int = 500
  ) async throws {
    let treasury = scene.treasury
    #expect(try await treasury.load(transaction).status == .final)
    let paid = try #require(try await treasury.load(refund))
    #expect(paid.status == .final && paid.payer == transaction.id)
    #expect(try await paid.txid == treasury.load(transaction).txidText)
    #expect(paid.txid != nil)
    #expect(try await treasury.balance(of: EthereumAddress(EthereumTreasury.payer)) == wei)
    #expect(try await treasury.ledger()[.refunds] == wei)
    #expect(try await treasury.reconcile() == [])
    #expect(try await treasury.differences() == [])
  }

  @Test("what was given up is known by what it does, pays its refund and has its nonce")
  func alone() async throws {
    let (scene, payment, refund, given) = try await givenUp()
    try await mineAround(given, scene)
    #expect(try await scene.treasury.status(refund) == .broadcast)
    #expect(try await scene.treasury.payRefunds().made.isEmpty)
    try await scene.mine(12)
    try await expectPaid(scene, refund, by: given)
    #expect(try await scene.eventCount("reconciliation.mismatch") == 0)
    _ = try await scene.treasury.refund(payment, .partial, 700, number: 6)
    let next = try await scene.treasury.payRefunds()
    #expect(try nonces(next.made) == [1], "\(next.left)")
  }

  @Test("its successor has the same nonce, and isn't sent any more", arguments: [true, false])
  func successor(isTakenIn: Bool) async throws {
    let (scene, _, refund, given) = try await givenUp()
    let treasury = scene.treasury
    let made = try #require(try await payDearly(scene).made.first)
    #expect(made.slots == given.slots && made.unsigned != given.unsigned)
    if isTakenIn { try await treasury.takeIn(made) }
    try await mineAround(given, scene)
    if isTakenIn {
      let report = try await treasury.broadcast()
      #expect(report.notes[made.id]?.contains("has used up what it needs") == true)
    }
    try await scene.mine(12)
    #expect(try await treasury.load(made).status == .replaced)
    try await expectPaid(scene, refund, by: given)
  }

  @Test("a reorg lets the successor win after all, and the refund follows")
  func reorganised() async throws {
    let (scene, _, refund, given) = try await givenUp()
    let treasury = scene.treasury
    let made = try #require(try await payDearly(scene).made.first)
    try await treasury.takeIn(made)
    try await mineAround(given, scene)
    let known = try KnownEthereumTransaction(
      EthereumTransaction(encoded: EthereumTreasury.signed(made)))
    try scene.node.reorganize(
      depth: 1, transactions: .dropped, including: [#require(known)])
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.load(given).status == .replaced)
    try await expectPaid(scene, refund, by: made)
  }

  @Test("the very same one that was made again is the one that is mined")
  func madeAgain() async throws {
    let (scene, _, refund, given) = try await givenUp()
    let made = try #require(try await scene.treasury.payRefunds().made.first)
    #expect(made.unsigned == given.unsigned)
    try await mineAround(given, scene)
    try await scene.mine(12)
    #expect(try await scene.treasury.load(given).status == .canceled)
    try await expectPaid(scene, refund, by: made)
  }

  @Test("while its nonce isn't used up for good, its refund isn't paid with another")
  func anotherNonce() async throws {
    let (scene, payment, refund, given) = try await givenUp()
    let treasury = scene.treasury
    let other = try await treasury.refund(payment, .partial, 700, number: 6)
    let taking = try await payDearly(scene, other)
    #expect(try nonces(taking.made) == [0])
    let waiting = try await treasury.payRefunds()
    #expect(waiting.made.isEmpty && waiting.left.map(\.subject) == [refund.terms.id])
    #expect(waiting.left.first?.reason.hasPrefix("\(given.id) was given up") == true)
    try await treasury.send(taking.made)
    try await scene.share()
    try await scene.mine()
    #expect(try await treasury.payRefunds().made.isEmpty, "a reorg may still bring the other")
    try await scene.mine(12)
    let paid = try await treasury.payRefunds()
    #expect(try nonces(paid.made) == [1], "\(paid.left)")
    try await treasury.send(paid.made)
    try await scene.share()
    try await scene.mine(12)
    try await expectPaid(scene, refund, by: paid.made[0], wei: 1_200)
    #expect(try await treasury.status(other) == .final)
  }

  @Test("where it is mined in another refund's place, that one has failed and is free again")
  func inAnothersPlace() async throws {
    let (scene, payment, refund, given) = try await givenUp()
    let treasury = scene.treasury
    let other = try await treasury.refund(payment, .partial, 700, number: 6)
    let taking = try #require(try await payDearly(scene, other).made.first)
    try await treasury.takeIn(taking)
    try await mineAround(given, scene)
    try await scene.mine(12)
    try await expectPaid(scene, refund, by: given)
    #expect(try await treasury.status(other) == .failed)
    #expect(try await treasury.load(taking).status == .replaced)
    #expect(try await treasury.refundable(payment) == 2_500)
  }

  @Test("refunds that must have nonces which were given up get them, whatever is due besides")
  func order() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    for number: UInt64 in 5...6 {
      _ = try await treasury.refund(payment, .partial, 500, number: number)
    }
    let made = try await treasury.payRefunds().made
    for transaction in made.reversed() { try await treasury.cancel(transaction.id) }
    // Its id sorts before those of the others.
    _ = try await treasury.refund(payment, .partial, 700, number: 1)
    let again = try await payDearly(scene)
    #expect(again.left.isEmpty, "\(again.left)")
    #expect(try nonces(again.made) == [0, 1, 2])
    #expect(again.made.prefix(2).map(\.refunds) == made.map(\.refunds))
  }

  @Test("where the refund was withdrawn meanwhile, a person is told that it was paid")
  func withdrawn() async throws {
    let (scene, _, refund, given) = try await givenUp()
    try await decide(.canceled(by: "ann"), on: refund, scene)
    try await mineAround(given, scene)
    try await scene.mine(12)
    #expect(try await scene.treasury.status(refund) == .canceled)
    #expect(try await scene.treasury.load(given).status == .final)
    let told = try await scene.told("reconciliation.mismatch").compactMap { $0["reason"]?.string }
    #expect(told.contains { $0.contains("\(refund.terms.id) is canceled") }, "\(told)")
    #expect(try await scene.treasury.ledger()[.refunds] == 500)
    #expect(try await scene.treasury.reconcile() == [])
  }

  @Test("a stranger's with a nonce that was given up is told, and a reorg frees the nonce again")
  func strangers() async throws {
    // Others would have what was dropped wait again.
    let (scene, _, refund, _) = try await givenUp(nodes: 1, quorum: 1)
    let treasury = scene.treasury
    let elsewhere = try KnownEthereumTransaction(
      EthereumTransaction(encoded: treasury.signedElsewhere(nonce: 0)))
    try scene.node.mine(exactly: [#require(elsewhere)])
    try await scene.share()
    #expect(try await scene.eventCount("reconciliation.mismatch") == 1)
    #expect(try await treasury.status(refund) == .approved)
    #expect(try await treasury.payRefunds().made.isEmpty, "the chain is ahead")
    try scene.node.reorganize(depth: 1, blocks: 2, transactions: .dropped)
    try await scene.share()
    let paid = try await treasury.payRefunds()
    #expect(try nonces(paid.made) == [0], "\(paid.left)")
    try await treasury.send(paid.made)
    try await scene.share()
    try await scene.mine(12)
    try await expectPaid(scene, refund, by: paid.made[0])
  }

  private func decide(
    _ fact: RefundFact, on refund: Refund, _ scene: EthereumScene
  ) async throws {
    let (service, now) = (RefundService(specs: [scene.chain.spec], policies: [:]), scene.now)
    try await scene.database.write {
      _ = try service.decide(fact, on: refund.terms.id, tenant: nil, now: now, in: $0)
    }
  }

  @Test("a refund that is requested anew isn't paid beside what was given up for the first one")
  func requestedAnew() async throws {
    let (scene, payment, first, given) = try await givenUp()
    let treasury = scene.treasury
    try await decide(.canceled(by: "ann"), on: first, scene)
    let refund = try await treasury.refund(payment, .partial, 500, number: 6)
    // Something else has the nonce.
    let elsewhere = "0x2222222222222222222222222222222222222222"
    let withdrawal = try await treasury.payouts().withdraw(
      1_000, of: nil, to: elsewhere, tenant: "shop", now: scene.now,
      random: EthereumTreasury.random)
    #expect(withdrawal.slots == given.slots)
    let waiting = try await treasury.payRefunds()
    #expect(waiting.made.isEmpty)
    #expect(waiting.left.first?.reason.hasPrefix("\(given.id) was given up") == true)
    try await treasury.send([withdrawal])
    try await scene.share()
    try await scene.mine(12)
    let paid = try await treasury.payRefunds()
    #expect(try nonces(paid.made) == [1], "\(paid.left)")
    try await treasury.send(paid.made)
    try await scene.share()
    try await scene.mine(12)
    try await expectPaid(scene, refund, by: paid.made[0])
  }

  @Test("where a stranger's has the nonce for good, a person says first that it paid nothing")
  func unclear() async throws {
    let (scene, payment, refund, given) = try await givenUp()
    let treasury = scene.treasury
    await #expect(throws: RefundRefusal.notPossible(.approved)) {
      try await decide(.failed(reason: "ann: never"), on: refund, scene)
    }
    let elsewhere = try KnownEthereumTransaction(
      EthereumTransaction(encoded: treasury.signedElsewhere(nonce: 0)))
    try scene.node.mine(exactly: [#require(elsewhere)])
    try await scene.share()
    try await scene.mine(12)
    let stopped = try await treasury.payRefunds(passingOver: true)
    #expect(stopped.made.isEmpty)
    let reason = try #require(stopped.left.first?.reason)
    #expect(reason.hasPrefix("\(given.id) was given up, and a transaction that isn't ours"))
    try await decide(.failed(reason: "ann: it paid nothing"), on: refund, scene)
    let again = try await treasury.refund(payment, .partial, 500, number: 6)
    let paid = try await treasury.payRefunds(passingOver: true)
    #expect(try nonces(paid.made) == [1], "\(paid.left)")
    try await treasury.send(paid.made)
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.status(again) == .final)
  }

  @Test("what was signed and sent around us is known before its bytes come")
  func sentAround() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let refund = try await treasury.refund(scene.overpaid(), .partial, 500)
    let made = try #require(try await treasury.payRefunds().made.first)
    try await mineAround(made, scene)
    #expect(try await treasury.status(refund) == .broadcast)
    #expect(try await scene.eventCount("reconciliation.mismatch") == 0)
    try await scene.mine(1)
    #expect(try await treasury.status(refund) == .confirmed)
    try await treasury.takeIn(made)
    #expect(try await treasury.status(refund) == .confirmed)
    try await scene.mine(12)
    try await expectPaid(scene, refund, by: made)
  }
}
