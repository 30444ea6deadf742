import Simulation

/// What several lives have met between them, of all that lives should meet.
struct LifeCoverage {
  private(set) var missing: Set<String>

  private static let chains = ["bitcoin-regtest", "ethereum-simulated", "rollup-simulated"]

  init() {
    let payment = ["expired", "late", "overpaid", "reversed", "settled"]
    let transfer = ["failed", "final", "misdirected", "orphaned", "quarantined", "replaced"]
    let refund = ["requested", "approved", "built", "signed", "broadcast", "confirmed", "final"]
    let sweep = ["built", "signed", "broadcast", "confirmed", "final", "replaced", "canceled"]
    let told =
      payment.map { "payment.\($0)" } + transfer.map { "transfer.\($0)" }
      + refund.map { "refund.\($0)" } + sweep.map { "sweep.\($0)" }
    let outcomes = ["refund.final", "refund.replaced", "refund.canceled", "sweep.final"]
    missing = Set(
      told.map { "told \($0)" } + FaultPoint.ofPipeline.map { "killed at \($0)" }
        + Self.chains.flatMap { chain in
          outcomes.map { "\(chain): \($0)" }
            + ["reorg", "transfer", "reverted refund"].map { "\(chain): \($0)" }
        }
        + ["accept", "full", "partial", "overpayment"].map { "a policy's \($0)" }
        // What brings ether for tokens' gas, what is executed without effect or moves less, and
        // what uses up a nonce, or would have.
        + ["gas.final", "refund.failed", "void.final", "void.replaced"].map { "out: \($0)" }
        + ["told refund.held", "failing database", "transfer with another outcome"])
  }

  mutating func add(_ statistics: Simulation.Statistics) {
    missing.subtract(statistics.eventTypes.keys.map { "told \($0)" })
    missing.subtract(statistics.kills.keys.map { "killed at \($0)" })
    missing.subtract(statistics.remedies.keys.map { "a policy's \($0)" })
    if statistics.failures > 0 { missing.remove("failing database") }
    for chain in Self.chains {
      if statistics.reorgs[chain] != nil { missing.remove("\(chain): reorg") }
      if statistics.transfers[chain, default: 0] > 0 { missing.remove("\(chain): transfer") }
      if statistics.revertedRefunds[chain] != nil { missing.remove("\(chain): reverted refund") }
      if statistics.variants[chain, default: 0] > 0 {
        missing.remove("transfer with another outcome")
      }
      for outcome in statistics.payouts[chain, default: [:]].keys {
        missing.subtract(["\(chain): \(outcome)", "out: \(outcome)"])
      }
    }
  }
}
