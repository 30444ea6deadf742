import Addresses
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
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    #expect(made.payouts.map(\.amount).first == 30_000)
    #expect(made.payouts.count == 2)
    #expect(try await scene.status(refund) == .built)
    // The same refund isn't built twice.
    #expect(try await scene.build { try $0.payRefunds($1, in: $2).made } == nil)

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
      _ = try await scene.build { try $0.payRefunds($1, in: $2).made }
    }
    try await scene.mine(4)
    let made = try await scene.build { try $0.payRefunds($1, in: $2).made }
    #expect(made?.slots.isEmpty == false)
  }

  @Test("a stuck transaction is replaced by one that spends the same coins, and one is mined")
  func bump() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let first = try #require(
      try await scene.build(rate: 1_000) { try $0.payRefunds($1, in: $2).made })
    try await scene.send(first)
    let second = try await scene.build(rate: 9_000) { try $0.replace(first.id, $1, in: $2) }
    #expect(Set(first.slots).isSubset(of: Set(second.slots)))
    #expect(second.maximumFee > first.maximumFee)
    #expect(second.payouts.last?.address == first.payouts.last?.address)
    try await scene.send(second)
    try await scene.mine(2)
    // Neither is replaced once more: a block has spent their coins.
    #expect(try await scene.status(refund) == .confirmed)
    for (mined, status): (OutgoingTransaction, OutgoingStatus) in [
      (first, .broadcast), (second, .confirmed),
    ] {
      await #expect(throws: PayoutRefusal.notReplaceable(status)) {
        _ = try await scene.build(rate: 20_000) { try $0.replace(mined.id, $1, in: $2) }
      }
    }
    try await scene.mine(4)
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
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
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
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    let now = scene.now
    try await scene.database.write {
      try OutgoingService.cancel(made.id, now: now, in: $0)
    }
    #expect(try await scene.status(refund) == .approved)
    #expect(try await scene.database.read { try ReplayCheck.differences(in: $0) } == [])
    #expect(try await scene.build { try $0.payRefunds($1, in: $2).made } != nil)
  }

  @Test("the very same transaction isn't made twice, but again once the first was given up")
  func madeAgain() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let first = try #require(
      try await scene.build(rate: 1_000) { try $0.payRefunds($1, in: $2).made })
    try await scene.send(first)
    func bump() async throws -> OutgoingTransaction {
      try await scene.build(rate: 9_000) { try $0.replace(first.id, $1, in: $2) }
    }
    let second = try await bump()
    await #expect(throws: PayoutRefusal.madeAlready(as: second.id)) { _ = try await bump() }
    let now = scene.now
    try await scene.database.write { try OutgoingService.cancel(second.id, now: now, in: $0) }
    let third = try await bump()
    #expect(third.txid == second.txid)
    try await scene.send(third)
    try await scene.mine(6)
    #expect(try await scene.outgoing(third.id)?.status == .final)
    #expect(try await scene.outgoing(second.id)?.status == .canceled)
    #expect(try await scene.status(refund) == .final)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("signed bytes that do something else, or aren't signed, are refused")
  func tampered() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    _ = try await scene.refund(payment, .overpayment, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
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

  // MARK: Several at once

  /// Whoever is paid back, each at an address of their own.
  private func payee(_ number: UInt8) -> String {
    let hash = Hash20([UInt8](repeating: number, count: 20)) ?? Hash20()
    return BitcoinAddress(.p2wpkh(hash), network: .regtest).text
  }

  @Test(
    "three refunds are paid at once; one too dear for the coins there are waits with its reason")
  func batched() async throws {
    let scene = try await PayoutScene()
    var refunds: [Refund] = []
    for (number, value): (UInt8, UInt64) in [
      (1, 100_000), (2, 110_000), (3, 150_000), (4, 120_000),
    ] {
      let payment = try await scene.pay(value, with: value)
      refunds.append(try await scene.refund(payment, .full, to: payee(number)))
    }
    let dear = refunds.remove(at: 2)
    // All of the coins, and nothing for the fee.
    let outcome = try await scene.build { try $0.payRefunds($1, in: $2) }
    let made = try #require(outcome.made)
    #expect(outcome.left.map(\.subject) == [dear.terms.id])
    #expect(outcome.left.allSatisfy { $0.reason.contains("satoshi too few") })
    #expect(made.refunds == refunds.map(\.terms.id))
    #expect(made.payouts.prefix(3).map(\.amount) == [100_000, 110_000, 120_000])
    #expect(made.payouts.prefix(3).map(\.address) == [1, 2, 4].map(payee))
    #expect(made.payouts.count == 4)
    try await scene.send(made)
    try await scene.mine(6)
    for refund in refunds { #expect(try await scene.status(refund) == .final) }
    #expect(try await scene.status(dear) == .approved)

    // Once there is more it is paid.
    _ = try await scene.pay(100_000, with: 100_000)
    let later = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    #expect(later.refunds == [dear.terms.id])
    try await scene.send(later)
    try await scene.mine(6)
    #expect(try await scene.status(dear) == .final)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("a person's choice of refunds is paid alone, and one that isn't due is named")
  func chosen() async throws {
    let scene = try await PayoutScene()
    var refunds: [Refund] = []
    for number: UInt8 in 1...3 {
      let payment = try await scene.pay(100_000, with: 100_000)
      refunds.append(try await scene.refund(payment, .partial, 50_000, to: payee(number)))
    }
    let (first, second) = (refunds[0].terms.id, refunds[1].terms.id)
    let made = try #require(
      try await scene.build { try $0.payRefunds($1, chosen: [second], in: $2).made })
    #expect(made.refunds == [second])
    await #expect(throws: PayoutRefusal.notDue(second, .built)) {
      _ = try await scene.build { try $0.payRefunds($1, chosen: [first, second], in: $2) }
    }
    await #expect(throws: PayoutRefusal.noRefund("ref_x")) {
      _ = try await scene.build { try $0.payRefunds($1, chosen: ["ref_x"], in: $2) }
    }
    let rest = try await scene.build { try $0.payRefunds($1, in: $2).made?.refunds }
    #expect(rest == [first, refunds[2].terms.id])
  }

  @Test("where none of those that share a fee can be paid, the others are, or all are named")
  func groups() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 100_000)
    let dear = try await scene.refund(
      payment, .full, to: payee(1), feePayer: .shop)
    await #expect {
      _ = try await scene.build { try $0.payRefunds($1, in: $2) }
    } throws: { error in
      guard case BitcoinPayouts.Failure.noneCanBePaid(let reasons) = error else { return false }
      return reasons.count == 1 && reasons[0].hasPrefix("\(dear.terms.id): ")
    }
    // With it all money is taken, but for this one's own.
    let other = try await scene.pay(50_000, with: 50_000)
    let small = try await scene.refund(other, .partial, 20_000, to: payee(2), feePayer: .payee)
    let outcome = try await scene.build(maximumInputs: 1) { try $0.payRefunds($1, in: $2) }
    #expect(outcome.made?.refunds == [small.terms.id])
    #expect(outcome.left.map(\.subject) == [dear.terms.id])
  }

  @Test("many that can't be paid keep no newer one from it")
  func unpayableInFront() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(600_000, with: 600_000)
    for _ in 0..<7 {
      _ = try await scene.refund(payment, .partial, 600, to: Self.payer, feePayer: .payee)
    }
    let large = try await scene.refund(
      payment, .partial, 100_000, to: Self.payer, feePayer: .payee)
    let few = try #require(
      BitcoinPayouts(
        spec: scene.spec,
        limits: .init(
          ceiling: FeeRate(satoshiPerKvB: 500_000), maximumFee: 100_000, maximumInputs: 100),
        maximumRefunds: 2))
    let outcome = try await scene.build(rate: 50_000) { _, order, connection in
      try few.payRefunds(order, in: connection)
    }
    #expect(outcome.made?.refunds == [large.terms.id])
    #expect(outcome.left.count == 7)
  }

  @Test("one that takes more coins than a transaction may have keeps none of the others from it")
  func tooManyCoins() async throws {
    let scene = try await PayoutScene()
    var refunds: [Refund] = []
    for (number, amount): (UInt8, UInt256) in [(1, 20_000), (2, 100_000)] {
      let payment = try await scene.pay(100_000, with: 100_000)
      refunds.append(try await scene.refund(payment, .partial, amount, to: payee(number)))
    }
    let outcome = try await scene.build(maximumInputs: 1) { try $0.payRefunds($1, in: $2) }
    #expect(outcome.made?.refunds == [refunds[0].terms.id])
    #expect(outcome.left.map(\.subject) == [refunds[1].terms.id])
    #expect(outcome.left.map(\.reason) == ["it takes more than 1 coins"])
  }

  @Test("payees who bear the fee share it equally, in a transaction without those who don't")
  func payeesPayFee() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(400_000, with: 400_000)
    let shop = try await scene.refund(payment, .partial, 50_000, to: payee(1))
    var payees: [Refund] = []
    for (number, amount): (UInt8, UInt256) in [(2, 60_000), (3, 70_000), (4, 80_000), (5, 600)] {
      payees.append(
        try await scene.refund(
          payment, .partial, amount, to: payee(number), feePayer: .payee))
    }
    // Another address than the first one cools down.
    scene.pass(seconds: 86_400)
    let dust = payees.removeLast()
    let first = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    #expect(first.refunds == [shop.terms.id])
    #expect(first.payouts.first?.amount == 50_000)
    try await scene.send(first)
    try await scene.mine(6)

    let outcome = try await scene.build(rate: 20_000) { try $0.payRefunds($1, in: $2) }
    let second = try #require(outcome.made)
    #expect(outcome.left.map(\.subject) == [dust.terms.id])
    #expect(outcome.left.allSatisfy { $0.reason.contains("nodes relay nothing below") })
    #expect(second.refunds == payees.map(\.terms.id))
    let (share, rest) = try second.maximumFee.divided(by: 3)
    #expect(share > .zero)
    let shares = zip(payees, second.payouts).map { $0.terms.amount.subtractingOrZero($1.amount) }
    #expect(try shares == [share.adding(rest), share, share])
    try await scene.send(second)
    try await scene.mine(6)
    for refund in payees { #expect(try await scene.status(refund) == .final) }
    // What the refunds take of the payment is all that leaves, the fee included.
    #expect(try shares.reduce(.zero) { try $0.adding($1) } == second.maximumFee)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("while the chain is halted nothing is made or replaced")
  func halted() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .partial, 10_000, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    try await scene.takeIn(made)
    _ = try await scene.refund(payment, .partial, 10_000, to: Self.payer)
    try await scene.database.write {
      _ = try $0.execute("UPDATE chains SET halt = 'a reorg as deep as finality'")
    }
    let halt = PayoutRefusal.halted("a reorg as deep as finality")
    await #expect(throws: halt) { _ = try await scene.build { try $0.payRefunds($1, in: $2) } }
    await #expect(throws: halt) {
      _ = try await scene.build { try $0.sweep($1, least: 1, in: $2) }
    }
    await #expect(throws: halt) {
      _ = try await scene.build(rate: 9_000) { try $0.replace(made.id, $1, in: $2) }
    }
    #expect(try await scene.broadcastOverPool() == OutgoingBroadcaster.Report())
    #expect(try await scene.status(refund) == .signed)
  }
}
