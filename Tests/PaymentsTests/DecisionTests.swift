import Bytes
import ChainTypes
import Payments
import Testing

@Suite("Decisions about a payment")
struct DecisionTests {
  private func payment(
    _ transfers: PaymentTransfer..., late: PaymentTerms.LatePolicy = .hold,
    tolerance: UInt256 = 0
  ) throws -> Payment {
    var payment = Payment(terms: try PaymentFixtures.terms(tolerance: tolerance, late: late))
    if !transfers.isEmpty { _ = try payment.apply(.observed(transfers)) }
    return payment
  }

  /// Applies a fact that must be refused and must change nothing.
  private func refusal(of fact: PaymentFact, by payment: Payment) -> PaymentError? {
    var copy = payment
    let error = #expect(throws: PaymentError.self) { try copy.apply(fact) }
    #expect(copy == payment)
    return error
  }

  @Test("a payment is canceled only while no money has come")
  func cancel() throws {
    var empty = try payment()
    #expect(try empty.apply(.canceled(by: "shop")).map(\.kind) == [.canceled])
    #expect(empty.status == .canceled)
    #expect(refusal(of: .canceled(by: "shop"), by: empty) == .notCancelable(.canceled))
    for state in [PaymentTransfer.State.seen, .included, .confirmed, .final] {
      let paying = try payment(PaymentFixtures.transfer(1, 1, state))
      #expect(refusal(of: .canceled(by: "shop"), by: paying) == .notCancelable(paying.status))
    }
    var expired = try payment()
    _ = try expired.passDeadline()
    #expect(refusal(of: .canceled(by: "shop"), by: expired) == .notCancelable(.expired))
    let quarantined = try payment(PaymentFixtures.transfer(1, 1, .quarantined))
    #expect(quarantined.status == .open)
    var canceled = quarantined
    #expect(try canceled.apply(.canceled(by: "shop")).map(\.kind) == [.canceled])
  }

