import ChainTypes
import Database
import Notifications
import Synchronization

/// A channel whose targets answer as a test says, and which remembers what it was given.
final class ScriptedChannel: DeliveryChannel {
  let name: ChannelName
  private let script: @Sendable (Delivery) async -> DeliveryOutcome
  private let seen = Mutex(Seen())

  struct Seen: Sendable {
    var attempts: [Delivery] = []
    /// Whose attempts are under way, and the most that ever were at once of one delivery.
    var underWay: [String: Int] = [:]
    var mostOfOne = 0
    /// The same of one target.
    var ofTarget: [String: Int] = [:]
    var mostOfTarget: [String: Int] = [:]
  }

  init(
    _ name: ChannelName = .webhook,
    _ script: @escaping @Sendable (Delivery) async -> DeliveryOutcome
  ) {
    self.name = name
    self.script = script
  }

  var attempts: [Delivery] { seen.withLock(\.attempts) }
  var mostOfOne: Int { seen.withLock(\.mostOfOne) }

  func mostAtOnce(to target: String) -> Int { seen.withLock { $0.mostOfTarget[target] ?? 0 } }

  func attempts(to target: String) -> [Delivery] {
    attempts.filter { $0.target.key == target }
  }

  func attempt(_ delivery: Delivery) async -> DeliveryOutcome {
    let target = delivery.target.key
    seen.withLock { seen in
      seen.attempts.append(delivery)
      seen.underWay[delivery.id, default: 0] += 1
      seen.mostOfOne = max(seen.mostOfOne, seen.underWay[delivery.id] ?? 0)
      seen.ofTarget[target, default: 0] += 1
      seen.mostOfTarget[target] = max(
        seen.mostOfTarget[target] ?? 0, seen.ofTarget[target] ?? 0)
    }
    let outcome = await script(delivery)
    seen.withLock { seen in
      seen.underWay[delivery.id, default: 0] -= 1
      seen.ofTarget[target, default: 0] -= 1
    }
    return outcome
  }

  /// Notes it where a test can read it.
  func retire(
    _ target: DeliveryTarget, because reason: RetirementReason, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "INSERT INTO retirements (target, reason) VALUES ($1, $2)",
      [.text(target.key), .text(reason.rawValue)])
  }
}

/// Something that is waited for until it is let go.
final class Gate: Sendable {
  private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>(
    (false, []))

  func open() {
    let waiting = state.withLock { state in
      defer { state = (true, []) }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}
