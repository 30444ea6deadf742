// What a run is told to do, and what it tells.
extension Simulation {
  package enum Mode: Sendable {
    /// No reorg is as deep as finality.
    case shallow
    /// Reorgs may break finality, after which nothing is credited.
    case beyondFinality
  }

  package struct Statistics: Sendable {
    package var payments = 0
    package var kills: [FaultPoint: Int] = [:]
    /// How often the database failed a process that lived on.
    package var failures = 0
    /// By chain.
    package var reorgs: [String: Int] = [:]
    package var transfers: [String: Int] = [:]
    /// Transfers that did something else in another block, by chain.
    package var variants: [String: Int] = [:]
    /// Transfers that nothing bore out, by chain.
    package var unproven: [String: Int] = [:]
    package var events = 0
    package var heldSteps = 0
    package var watcherSteps = 0
    package var statuses: [String: Int] = [:]
    package var eventTypes: [String: Int] = [:]
    /// How often a refund's block was taken back, by chain.
    package var revertedRefunds: [String: Int] = [:]
    /// What became of transactions of ours, by chain, each as in `refund.final`.
    package var payouts: [String: [String: Int]] = [:]
    /// Refunds that ended, by chain and status.
    package var refunds: [String: [String: Int]] = [:]
    /// What policies did by themselves: `accept`, or the kind of refund.
    package var remedies: [String: Int] = [:]
    package var halted: Set<String> = []
    /// A digest of all events in their order: equal for equal runs.
    package var digest: UInt64 = 0xcbf2_9ce4_8422_2325
  }

  /// A promise that was broken, with all that is needed to see it again.
  package struct Failure: Error, CustomStringConvertible {
    package let seed: UInt64
    package let steps: Int
    package let step: Int
    package let reasons: [String]
    package let journal: [String]

    package var description: String {
      """
      seed \(seed) fails at step \(step) of \(steps):
      \(reasons.joined(separator: "\n"))
      after:
      \(journal.suffix(25).joined(separator: "\n"))
      replay: PAYWATCH_SEED=\(seed) PAYWATCH_STEPS=\(steps) swift test --filter SimulationTests
      """
    }
  }
}
