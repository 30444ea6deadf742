import Bytes
import ChainTypes
import Database
import Payments
import Settlement
import Watching

/// A world with a life of its own under a seed.
enum RandomLife {
  /// Payments, blocks, looks, reorgs, restarts and decisions at random.
  static func world(seed: UInt64) async throws -> World {
    var random = SplitMix64(seed: seed)
    var policy = TenantPolicy()
    policy.late = Bool.random(using: &random) ? .accept : .hold
    policy.zeroConfirmationMaximum = Bool.random(using: &random) ? [.btc: 50_000] : [:]
    policy.tolerance = [.btc: 100]
    let world = try await World.make(policy: policy, ready: 40, finality: 4)
    var payments: [Payment] = []
    var pending: [World.Output] = []
    for turn in 0..<40 {
      world.now = world.now.adding(seconds: Int64.random(in: 1...120, using: &random))
      switch Int.random(in: 0..<10, using: &random) {
      case 0, 1:
        let amount = UInt256(UInt64.random(in: 1_000...90_000, using: &random))
        payments.append(try await world.create(world.request("order-\(turn)", amount)))
      case 2, 3:
        pending.append(
          World.Output(
            transaction: "t\(turn)", ordinal: UInt64.random(in: 1...12, using: &random),
            value: UInt256(UInt64.random(in: 1...100_000, using: &random))))
        try await world.look(pending)
      case 4:
        if !pending.isEmpty {
          pending.remove(at: Int.random(in: 0..<pending.count, using: &random))
        }
        try await world.look(pending)
      case 5, 6:
        let count = Int.random(in: 0...pending.count, using: &random)
        try await world.advance([Array(pending.prefix(count)), []], label: "\(turn)")
        pending.removeFirst(count)
      case 7:
        let depth = min(Int.random(in: 1...3, using: &random), world.links.count - 1)
        try await world.advance(
          leaving: depth, Array(repeating: [], count: depth + 1), label: "\(turn)")
      case 8: try await world.restart()
      default:
        guard let payment = payments.randomElement(using: &random) else { continue }
        let facts: [PaymentFact] = [
          .canceled(by: "shop"), .accepted(due: 500, by: "operator"),
          .resolved(by: "operator", reason: "refund"),
        ]
        guard let fact = facts.randomElement(using: &random) else { continue }
        do { try await world.decide(fact, on: payment) } catch is PaymentError { continue }
      }
    }
    return world
  }
}
