import Bytes
import ChainTypes
import Foundation
import Payments
import Testing

@Suite("Payments from facts")
struct ReplayTests {
  /// What must not depend on the order of reports.
  private struct Figures: Equatable {
    let status: PaymentStatus
    let values: [UInt256]
    let flags: [Bool]

    init(_ payment: Payment) {
      status = payment.status
      values = [
        payment.received, payment.confirmed, payment.overpaidBy, payment.shortfall,
        payment.lateValue, payment.heldValue, payment.due, payment.threshold,
      ]
      flags = [payment.isLate, payment.isMultiple, payment.isReplaceable]
    }
  }

  private func randomTerms(_ random: inout SplitMix64) throws -> PaymentTerms {
    try PaymentFixtures.terms(
      amount: UInt256(UInt64.random(in: 1...200, using: &random)),
      tolerance: UInt256(UInt64.random(in: 0...20, using: &random)),
      confirmations: UInt32.random(in: 0...3, using: &random),
      late: Bool.random(using: &random) ? .accept : .hold)
  }

  /// What became of each of some transfers, in its own order.
  private func randomHistories(
    _ random: inout SplitMix64
  ) throws -> [[PaymentTransfer]] {
    try (0..<Int.random(in: 1...5, using: &random)).map { number in
      let value = UInt256(UInt64.random(in: 0...120, using: &random))
      let seen = Int64.random(in: 0...1_800, using: &random)
      return try (0..<Int.random(in: 1...5, using: &random)).map { _ in
        let state = PaymentTransfer.State.allCases.randomElement(using: &random) ?? .seen
        return try PaymentFixtures.transfer(
          UInt64(number), value, state, seenAfter: seen,
          blockAfter: Bool.random(using: &random)
            ? Int64.random(in: 0...1_800, using: &random) : nil)
      }
    }
  }

  /// Facts in which each transfer's steps keep their order and all else is mixed.
  private func mixed(
    _ histories: [[PaymentTransfer]], deadline: Bool, _ random: inout SplitMix64
  ) -> [PaymentFact] {
    var rest = histories.map { $0[...] }
    var facts: [PaymentFact] = []
    var updates: [PaymentTransfer] = []
    var isDeadlineDue = deadline
    while let place = rest.indices.filter({ !rest[$0].isEmpty }).randomElement(using: &random) {
      updates.append(rest[place].removeFirst())
      guard Bool.random(using: &random) else { continue }
      facts.append(.observed(updates))
      updates = []
      if isDeadlineDue, Bool.random(using: &random) {
        facts.append(.deadlinePassed(lookedThrough: PaymentFixtures.deadline))
        isDeadlineDue = false
      }
    }
    if !updates.isEmpty { facts.append(.observed(updates)) }
    if isDeadlineDue { facts.append(.deadlinePassed(lookedThrough: PaymentFixtures.deadline)) }
    return facts
  }

  @Test("the order of reports never changes status or figures", arguments: 1...400)
  func order(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let terms = try randomTerms(&random)
    let histories = try randomHistories(&random)
    let deadline = Bool.random(using: &random)
    let expected = try Payment(
      terms: terms, facts: mixed(histories, deadline: deadline, &random))
    for _ in 0..<5 {
      let facts = mixed(histories, deadline: deadline, &random)
      let payment = try Payment(terms: terms, facts: facts)
      #expect(Figures(payment) == Figures(expected), "seed \(seed)")
      #expect(payment.version == Int64(facts.count))
    }
  }

  @Test("events lead from each status to the next without gaps", arguments: 1...200)
  func chainOfEvents(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var payment = Payment(terms: try randomTerms(&random))
    let facts = mixed(try randomHistories(&random), deadline: true, &random)
    for fact in facts {
      let before = payment
      let events = try payment.apply(fact)
      #expect(events == PaymentEvent.difference(from: before, to: payment))
      #expect(events.allSatisfy { $0.from == before.status && $0.to == payment.status })
      #expect(Set(events).count == events.count, "nothing is told twice, seed \(seed)")
      // A change that matters to others is told, whichever way it goes.
      let quiet: Set<PaymentStatus> = [.open, .expired]
      if before.status != payment.status, !quiet.contains(payment.status) {
        #expect(!events.isEmpty, "seed \(seed): \(before.status) to \(payment.status)")
      }
    }
    let again = try Payment(terms: payment.terms, facts: facts)
    #expect(again == payment)
    #expect(again.hashValue == payment.hashValue)
  }

  @Test("a transfer says nothing of looks and halts where nothing was recorded of them")
  func shortTransfer() throws {
    let text = try canonical(PaymentFixtures.transfer(1, 1, .seen))
    #expect(!text.contains("lookedThrough"))
    #expect(!text.contains("isHeldBack"))
  }

  @Test("facts and terms stand in JSON as one text each, and are read again")
  func codable() throws {
    let facts: [PaymentFact] = [
      .observed([]),
      .observed([
        try PaymentFixtures.transfer(1, .max, .included, vout: .max, blockAfter: 7),
        try PaymentFixtures.transfer(2, 0, .seen),
        try PaymentFixtures.transfer(3, 1, .seen).found(after: Timestamp(microseconds: 0))
          .heldBack(true),
      ]),
      .deadlinePassed(lookedThrough: Timestamp(microseconds: .min)),
      .canceled(by: "shop \"\\/\u{0}é🙂"), .accepted(due: .max, by: "operator"),
      .resolved(by: "operator", reason: "refund\n"),
    ]
    for fact in facts {
      let text = try canonical(fact)
      let read = try JSONDecoder().decode(PaymentFact.self, from: Data(text.utf8))
      #expect(read == fact)
      #expect(try canonical(read) == text)
    }
    for metadata in [nil, #"{"b":1,"a":[1.50,"é"]}"#] {
      let terms = try PaymentFixtures.terms(metadata: metadata)
      let text = try canonical(terms)
      let read = try JSONDecoder().decode(PaymentTerms.self, from: Data(text.utf8))
      #expect(read == terms)
      #expect(try canonical(read) == text)
    }
  }

  private func canonical(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
