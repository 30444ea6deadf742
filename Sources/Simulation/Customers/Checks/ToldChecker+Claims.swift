internal import JSON

// Of a claim only what its order allows: open while that is ready, one end, attempts that run out.
extension ToldChecker {
  /// How often a wrong code may be shown.
  private static let attempts: Int64 = 5

  mutating func learnClaim(_ event: ToldEvent, _ findings: inout ShopFindings) throws {
    let (id, data) = (event.subject, try JSONValue(parsing: Array(event.data.utf8)))
    let before = claims[id]
    var claim =
      before ?? ToldClaim(order: data["order_id"]?.string ?? "", tenant: event.tenant ?? "")
    claim.status = data["status"]?.string ?? ""
    claim.attemptsLeft = data["attempts_left"]?.integer(Int64.self) ?? -1
    claims[id] = claim
    findings.require(
      data["from"]?.string == before?.status && data["to"]?.string == claim.status, .truth,
      "\(id) tells another step than the one it took")
    let order = orders[claim.order]
    findings.require(
      order?.wasReady == true && order?.tenant == claim.tenant, .claims,
      "\(id) is for \(claim.order), which was never ready")
    guard let before else {
      return findings.require(
        event.word == "created" && claim.status == "open" && claim.attemptsLeft == Self.attempts,
        .claims, "\(id) begins as \(claim.status) with \(claim.attemptsLeft) attempts")
    }
    let hasEnded = ["processed", "canceled"].contains(claim.status)
    findings.require(
      event.word == (hasEnded ? claim.status : "updated"), .truth,
      "\(id) tells \(event.word), and became \(claim.status)")
    findings.require(
      !["processed", "canceled"].contains(before.status), .claims,
      "\(id) was \(before.status), and becomes \(claim.status)")
    findings.require(
      claim.status != "processed" || (before.status == "open" && before.attemptsLeft > 0),
      .claims,
      "\(id) was \(before.status) with \(before.attemptsLeft) attempts left, and is processed")
    findings.require(
      claim.status != "processed" || order?.payment.flatMap { payment($0) }?.wasPaid == true,
      .claims, "\(id) hands \(claim.order) over, and nobody was told that it is paid")
    let isAttempt = claim.attemptsLeft == before.attemptsLeft - 1 && claim.attemptsLeft >= 0
    findings.require(
      isAttempt || claim.attemptsLeft == before.attemptsLeft
        || claim.attemptsLeft == Self.attempts, .claims,
      "\(id) had \(before.attemptsLeft) attempts left, and has \(claim.attemptsLeft)")
  }
}
