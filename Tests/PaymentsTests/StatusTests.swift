import Bytes
import ChainTypes
import Payments
import Testing

@Suite("The status of a payment")
struct StatusTests {
  @Test("is late only by a look that had passed the deadline before the money was found")
  func lateByTheLookBefore() throws {
    let deadline = PaymentFixtures.deadline
    for (look, isLate) in [
      (deadline.adding(seconds: -900), false), (deadline, false),
      (deadline.adding(seconds: 1), true),
    ] {
      var payment = Payment(terms: try PaymentFixtures.terms())
      let late = try PaymentFixtures.transfer(1, 100_000, .included, seenAfter: 2_000)
      _ = try payment.observe(late.found(after: look))
      // What is told of it later doesn't change when it came.
      _ = try payment.observe(PaymentFixtures.transfer(1, 100_000, .confirmed, seenAfter: 2_000))
      #expect(payment.isLate == isLate)
      #expect(payment.status == (isLate ? .open : .paid))
    }
  }

  @Test("what a halt holds back isn't confirmed until it is told without the halt")
  func heldBack() throws {
    var payment = Payment(terms: try PaymentFixtures.terms(confirmations: 0))
    let seen = try PaymentFixtures.transfer(1, 100_000, .seen)
    #expect(try payment.observe(seen.heldBack(true)) == [.processing])
    let included = try PaymentFixtures.transfer(1, 100_000, .included)
    #expect(try payment.observe(included.heldBack(true)) == [])
    #expect(payment.confirmed == .zero)
    #expect(payment.received == 100_000)
    #expect(try payment.observe(included) == [.paid])
    // What counted goes on counting through the next halt, but not beyond its own end.
    #expect(try payment.observe(included.heldBack(true)) == [])
    #expect(payment.status == .paid)
    let orphaned = try PaymentFixtures.transfer(1, 100_000, .orphaned)
    #expect(try payment.observe(orphaned.heldBack(true)) == [.reversed])
    #expect(try payment.observe(seen.heldBack(true)) == [.processing])
    #expect(payment.confirmed == .zero)
  }

  @Test(
    "is the first that is true of what is final, confirmed, seen and included",
    arguments: [
      // (in mempool, included, confirmed, final) of 100 due
      (0, 0, 0, 0, PaymentStatus.open), (99, 0, 0, 0, .open), (100, 0, 0, 0, .processing),
      (0, 1, 0, 0, .partiallyPaid), (98, 1, 0, 0, .partiallyPaid), (99, 1, 0, 0, .processing),
      (0, 100, 0, 0, .processing), (0, 0, 99, 0, .partiallyPaid), (1, 0, 99, 0, .processing),
      (0, 0, 100, 0, .paid), (0, 0, 1, 99, .paid), (0, 0, 0, 99, .partiallyPaid),
      (0, 0, 0, 100, .settled), (50, 50, 50, 100, .settled), (0, 0, 101, 99, .paid),
    ])
  func table(
    seen: UInt64, included: UInt64, confirmed: UInt64, final: UInt64, status: PaymentStatus
  ) throws {
    var payment = Payment(terms: try PaymentFixtures.terms(amount: 100))
    let parts: [(UInt64, PaymentTransfer.State)] = [
      (seen, .seen), (included, .included), (confirmed, .confirmed), (final, .final),
    ]
    var total: UInt64 = 0
    for (number, part) in parts.enumerated() where part.0 > 0 {
      total += part.0
      _ = try payment.observe(
        PaymentFixtures.transfer(UInt64(number), UInt256(part.0), part.1))
    }
    #expect(payment.status == status)
    #expect(payment.received == UInt256(total))
    #expect(payment.confirmed == UInt256(confirmed + final))
    #expect(payment.shortfall == UInt256(total < 100 ? 100 - total : 0))
    #expect(payment.overpaidBy == UInt256(confirmed + final > 100 ? confirmed + final - 100 : 0))
    #expect(payment.isReplaceable == (seen > 0))
    // Once the deadline has passed, what was less than enough has expired.
    _ = try payment.passDeadline()
    let ends = status == .open || status == .partiallyPaid
    #expect(payment.status == (ends ? .expired : status))
  }

  @Test(
    "what is replaced, dropped, orphaned, failed, quarantined or refunded counts nothing",
    arguments: [
      PaymentTransfer.State.replaced, .dropped, .orphaned, .failed, .quarantined, .refunded,
    ])
  func worthless(_ state: PaymentTransfer.State) throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, state)) == [])
    #expect(payment.status == .open)
    #expect(payment.received == .zero)
    #expect(!payment.isMultiple)
    #expect(try payment.passDeadline() == [.expired])
  }

  @Test("tolerance makes a little less enough, and one minor unit less not")
  func tolerance() throws {
    let terms = try PaymentFixtures.terms(amount: 1_000, tolerance: 10)
    var enough = Payment(terms: terms)
    #expect(
      try enough.observe(PaymentFixtures.transfer(1, 990, .final))
        == [.processing, .paid, .settled])
    #expect(enough.shortfall == 10)
    #expect(enough.overpaidBy == .zero)
    var short = Payment(terms: terms)
    #expect(try short.observe(PaymentFixtures.transfer(1, 989, .final)) == [.partiallyPaid])
    #expect(try short.passDeadline() == [.expiredPartial])
    #expect(short.status == .expired)
    #expect(short.received == 989)
  }

  @Test("with no confirmations required the mempool is enough, and a replacement takes it back")
  func zeroConfirmations() throws {
    var payment = Payment(terms: try PaymentFixtures.terms(confirmations: 0))
    #expect(
      try payment.observe(PaymentFixtures.transfer(1, 100_000, .seen)) == [.processing, .paid])
    #expect(payment.isReplaceable)
    let replaced = try PaymentFixtures.transfer(1, 100_000, .replaced)
    let rival = try PaymentFixtures.transfer(2, 40_000, .seen)
    #expect(try payment.observe(replaced, rival) == [.reversed])
    #expect(payment.status == .open)
    #expect(payment.reversals == 1)
    #expect(payment.confirmed == 40_000)
    #expect(try payment.passDeadline() == [.expiredPartial])
  }

  @Test("values whose sum exceeds 256 bits saturate")
  func overflow() throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    _ = try payment.observe(
      PaymentFixtures.transfer(1, .max, .final), PaymentFixtures.transfer(2, .max, .final))
    #expect(payment.status == .settled)
    #expect(payment.received == .max)
    #expect(payment.overpaidBy == UInt256.max.subtractingOrZero(100_000))
    #expect(payment.isMultiple)
  }

  @Test("two outputs of one transaction are two transfers with one total")
  func twoOutputs() throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    let first = try PaymentFixtures.transfer(1, 60_000, .confirmed, vout: 0)
    let second = try PaymentFixtures.transfer(1, 40_000, .confirmed, vout: 1)
    #expect(try payment.observe(first, second) == [.processing, .paid])
    #expect(payment.transfers.count == 2)
    #expect(payment.isMultiple)
    #expect(payment.confirmed == 100_000)
  }

  @Test("thousands of transfers in one fact and in the next cost no time to speak of")
  func many() throws {
    var payment = Payment(terms: try PaymentFixtures.terms(amount: 20_000))
    let transfers = try (0..<20_000).map { try PaymentFixtures.transfer($0, 1, .included) }
    _ = try payment.apply(.observed(transfers))
    #expect(payment.status == .processing)
    _ = try payment.apply(.observed(transfers))
    #expect(payment.transfers.count == 20_000)
    #expect(payment.received == 20_000)
  }
}
