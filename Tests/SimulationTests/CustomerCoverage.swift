import Simulation

/// What several lives have met between them, of all that customers' lives should meet.
struct CustomerCoverage {
  private(set) var missing: Set<String>

  init() {
    let payments = ["overpaid", "late", "reversed", "expired_partial", "settled", "canceled"]
    let reasons = ["requested", "expired", "out_of_stock", "payment_expired"]
    missing =
      Set(CustomerLife.deaths.map { "death of \($0)" })
      .union(payments.map { "payment.\($0)" })
      .union(["order.completed", "order.canceled", "order held", "supply.low_stock"])
      .union(reasons.map { "canceled: \($0)" })
      .union(["refund_due", "failing database", "reorg"])
      .union(["claim.processed", "claim.canceled", "order.claimed", "claim shown wrong"])
      .union(["processed", "locked"].map { "refused: \($0)" })
      .union(["email", "push", "webhook"].map { "\($0) sent" })
      .union(["email canceled", "push canceled", "sent again"])
  }

  mutating func add(_ statistics: CustomerLife.Statistics) {
    missing.subtract(statistics.kills.keys.map { "death of \($0)" })
    missing.subtract(statistics.eventTypes.keys)
    missing.subtract(statistics.cancellations.keys.map { "canceled: \($0)" })
    missing.subtract(statistics.attention.keys)
    missing.subtract(statistics.refusals.keys.map { "refused: \($0)" })
    missing.subtract(statistics.news.keys)
    if statistics.repetitions > 0 { missing.remove("sent again") }
    if statistics.wrongCodes > 0 { missing.remove("claim shown wrong") }
    if statistics.held > 0 { missing.remove("order held") }
    if statistics.failures > 0 { missing.remove("failing database") }
    if statistics.reorgs > 0 { missing.remove("reorg") }
  }
}
