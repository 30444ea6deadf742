import Bytes
import ChainTypes
import Payments
import Testing

@Suite("What a payment tells")
struct EventTests {
  @Test("every level on the way is told, each once")
  func levels() throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .seen)) == [.processing])
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .included)) == [])
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .confirmed)) == [.paid])
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .final)) == [.settled])
    #expect(try payment.passDeadline() == [])
    #expect(payment.version == 5)
    #expect(payment.status == .settled)
    var atOnce = Payment(terms: payment.terms)
    let events = try atOnce.apply(.observed([PaymentFixtures.transfer(1, 100_000, .final)]))
    #expect(events.map(\.kind) == [.processing, .paid, .settled])
    #expect(events.allSatisfy { $0.from == .open && $0.to == .settled })
  }

  @Test("parts add up: the first is told as partial, the last as paid")
  func partial() throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    #expect(try payment.observe(PaymentFixtures.transfer(1, 30_000, .seen)) == [])
    #expect(try payment.observe(PaymentFixtures.transfer(1, 30_000, .included)) == [.partiallyPaid])
    #expect(try payment.observe(PaymentFixtures.transfer(2, 70_000, .seen)) == [.processing])
    #expect(
      try payment.observe(
        PaymentFixtures.transfer(1, 30_000, .confirmed),
        PaymentFixtures.transfer(2, 70_000, .confirmed)) == [.paid])
    #expect(payment.isMultiple)
    #expect(payment.overpaidBy == .zero)
  }

  @Test("money above what is due is told once it is confirmed, on settled payments too")
  func over() throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    #expect(try payment.observe(PaymentFixtures.transfer(1, 150_000, .seen)) == [.processing])
    #expect(payment.overpaidBy == .zero)
    #expect(
      try payment.observe(PaymentFixtures.transfer(1, 150_000, .confirmed)) == [.paid, .overpaid])
    #expect(payment.overpaidBy == 50_000)
    #expect(try payment.observe(PaymentFixtures.transfer(1, 150_000, .final)) == [.settled])
    #expect(try payment.observe(PaymentFixtures.transfer(2, 5, .confirmed)) == [.overpaid])
    #expect(payment.status == .settled)
    #expect(payment.overpaidBy == 50_005)
  }

  @Test("a reorg takes back each status it had, and inclusion restores it")
  func reversal() throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    _ = try payment.observe(PaymentFixtures.transfer(1, 100_000, .confirmed))
    let events = try payment.apply(.observed([PaymentFixtures.transfer(1, 100_000, .orphaned)]))
    #expect(events == [PaymentEvent(.reversed, from: .paid, to: .open)])
    #expect(payment.reversals == 1)
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .included)) == [.processing])
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .confirmed)) == [.paid])
    // The tip is taken back above its block: confirmations are lost, the money is still there.
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .included)) == [.reversed])
    #expect(payment.status == .processing)
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .final)) == [.paid, .settled])
    // Finality itself was broken.
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .orphaned)) == [.reversed])
    #expect(payment.reversals == 3)
    #expect(payment.status == .open)
  }

  @Test("expiry tells whether money had come, and takes nothing back")
  func expiry() throws {
    var empty = Payment(terms: try PaymentFixtures.terms())
    #expect(try empty.passDeadline() == [.expired])
    var partial = Payment(terms: empty.terms)
    _ = try partial.observe(PaymentFixtures.transfer(1, 1, .confirmed))
    let events = try partial.apply(.deadlinePassed(lookedThrough: PaymentFixtures.deadline))
    #expect(events == [PaymentEvent(.expiredPartial, from: .partiallyPaid, to: .expired)])
    #expect(partial.reversals == 0)
    #expect(try partial.passDeadline() == [])
    // What came in time counts even once the payment has expired: it was seen before.
    #expect(
      try partial.observe(PaymentFixtures.transfer(2, 99_999, .confirmed, seenAfter: 900))
        == [.processing, .paid])
  }

  @Test("money that had gone and comes after an expiry is told, although it pays for too little")
  func returning() throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    #expect(try payment.observe(PaymentFixtures.transfer(1, 30_000, .seen)) == [])
    #expect(try payment.observe(PaymentFixtures.transfer(1, 30_000, .dropped)) == [])
    #expect(try payment.passDeadline() == [.expired])
    let back = try PaymentFixtures.transfer(1, 30_000, .included, blockAfter: 5_000)
    let events = try payment.apply(.observed([back]))
    #expect(events == [PaymentEvent(.received, from: .expired, to: .expired)])
    #expect(!payment.isLate && payment.received == 30_000)
    // Once: deeper isn't more.
    #expect(
      try payment.observe(PaymentFixtures.transfer(1, 30_000, .final, blockAfter: 5_000)) == [])
  }

  @Test("the rest that the tolerance had forgone is told when it comes, on settled payments too")
  func rest() throws {
    var payment = Payment(terms: try PaymentFixtures.terms(tolerance: 2_000))
    #expect(
      try payment.observe(PaymentFixtures.transfer(1, 98_000, .confirmed)) == [.processing, .paid])
    #expect(try payment.observe(PaymentFixtures.transfer(2, 1_500, .seen)) == [.received])
    #expect(try payment.observe(PaymentFixtures.transfer(2, 1_500, .confirmed)) == [])
    #expect(try payment.observe(PaymentFixtures.transfer(1, 98_000, .final)) == [.settled])
    #expect(try payment.observe(PaymentFixtures.transfer(3, 500, .confirmed)) == [.received])
    #expect(payment.overpaidBy == .zero)
    // While it is awaited more money moves its status, or nothing yet.
    var open = Payment(terms: payment.terms)
    #expect(try open.observe(PaymentFixtures.transfer(1, 1, .included)) == [.partiallyPaid])
    #expect(try open.observe(PaymentFixtures.transfer(2, 1, .included)) == [])
  }

  @Test("money that is in the mempool at the deadline holds the payment until it is dropped")
  func processingAtDeadline() throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    _ = try payment.observe(PaymentFixtures.transfer(1, 100_000, .seen))
    #expect(try payment.passDeadline() == [])
    #expect(payment.status == .processing)
    #expect(
      try payment.observe(PaymentFixtures.transfer(1, 100_000, .dropped))
        == [.reversed, .expired])
    #expect(
      try payment.observe(PaymentFixtures.transfer(1, 100_000, .confirmed, blockAfter: 5_000))
        == [.processing, .paid])
    #expect(!payment.isLate)
  }

  @Test("late money counts where the policy accepts it, and says late")
  func lateAccepted() throws {
    var payment = Payment(terms: try PaymentFixtures.terms(late: .accept))
    _ = try payment.passDeadline()
    #expect(
      try payment.observe(PaymentFixtures.transfer(1, 100_000, .seen, seenAfter: 901))
        == [.processing, .late])
    #expect(payment.isLate)
    #expect(payment.heldValue == .zero)
    #expect(
      try payment.observe(
        PaymentFixtures.transfer(1, 100_000, .final, seenAfter: 901, blockAfter: 902))
        == [.paid, .settled])
  }

  @Test("late money that is held is told, kept and waits for an operator")
  func lateHeld() throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    _ = try payment.passDeadline()
    let late = try PaymentFixtures.transfer(1, 100_000, .final, seenAfter: 901, blockAfter: 902)
    #expect(try payment.observe(late) == [.late])
    #expect(payment.status == .expired)
    #expect(payment.received == 100_000)
    #expect(payment.heldValue == 100_000)
    #expect(payment.confirmed == .zero)
    #expect(
      try payment.apply(.accepted(due: 100_000, by: "operator")).map(\.kind)
        == [.processing, .paid, .settled])
    #expect(payment.heldValue == .zero)
    #expect(payment.isLate)
  }

  @Test("money is late only after the deadline, by the earlier of first sight and block time")
  func lateness() throws {
    func isLate(seen: Int64, block: Int64?) throws -> Bool {
      try PaymentFixtures.transfer(1, 1, .included, seenAfter: seen, blockAfter: block)
        .isLate(after: PaymentFixtures.deadline)
    }
    #expect(try !isLate(seen: 900, block: nil))
    #expect(try isLate(seen: 901, block: nil))
    #expect(try !isLate(seen: 5_000, block: 900))
    #expect(try !isLate(seen: 900, block: 5_000))
    #expect(try isLate(seen: 5_000, block: 901))
  }

  @Test("a reorg doesn't make late what a block has shown to be in time")
  func latenessAfterReorg() throws {
    // The watcher was down over the deadline: the block is all that tells when the money came.
    var payment = Payment(terms: try PaymentFixtures.terms())
    _ = try payment.observe(
      PaymentFixtures.transfer(1, 100_000, .confirmed, seenAfter: 5_000, blockAfter: 800))
    #expect(try payment.passDeadline() == [])
    _ = try payment.observe(PaymentFixtures.transfer(1, 100_000, .orphaned, seenAfter: 5_000))
    #expect(
      try payment.observe(PaymentFixtures.transfer(1, 100_000, .seen, seenAfter: 5_000))
        == [.processing])
    #expect(
      try payment.observe(
        PaymentFixtures.transfer(1, 100_000, .final, seenAfter: 5_000, blockAfter: 6_000))
        == [.paid, .settled])
    #expect(!payment.isLate)
  }

  @Test("released money counts as final, quarantined and refunded money not")
  func quarantine() throws {
    var payment = Payment(terms: try PaymentFixtures.terms())
    #expect(try payment.observe(PaymentFixtures.transfer(1, 100_000, .quarantined)) == [])
    #expect(
      try payment.observe(PaymentFixtures.transfer(1, 100_000, .released))
        == [.processing, .paid, .settled])
  }
}
