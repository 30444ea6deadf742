import Bytes
import ChainTypes
import Database
import Payments
import Settlement
import Testing
import Watching

@Suite("Revenue that the shop takes on Bitcoin")
struct WithdrawalTests {
  private static let cold = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
  private static let customer = "bcrt1qs758ursh4q9z627kt3pp5yysm78ddny6txaqgw"

  /// 500,000 satoshi less a sweep's fee on an address of our own, final, and a payment of 100,000
  /// that got 140,000.
  private func scene() async throws -> (PayoutScene, Payment, swept: UInt64) {
    let scene = try await PayoutScene()
    _ = try await scene.pay(500_000, with: 500_000)
    let sweep = try #require(
      try await scene.build { try $0.sweep($1, least: 1, in: $2) })
    try await scene.send(sweep)
    try await scene.mine(6)
    let payment = try await scene.pay(100_000, with: 140_000)
    return (scene, payment, sweep.payouts[0].amount.asUInt64 ?? 0)
  }

  private func withdraw(
    _ scene: PayoutScene, _ amount: UInt64?, to address: String = cold
  ) async throws -> OutgoingTransaction {
    try await scene.build { try $0.withdraw(amount, to: address, $1, in: $2) }
  }

  @Test("it is booked as taken, its change as ours, and a reorg takes it back")
  func booked() async throws {
    let (scene, _, _) = try await scene()
    let made = try await withdraw(scene, 200_000)
    #expect(made.purpose == .withdrawal && made.payouts.count == 2)
    #expect(made.leaving.map(\.amount) == [200_000])
    try await scene.send(made)
    try await scene.mine(1)
    func withdrawn() async throws -> [UInt256] {
      try await scene.database.read {
        try LedgerRecords.balances(in: $0).filter { $0.account == .withdrawals }
          .map { try $0.debit.subtracting($0.credit) }
      }
    }
    #expect(try await withdrawn() == [200_000])
    try await scene.expectLedgerMatchesChain()
    try await scene.reorganize(leaving: 1, mining: 2)
    #expect(try await withdrawn() == [0])
    try await scene.reorganize(leaving: 1, minedAgain: made)
    try await scene.mine(6)
    #expect(try await withdrawn() == [200_000])
    #expect(try await scene.outgoing(made.id)?.status == .final)
    try await scene.expectLedgerMatchesChain()
    let report = try await scene.database.read { try ReplayCheck.report(in: $0) }
    #expect(report.found.isEmpty, "\(report.found)")
  }

  @Test("all that is free goes but for what refunds wait for, and a replacement takes it from that")
  func all() async throws {
    let (scene, payment, swept) = try await scene()
    _ = try await scene.refund(payment, .partial, 130_000, to: Self.customer)
    #expect(swept > 300_000)
    let made = try await withdraw(scene, nil)
    let arrives = try #require(made.payouts.first?.amount)
    // 130,000 wait, and these and their fee lie on the payment's address.
    #expect(try arrives.adding(made.maximumFee) == UInt256(swept))
    #expect(made.payouts.count == 1)
    try await scene.send(made)
    let second = try await scene.build(rate: 20_000) { try $0.replace(made.id, $1, in: $2) }
    #expect(second.purpose == .withdrawal && second.slots == made.slots)
    #expect(try second.payouts[0].amount.adding(second.maximumFee) == UInt256(swept))
    #expect(second.payouts[0].amount < arrives)
    try await scene.send(second)
    try await scene.mine(6)
    #expect(try await scene.outgoing(second.id)?.status == .final)
    #expect(try await scene.outgoing(made.id)?.status == .replaced)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("what refunds wait for, what isn't final and what lies on payments' addresses stays")
  func bounds() async throws {
    let (scene, payment, swept) = try await scene()
    let refund = try await scene.refund(payment, .full, to: Self.customer)
    // A sweep of the payment's coin, not final yet: the refund can only be paid by the treasury.
    let sweep = try #require(try await scene.build { try $0.sweep($1, least: 1, in: $2) })
    try await scene.send(sweep)
    try await scene.mine(2)
    // 226 bytes at 5 satoshi: what a transaction for it takes at most.
    let most = swept - 140_000 - 1_130
    for amount in [most + 1, most, UInt64.max] {
      await #expect(throws: PayoutRefusal.notFree(most: UInt256(most)), "\(amount)") {
        _ = try await withdraw(scene, amount)
      }
    }
    let made = try await withdraw(scene, nil)
    #expect(try made.payouts[0].amount.adding(made.maximumFee) == UInt256(most))
    // What is left pays the refund, once it is final.
    try await scene.send(made)
    try await scene.mine(6)
    let paid = try await scene.build { try $0.payRefunds($1, in: $2) }
    #expect(paid.made?.refunds == [refund.terms.id])
  }

  @Test("a change too small to be made isn't lost to the fee where refunds wait for it")
  func smallChange() async throws {
    let (scene, payment, swept) = try await scene()
    // With its fee it takes 100 satoshi more than lie on the payment's address.
    _ = try await scene.refund(payment, .partial, 138_970, to: Self.customer)
    let made = try await withdraw(scene, nil)
    #expect(made.payouts.count == 2)
    #expect(made.payouts[1].amount == 294, "dust below it (P2WPKH)")
    #expect(try made.payouts[0].amount.adding(made.maximumFee) == UInt256(swept - 294))
    try await scene.send(made)
    try await scene.mine(6)
    let paid = try await scene.build { try $0.payRefunds($1, in: $2) }
    #expect(paid.made != nil, "\(paid.left)")
  }

  @Test("our own addresses are no destination, nor is what isn't the chain's")
  func destinations() async throws {
    let (scene, payment, _) = try await scene()
    for address in [payment.terms.address, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "x"] {
      await #expect(throws: RefundRefusal.self, "\(address)") {
        _ = try await withdraw(scene, 1_000, to: address)
      }
    }
    await #expect(throws: PayoutRefusal.self) { _ = try await withdraw(scene, 0) }
  }
}
