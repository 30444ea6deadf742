import Bitcoin
import Bytes
import ChainTypes
import Database
import Payments
import Settlement
import Testing

/// Refunds and sweeps on a simulated Bitcoin chain, built, signed apart, sent and mined.
@Suite("Money out on Bitcoin")
struct BitcoinPayoutTests {
  private static let payer = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  @Test("an overpayment goes back out of final coins, with change to an address of our own")
  func refund() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2) })
    #expect(made.payouts.map(\.amount).first == 30_000)
    #expect(made.payouts.count == 2)
    #expect(try await scene.status(refund) == .built)
    // The same refund isn't built twice.
    #expect(try await scene.build { try $0.payRefunds($1, in: $2) } == nil)

    try await scene.send(made)
    #expect(try await scene.status(refund) == .broadcast)
    try await scene.mine(2)
    #expect(try await scene.status(refund) == .confirmed)
    try await scene.mine(4)
    #expect(try await scene.status(refund) == .final)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("coins that aren't final aren't touched")
  func unfinal() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let late = try await scene.pay(200_000, with: 200_000, confirmations: 2)
    _ = late
    _ = try await scene.refund(payment, .full, to: Self.payer)
    // All of the final coin, and the fee besides: there is nothing else to spend.
    await #expect(throws: BitcoinPayouts.Failure.self) {
      _ = try await scene.build { try $0.payRefunds($1, in: $2) }
    }
    try await scene.mine(4)
    let made = try await scene.build { try $0.payRefunds($1, in: $2) }
    #expect(made?.slots.isEmpty == false)
  }

  @Test("a stuck transaction is replaced by one that spends the same coins, and one is mined")
  func bump() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let first = try #require(
      try await scene.build(rate: 1_000) { try $0.payRefunds($1, in: $2) })
    try await scene.send(first)
    let second = try await scene.build(rate: 9_000) { try $0.replace(first.id, $1, in: $2) }
    #expect(Set(first.slots).isSubset(of: Set(second.slots)))
    #expect(second.maximumFee > first.maximumFee)
    #expect(second.payouts.last?.address == first.payouts.last?.address)
    try await scene.send(second)
    try await scene.mine(6)
    #expect(try await scene.status(refund) == .final)
    #expect(try await scene.outgoing(first.id)?.status == .replaced)
    #expect(try await scene.outgoing(second.id)?.status == .final)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("a refund whose block a reorg takes back is sent again, and paid once")
  func reorg() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2) })
    try await scene.send(made)
    try await scene.mine(2)
    #expect(try await scene.status(refund) == .confirmed)
    try await scene.reorganize(leaving: 2, mining: 3)
    #expect(try await scene.status(refund) == .broadcast)
    scene.pass(seconds: 120)
    try await scene.broadcast()
    try await scene.mine(6)
    #expect(try await scene.status(refund) == .final)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("payments' coins are gathered on an address of our own")
  func sweep() async throws {
    let scene = try await PayoutScene()
    for _ in 0..<3 { _ = try await scene.pay(100_000, with: 100_000) }
    let made = try #require(
      try await scene.build { try $0.sweep($1, least: 2, in: $2) })
    #expect(made.slots.count == 3)
    try await scene.send(made)
    try await scene.mine(6)
    #expect(try await scene.outgoing(made.id)?.status == .final)
    #expect(try await scene.build { try $0.sweep($1, least: 1, in: $2) } == nil)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("what nobody has signed is given up, and its coins and refunds are free again")
  func cancel() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2) })
    let now = scene.now
    try await scene.database.write {
      try OutgoingService.cancel(made.id, now: now, in: $0)
    }
    #expect(try await scene.status(refund) == .approved)
    #expect(try await scene.build { try $0.payRefunds($1, in: $2) } != nil)
  }

  @Test("signed bytes that do something else, or aren't signed, are refused")
  func tampered() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    _ = try await scene.refund(payment, .overpayment, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2) })
    let signed = try Transaction(bytes: PayoutScene.signed(made))
    var other = signed
    other.outputs[0].value += 1
    var unsigned = signed
    unsigned.inputs[0].witness = []
    let (spec, now) = (scene.spec, scene.now)
    for raw in [other.bytes, unsigned.bytes, [], [0]] {
      await #expect(throws: OutgoingService.Refusal.self) {
        try await scene.database.write {
          try OutgoingService.takeIn(
            raw, for: made.id, spec: spec, now: now, in: $0)
        }
      }
    }
  }
}
