internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement

// The end of money out: once all that came is final there is something to pay back with.
extension Simulation {
  /// People are paid back through kills, replacements and reorgs, until every transaction that was
  /// made has come to rest. A halted chain makes none.
  func payBack() async throws {
    guard mode == .shallow else { return }
    for _ in 0..<16 {
      try await payOut()
      note(
        Int.random(in: 0..<4, using: &random) == 0
          ? chains[0].reorganise(&random) : chains[0].mine(&random))
      note(chains[0].relay())
      // Past the pause before something is sent again.
      world.time.advance(milliseconds: 61_000)
      learn()
      try await settle(0)
    }
    for _ in 0..<2 {
      world.time.advance(milliseconds: 122_000)
      try await finishPayouts()
      note(chains[0].relay())
      for _ in 0..<chains[0].spec.finalityDepth {
        world.time.advance(milliseconds: 120_000)
        for chain in chains { chain.advance() }
      }
      try await settle()
    }
    try await checkRest()
  }

  /// Nothing waits any more that was made, and no refund is on its way.
  private func checkRest() async throws {
    let name = world.settings.spec.name
    let (made, underway) = try await world.database.read { connection in
      (
        try OutgoingRecords.list(
          on: name, in: OutgoingStatus.allCases, limit: 10_000, in: connection),
        try connection.query(
          """
          SELECT refund_id, status FROM refunds
          WHERE status IN ('built', 'signed', 'broadcast', 'confirmed')
          """
        ).map { "\(try $0.text("refund_id")) is \(try $0.text("status"))" }
      )
    }
    statistics.replacedPayouts = made.count { $0.status == .replaced && $0.purpose == .refund }
    var findings = Findings()
    let waiting = made.filter(\.status.isPending).map { "\($0.id) is \($0.status)" }
    findings.require(
      waiting.isEmpty && underway.isEmpty, promise: 5,
      "money out doesn't come to rest: \((waiting + underway).joined(separator: ", "))")
    if !findings.violations.isEmpty {
      throw Broken(reasons: findings.violations.map(\.description))
    }
  }
}
