import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Database
import NodeRPC
import Payments
import Settlement
import Simulation
import Testing

/// What nodes answer to transactions of ours, through the pool.
@Suite("Signed transactions given to Bitcoin nodes")
struct BroadcastTests {
  private static let payer = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  /// A refund whose transaction is signed and was given to nobody; it takes two confirmations.
  private func signed() async throws -> (PayoutScene, Refund, OutgoingTransaction) {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(200_000, with: 300_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    try await scene.takeIn(made)
    return (scene, refund, made)
  }

  private func counts(_ scene: PayoutScene) async throws -> [Int] {
    let report = try await scene.broadcastOverPool()
    return [report.sent, report.refused]
  }

  @Test("a node takes it, and each minute again what it has already")
  func taken() async throws {
    let (scene, refund, _) = try await signed()
    #expect(try await counts(scene) == [1, 0])
    #expect(try await scene.status(refund) == .broadcast)
    #expect(try await counts(scene) == [0, 0])
    scene.pass(seconds: 61)
    #expect(try await counts(scene) == [1, 0])
    try await scene.mine(6)
    #expect(try await scene.status(refund) == .final)
  }

  @Test("−27 while it stands in a block is noted alone: the block tells that it is paid")
  func alreadyMined() async throws {
    let (scene, refund, made) = try await signed()
    // Whoever signed it has sent it, and no watcher knows of the block.
    try scene.node.accept(Transaction(bytes: PayoutScene.signed(made)))
    try scene.node.mine(1)
    #expect(try await counts(scene) == [0, 1])
    #expect(try await scene.note(of: made)?.contains("already in utxo set") == true)
    #expect(try await scene.outgoing(made.id)?.status == .signed)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.outgoing(made.id)?.sighting != nil)
    #expect(try await scene.status(refund) == .broadcast)
    scene.pass(seconds: 61)
    #expect(try await counts(scene) == [0, 0], "it is sent no more")
    try await scene.mine(5)
    #expect(try await scene.status(refund) == .final)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("−27 for one that stands in no block isn't believed, and it is sent until a node takes it")
  func notMined() async throws {
    let (scene, refund, made) = try await signed()
    scene.node.inject(
      Fault(
        .error(code: -27, message: "Transaction outputs already in utxo set"),
        method: "sendrawtransaction", count: 1))
    #expect(try await counts(scene) == [0, 1])
    try await scene.mine(6)
    #expect(try await scene.status(refund) == .signed, "nothing was paid")
    #expect(try await scene.outgoing(made.id)?.status == .signed)
    scene.pass(seconds: 61)
    #expect(try await counts(scene) == [1, 0])
    try await scene.mine(6)
    #expect(try await scene.status(refund) == .final)
    try await scene.expectLedgerMatchesChain()
  }

  /// A refund whose transaction was given up, and the one that was.
  private func givenUp() async throws -> (PayoutScene, Payment, Refund, OutgoingTransaction) {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let given = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    let now = scene.now
    try await scene.database.write { try OutgoingService.cancel(given.id, now: now, in: $0) }
    return (scene, payment, refund, given)
  }

  private func expectPaid(
    _ scene: PayoutScene, _ refund: Refund, by transaction: OutgoingTransaction
  ) async throws {
    #expect(try await scene.outgoing(transaction.id)?.status == .final)
    let paid = try #require(
      try await scene.database.read {
        try RefundRecords.load(refund.terms.id, locking: false, in: $0)
      })
    #expect(paid.status == .final && paid.txid == transaction.txidText)
    try await scene.expectLedgerMatchesChain()
    let report = try await scene.database.read { try ReplayCheck.report(in: $0) }
    #expect(report.found.isEmpty, "\(report.found)")
  }

  @Test(
    "what was given up and mined all the same pays its refund, and its successor is sent no more",
    arguments: [true, false])
  func minedAllTheSame(isTakenIn: Bool) async throws {
    let (scene, _, refund, given) = try await givenUp()
    // A coin that would suffice by itself.
    _ = try await scene.pay(900_000, with: 900_000)
    let made = try #require(
      try await scene.build(rate: 9_000) { try $0.payRefunds($1, in: $2).made })
    #expect(!Set(made.slots).isDisjoint(with: given.slots), "both can never be mined")
    if isTakenIn { try await scene.takeIn(made) }
    // Somebody had signed it after all.
    try await scene.sendAround(given)
    try await scene.mine(1)
    if isTakenIn {
      #expect(try await counts(scene) == [0, 1])
      #expect(try await scene.note(of: made)?.contains("has used up what it needs") == true)
    }
    try await scene.mine(6)
    #expect(try await scene.outgoing(made.id)?.status == .replaced)
    try await expectPaid(scene, refund, by: given)
  }

  @Test("what was given up pays its refund also where nothing was made in its place")
  func minedAlone() async throws {
    let (scene, _, refund, given) = try await givenUp()
    try await scene.sendAround(given)
    try await scene.mine(1)
    #expect(try await scene.status(refund) == .confirmed)
    #expect(try await scene.build { try $0.payRefunds($1, in: $2).made } == nil)
    try await scene.mine(6)
    try await expectPaid(scene, refund, by: given)
  }