  @Test("money on a canceled payment waits and is told, until an operator takes it")
  func moneyOnCanceled() throws {
    var payment = try payment()
    _ = try payment.apply(.canceled(by: "shop"))
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .final)) == [.late])
    #expect(payment.status == .canceled)
    #expect(payment.heldValue == 100_000)
    #expect(!payment.isLate)
    #expect(try payment.passDeadline() == [])
    #expect(payment.status == .canceled)
    #expect(
      try payment.apply(.accepted(due: 100_000, by: "operator")).map(\.kind)
        == [.processing, .paid, .settled])
  }

  @Test("accepting takes what came, however short, and never more than what was asked for")
  func accept() throws {
    var short = try payment(PaymentFixtures.transfer(1, 70_000, .confirmed))
    #expect(
      refusal(of: .accepted(due: 100_001, by: "operator"), by: short)
        == .dueTooHigh(100_001, amount: 100_000))
    #expect(
      refusal(of: .accepted(due: 0, by: "operator"), by: short) == .dueTooHigh(0, amount: 100_000))
    #expect(
      try short.apply(.accepted(due: 70_000, by: "operator")).map(\.kind) == [.processing, .paid])
    #expect(short.due == 70_000)
    #expect(short.shortfall == .zero)
    #expect(
      refusal(of: .accepted(due: 70_001, by: "operator"), by: short)
        == .dueTooHigh(70_001, amount: 70_000))
    #expect(
      refusal(of: .accepted(due: 1, by: "operator"), by: try payment()) == .nothingToAccept)
  }

  @Test("an acceptance that the tolerance exceeds still needs money")
  func acceptBelowTolerance() throws {
    var payment = try payment(
      PaymentFixtures.transfer(1, 10, .seen), tolerance: 50_000)
    #expect(try payment.apply(.accepted(due: 10, by: "operator")).map(\.kind) == [.processing])
    #expect(payment.threshold == 1)
    #expect(try payment.observe(PaymentFixtures.transfer(1, 10, .dropped)) == [.reversed])
    #expect(payment.status == .open)
    #expect(try payment.passDeadline() == [.expired])
  }

  @Test("the tolerance holds for what an operator accepts, too")
  func acceptWithTolerance() throws {
    var payment = try payment(
      PaymentFixtures.transfer(1, 99_990, .final, seenAfter: 1_000), tolerance: 10)
    _ = try payment.passDeadline()
    #expect(payment.status == .expired)
    _ = try payment.apply(.accepted(due: 100_000, by: "operator"))
    #expect(payment.status == .settled)
  }

  @Test("a payment that isn't paid can be resolved once, and nothing changes that")
  func resolve() throws {
    let paid = try payment(PaymentFixtures.transfer(1, 100_000, .confirmed))
    #expect(
      refusal(of: .resolved(by: "operator", reason: "refund"), by: paid) == .notResolvable(.paid))
    var short = try payment(PaymentFixtures.transfer(1, 70_000, .confirmed))
    #expect(
      try short.apply(.resolved(by: "operator", reason: "refund")).map(\.kind) == [.resolved])
    #expect(short.status == .resolved)
    #expect(short.heldValue == .zero)
    #expect(short.reversals == 0)
    #expect(
      refusal(of: .resolved(by: "operator", reason: "again"), by: short)
        == .notResolvable(.resolved))
    #expect(refusal(of: .accepted(due: 1, by: "operator"), by: short) == .nothingToAccept)
    #expect(refusal(of: .canceled(by: "shop"), by: short) == .notCancelable(.resolved))
    #expect(try short.passDeadline() == [])
    _ = try short.observe(PaymentFixtures.transfer(1, 70_000, .orphaned))
    #expect(short.status == .resolved)
  }

  @Test("money that comes after a resolution waits, is told, and can be taken by itself")
  func moneyAfterResolution() throws {
    var payment = try payment(PaymentFixtures.transfer(1, 70_000, .confirmed))
    _ = try payment.apply(.resolved(by: "operator", reason: "refunded by hand"))
    #expect(try payment.observe(PaymentFixtures.transfer(1, 70_000, .final)) == [])
    #expect(payment.heldValue == .zero)
    #expect(refusal(of: .accepted(due: 70_000, by: "operator"), by: payment) == .nothingToAccept)

    #expect(try payment.observe(PaymentFixtures.transfer(2, 60_000, .confirmed)) == [.late])
    #expect(payment.status == .resolved)
    #expect(payment.heldValue == 60_000)
    #expect(payment.received == 130_000)
    // What was refunded doesn't pay a second time.
    #expect(refusal(of: .accepted(due: 100_000, by: "operator"), by: payment) == .nothingToAccept)
    #expect(
      try payment.apply(.accepted(due: 60_000, by: "operator")).map(\.kind)
        == [.processing, .paid])
    #expect(payment.heldValue == .zero)
    #expect(payment.confirmed == 60_000)
    #expect(payment.overpaidBy == .zero)
    #expect(try payment.observe(PaymentFixtures.transfer(2, 60_000, .final)) == [.settled])
    #expect(payment.status == .settled)
  }

  @Test("what comes back after a resolution isn't new money, what had gone before it is")
  func backAfterResolution() throws {
    var payment = try payment(
      PaymentFixtures.transfer(1, 70_000, .included), PaymentFixtures.transfer(2, 10_000, .dropped))
    _ = try payment.apply(.resolved(by: "operator", reason: "refund"))
    _ = try payment.observe(PaymentFixtures.transfer(1, 70_000, .orphaned))
    // It is told that it is there again; nobody need decide about it.
    #expect(try payment.observe(PaymentFixtures.transfer(1, 70_000, .included)) == [.received])
    #expect(payment.heldValue == .zero)
    #expect(try payment.observe(PaymentFixtures.transfer(2, 10_000, .seen)) == [.late])
    #expect(payment.heldValue == 10_000)
  }

  @Test("a payment that was taken after a resolution can be resolved again")
  func resolvedTwice() throws {
    var payment = try payment()
    _ = try payment.apply(.resolved(by: "operator", reason: "no sale"))
    _ = try payment.observe(PaymentFixtures.transfer(1, 100_000, .seen))
    #expect(
      try payment.apply(.accepted(due: 100_000, by: "operator")).map(\.kind) == [.processing])
    #expect(
      try payment.apply(.resolved(by: "operator", reason: "sent back")).map(\.kind) == [.resolved])
    #expect(payment.heldValue == .zero)
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .final)) == [])
    #expect(payment.status == .resolved)
    #expect(payment.resolution?.reason == "sent back")
  }
}
