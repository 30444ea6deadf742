import Bitcoin
import Bytes
import ChainTypes
import Database
import EventLog
import Payments
import Settlement
import Testing

/// What could send the same money twice, or to nobody: each refused, or seen.
@Suite("Hazards of money out on Bitcoin")
struct PayoutHazardTests {
  private static let payer = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  @Test("what was final and stands in another branch's block is seen there")
  func minedAgain() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    try await scene.send(made)
    try await scene.mine(6)
    #expect(try await scene.status(refund) == .final)
    let before = try #require(try await scene.outgoing(made.id)?.sighting)
    try await scene.reorganize(leaving: 6, minedAgain: made)
    #expect(try await scene.status(refund) == .broadcast)
    let after = try #require(try await scene.outgoing(made.id)?.sighting)
    #expect(after.block != before.block)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("a refund isn't ended while a transaction that pays it can be mined, nor once it is paid")
  func ending() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    func end() async throws {
      let (service, now) = (RefundService(specs: [], policies: [:]), scene.now)
      try await scene.database.write {
        _ = try service.decide(
          .failed(reason: "ann: stuck"), on: refund.terms.id, tenant: nil, now: now, in: $0)
      }
    }
    // Nothing was made for it: it can be canceled.
    await #expect(throws: RefundRefusal.notPossible(.approved)) { try await end() }
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    await #expect(throws: RefundRefusal.payable(by: made.id, .built)) { try await end() }
    try await scene.send(made)
    await #expect(throws: RefundRefusal.payable(by: made.id, .broadcast)) { try await end() }
    try await scene.mine(6)
    await #expect(throws: RefundRefusal.payable(by: made.id, .final)) { try await end() }
    #expect(try await scene.status(refund) == .final)
  }

  @Test("what a block has used up isn't given up, though nobody knows yet that it is this one")
  func usedSlot() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    _ = try await scene.refund(payment, .overpayment, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    // As where signatures are part of the txid.
    try await scene.database.write {
      try $0.execute("UPDATE outgoing SET txid = NULL", [])
      return
    }
    try await scene.sendAround(made)
    try await scene.mine(1)
    let now = scene.now
    await #expect(throws: OutgoingService.Refusal.slotUsed) {
      try await scene.database.write { try OutgoingService.cancel(made.id, now: now, in: $0) }
    }
  }

  @Test("a refund of what the chain took back isn't sent, and keeps no other from being sent")
  func takenBack() async throws {
    let scene = try await PayoutScene()
    // Coins that stay, for both.
    for _ in 0..<2 { _ = try await scene.pay(1_000_000, with: 1_000_000) }
    let kept = try await scene.pay(100_000, with: 150_000)
    let lost = try await scene.pay(100_000, with: 130_000)
    for payment in [lost, kept] {
      _ = try await scene.refund(payment, .overpayment, to: Self.payer)
      let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
      try await scene.takeIn(made)
    }
    // The last payment's block goes, and what was final with it.
    try await scene.reorganize(leaving: 6, mining: 7)
    let (chain, now) = (scene.spec.name, scene.now)
    let halt = try await scene.database.write {
      try ChainResumption.resume(chain, by: "ann", now: now, in: $0)
    }
    #expect(halt != nil)
    try await scene.broadcast()
    let statuses = try await scene.database.read { connection in
      try connection.query("SELECT status, note FROM outgoing ORDER BY outgoing_id").map {
        (try $0.text("status"), try $0.optionalText("note") ?? "")
      }
    }
    #expect(statuses.map(\.0).sorted() == ["broadcast", "signed"], "\(statuses)")
    #expect(
      statuses.first { $0.0 == "signed" }?.1.contains("the chain took back") == true, "\(statuses)")
  }

  @Test("a sweep leaves coins that cost more than they may, and isn't made for such alone")
  func worth() async throws {
    let scene = try await PayoutScene()
    for value in [100_000, 100_000, 2_000] as [UInt64] {
      _ = try await scene.pay(100_000, with: value)
    }
    // 5 sat/vB: an input of 68 virtual bytes costs 340 of the 2,000.
    let made = try #require(try await scene.build { try $0.sweep($1, least: 1, in: $2) })
    #expect(made.slots.count == 2)
    await #expect(throws: BitcoinPayouts.Failure.self) {
      // All inputs are worth it, the transaction around them isn't.
      let other = try await PayoutScene()
      _ = try await other.pay(10_000, with: 10_000)
      _ = try await other.build { try $0.sweep($1, least: 1, in: $2) }
    }
  }

  @Test("after a restore nothing is paid before somebody has compared the books with the chain")
  func restored() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    _ = try await scene.refund(payment, .overpayment, to: Self.payer)
    try await scene.database.write { _ = try RestoreEpochs.beginFirst(1, in: $0) }
    await #expect(throws: PayoutRefusal.unreconciled(epoch: 1)) {
      _ = try await scene.build { try $0.payRefunds($1, in: $2) }
    }
    let chain = scene.spec.name.text
    try await scene.database.write { connection in
      try connection.execute(
        """
        INSERT INTO reconciliations
          (chain, finished_at, block_height, addresses, differences, reasons)
        VALUES ($1, 1, NULL, 0, 0, '[]')
        """, [.text(chain)])
      return
    }
    #expect(try await scene.build { try $0.payRefunds($1, in: $2).made } != nil)
  }
}