  @Test("a reorg lets the successor win after all, and the refund follows")
  func minedAndReorganised() async throws {
    let (scene, _, refund, given) = try await givenUp()
    let made = try #require(
      try await scene.build(rate: 9_000) { try $0.payRefunds($1, in: $2).made })
    try await scene.takeIn(made)
    try await scene.sendAround(given)
    try await scene.mine(1)
    try await scene.reorganize(leaving: 1, minedAgain: made)
    try await scene.mine(6)
    #expect(try await scene.outgoing(given.id)?.status == .replaced)
    try await expectPaid(scene, refund, by: made)
  }

  @Test("where the refund was withdrawn meanwhile, a person is told that it was paid")
  func minedAndWithdrawn() async throws {
    let (scene, _, refund, given) = try await givenUp()
    let (service, now) = (RefundService(specs: [scene.spec], policies: [:]), scene.now)
    try await scene.database.write {
      _ = try service.decide(
        .canceled(by: "ann"), on: refund.terms.id, tenant: nil, now: now, in: $0)
    }
    try await scene.sendAround(given)
    try await scene.mine(7)
    #expect(try await scene.status(refund) == .canceled)
    let told = try await scene.database.read {
      try $0.query("SELECT data FROM events WHERE type = 'reconciliation.mismatch'").map {
        try $0.text("data")
      }
        + $0.query("SELECT data FROM outbox WHERE type = 'reconciliation.mismatch'").map {
          try $0.text("data")
        }
    }
    #expect(told.contains { $0.contains("\(refund.terms.id) is canceled") }, "\(told)")
    try await scene.expectLedgerMatchesChain()
  }

  @Test("while what was given up may be mined through another's coin, its refund waits")
  func coinsElsewhere() async throws {
    let (scene, payment, refund, given) = try await givenUp()
    // The same coin is set aside for a sweep by now.
    let sweep = try #require(try await scene.build { try $0.sweep($1, least: 1, in: $2) })
    #expect(sweep.slots == given.slots)
    _ = try await scene.pay(900_000, with: 900_000)
    let left = try await scene.build { try $0.payRefunds($1, in: $2).left }
    #expect(left.map(\.subject) == [refund.terms.id])
    #expect(left.first?.reason.hasPrefix("\(given.id) was given up") == true)
    try await scene.send(sweep)
    try await scene.mine(6)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    try await scene.send(made)
    try await scene.mine(6)
    try await expectPaid(scene, refund, by: made)
    _ = payment
  }

  private func decide(_ fact: RefundFact, on refund: Refund, _ scene: PayoutScene) async throws {
    let (service, now) = (RefundService(specs: [scene.spec], policies: [:]), scene.now)
    try await scene.database.write {
      _ = try service.decide(fact, on: refund.terms.id, tenant: nil, now: now, in: $0)
    }
  }

  @Test("a refund that was withdrawn and requested anew can't be paid beside what was given up")
  func requestedAnew() async throws {
    let (scene, payment, refund, given) = try await givenUp()
    try await decide(.canceled(by: "ann"), on: refund, scene)
    let second = try await scene.refund(payment, .overpayment, to: Self.payer)
    _ = try await scene.pay(900_000, with: 900_000)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    #expect(made.refunds == [second.terms.id])
    #expect(!Set(made.slots).isDisjoint(with: given.slots), "both can never be mined")
  }

  @Test("where another spent the coin of what was given up, a person says whether that paid")
  func spentByStranger() async throws {
    let (scene, payment, refund, given) = try await givenUp()
    _ = try await scene.pay(900_000, with: 900_000)
    let refused = await #expect(throws: RefundRefusal.self) {
      try await decide(.failed(reason: "no doubt yet"), on: refund, scene)
    }
    #expect(refused == .notPossible(.approved))
    try await scene.spendAround(given)
    try await scene.mine(7)
    let outcome = try await scene.build { try $0.payRefunds($1, in: $2) }
    #expect(outcome.made == nil && outcome.left.map(\.subject) == [refund.terms.id])
    #expect(outcome.left.first?.reason.contains("isn't ours has spent its coin") == true)
    // Requested anew it waits for the same word.
    try await decide(.failed(reason: "ann: the other one paid nobody"), on: refund, scene)
    #expect(try await scene.status(refund) == .failed)
    let second = try await scene.refund(payment, .overpayment, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    #expect(made.refunds == [second.terms.id])
  }

  @Test("a stranger's spend that a reorg takes back leaves the coin to its refund")
  func strangerTakenBack() async throws {
    let (scene, _, refund, given) = try await givenUp()
    try await scene.spendAround(given)
    try await scene.mine(1)
    try await scene.reorganize(leaving: 1, mining: 2)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    #expect(made.slots == given.slots)
    try await scene.send(made)
    try await scene.mine(6)
    try await expectPaid(scene, refund, by: made)
  }

  @Test("what was given up is watched no more once ours has spent its coin for good")
  func forgotten() async throws {
    let (scene, _, _, _) = try await givenUp()
    func watched() async throws -> Int64? {
      try await scene.database.read {
        try $0.queryFirst("SELECT COUNT(*) AS number FROM outgoing_given_up")?.integer("number")
      }
    }
    let made = try #require(
      try await scene.build(rate: 9_000) { try $0.payRefunds($1, in: $2).made })
    try await scene.send(made)
    try await scene.mine(5)
    #expect(try await watched() == 1)
    try await scene.mine(1)
    #expect(try await watched() == 0)
  }
}
