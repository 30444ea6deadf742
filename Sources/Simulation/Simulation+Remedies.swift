internal import Aggregates
internal import Bytes
internal import Database
internal import Payments
internal import Settlement

// What tenants' policies do by themselves about late, short and excess money.
extension Simulation {
  /// Does what is due by now; the process may die on the way.
  func applyRemedies() async throws {
    if Int.random(in: 0..<4, using: &random) == 0 {
      world.killSwitch.arm(
        Bool.random(using: &random) ? .beforeCommit : .afterCommit,
        passages: Int.random(in: 1...2, using: &random), isFatal: Bool.random(using: &random))
    }
    try await stepRemedies()
    world.killSwitch.reset()
  }

  /// However long nothing ran: what can be done is done then, and nothing is left.
  func finishRemedies() async throws {
    guard mode == .shallow else { return }
    world.killSwitch.reset()
    for _ in 0..<3 {
      // Past the pause after which it is tried again.
      world.time.advance(milliseconds: 3_700_000)
      try await stepRemedies()
    }
    let stored = try await world.database.read { try StoredState.read(from: $0) }
    let (oracles, checker) = (try remedies(stored), RemedyChecker(stored: stored))
    for payment in stored.payments {
      guard let terms = orders[payment.id]?.terms, let remedy = oracles[payment.id]?.remedy,
        try !checker.isLeftToPeople(payment)
      else { continue }
      // Nobody has said where to, or it isn't worth sending.
      if case .refund(let amount) = remedy,
        terms.refundAddress == nil || amount < terms.asset.simulatedDust
      {
        continue
      }
      throw Broken(reasons: ["\(payment.id) is \(payment.status), and \(remedy) isn't done"])
    }
  }

  private func stepRemedies() async throws {
    let before = try await world.database.read { try StoredState.read(from: $0) }
    let expected = try remedies(before)
    let service = RemedyService(
      refunds: RefundService(specs: world.settings.specs, policies: world.settings.policies))
    let (now, random, database) = (world.time.now, randomness(), world.database)
    try await surviving("remedies") {
      let looked = try await service.step(on: database, now: now, random: random)
      note("policies look at \(looked)")
    }
    let after = try await world.database.read { try StoredState.read(from: $0) }
    let known = Dictionary(
      before.payments.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for payment in after.payments {
      guard let old = known[payment.id] else { continue }
      let facts = try payment.facts.dropFirst(old.facts.count).map {
        try CanonicalJSON.value(PaymentFact.self, from: $0)
      }
      try learnRemedy(facts, of: old, expecting: expected[payment.id], after)
    }
  }

  /// What a policy did must be what the rules say, and once.
  private func learnRemedy(
    _ facts: [PaymentFact], of payment: StoredState.StoredPayment, expecting oracle: RemedyOracle?,
    _ after: StoredState
  ) throws {
    guard let fact = facts.first else { return }
    let id = payment.id
    switch (fact, oracle?.remedy) {
    case (.accepted(let due, let by), .accept(let expected)?)
    where by == RemedyChecker.policy && due.asUInt64 == expected:
      orders[id]?.acceptedDue = due.asUInt64
      statistics.remedies["accept", default: 0] += 1
    case (.refundRequested(let refund, let amount), .refund(let expected)?)
    where amount.asUInt64 == expected:
      let kind = try after.refunds[refund].map {
        try CanonicalJSON.value(RefundTerms.self, from: $0.terms).kind.rawValue
      }
      refundsOfSettled[refund] = payment.status == "settled"
      statistics.remedies[kind ?? "", default: 0] += 1
    default:
      throw Broken(
        reasons: [
          "a policy did \(fact) to \(id), which is \(payment.status), instead of "
            + "\(oracle?.remedy.map { "\($0)" } ?? "nothing")"
        ])
    }
    guard facts.count == 1 else { throw Broken(reasons: ["policies acted twice on \(id)"]) }
    note("a policy: \(id): \(fact)")
  }

  /// By the payments' ids.
  private func remedies(_ stored: StoredState) throws -> [String: RemedyOracle] {
    let oracles = paymentChecker(stored).oracles()
    var (taken, refunded): ([String: UInt64], Set<String>) = ([:], [])
    for refund in stored.refunds.values {
      let terms = try CanonicalJSON.value(RefundTerms.self, from: refund.terms)
      refunded.insert(terms.payment)
      guard !["failed", "canceled"].contains(refund.status) else { continue }
      taken[terms.payment, default: 0] += terms.amount.asUInt64 ?? .max
    }
    var remedies: [String: RemedyOracle] = [:]
    for payment in stored.payments {
      guard let order = orders[payment.id], let oracle = oracles[payment.id] else { continue }
      remedies[payment.id] = RemedyOracle(
        terms: order.terms, status: payment.status, payment: oracle,
        taken: taken[payment.id] ?? 0, hasRefunds: refunded.contains(payment.id))
    }
    return remedies
  }
}
