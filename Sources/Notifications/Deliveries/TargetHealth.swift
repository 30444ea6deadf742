package import ChainTypes

/// How a target has been doing: a breaker, as a value.
///
///     healthy ── fails ──► failing ── five times in a row ──► paused ── the pause is over ─┐
///        ▲                    │ one attempt at a time           ▲────── fails ── failing ◄─┘
///        └───── succeeds ─────┘
package struct TargetHealth: Sendable, Equatable {
  /// Since the last success.
  package private(set) var failures: Int64
  /// Since when all attempts have failed, and none was further from the next than `episodeSeconds`.
  package private(set) var failingSince: Timestamp?
  /// When the last of these was.
  package private(set) var failedAt: Timestamp?
  /// Nothing is tried before.
  package private(set) var pausedUntil: Timestamp

  /// A target to which nothing has arrived for so long gets nothing any more.
  package static let patienceSeconds: Int64 = 3 * 86_400
  /// Longer than any pause between two attempts, also one that the target asks for: what failed
  /// before says nothing of the time since, in which nothing was tried.
  package static let episodeSeconds = DeliverySchedule.maximumPatienceSeconds + 6 * 3_600
  private static let failuresUntilPause: Int64 = 5
  private static let firstPauseSeconds: Int64 = 10
  private static let maximumPauseSeconds: Int64 = 900

  package init(
    failures: Int64 = 0, failingSince: Timestamp? = nil, failedAt: Timestamp? = nil,
    pausedUntil: Timestamp = Timestamp(microseconds: 0)
  ) {
    self.failures = failures
    self.failingSince = failingSince
    self.failedAt = failedAt
    self.pausedUntil = pausedUntil
  }

  package var isFailing: Bool { failures > 0 }

  package mutating func succeed() { self = TargetHealth() }

  /// - Parameter patience: for how many seconds the target asks to be left alone
  package mutating func fail(at now: Timestamp, patienceSeconds patience: Int64? = nil) {
    failures += 1
    if failedAt.map({ $0.adding(seconds: Self.episodeSeconds) < now }) ?? true {
      failingSince = now
    }
    failedAt = now
    let excess = failures - Self.failuresUntilPause
    let own =
      excess < 0 ? 0 : min(Self.firstPauseSeconds << min(excess, 10), Self.maximumPauseSeconds)
    let asked = min(max(0, patience ?? 0), DeliverySchedule.maximumPatienceSeconds)
    let pause = max(own, asked)
    if pause > 0 { pausedUntil = max(pausedUntil, now.adding(seconds: pause)) }
  }

  /// Somebody wants it tried now.
  package mutating func resume(at now: Timestamp) { pausedUntil = min(pausedUntil, now) }

  /// Whether it is time to give the target up, once another attempt has failed.
  package func isGivenUp(at now: Timestamp) -> Bool {
    failingSince.map { $0.adding(seconds: Self.patienceSeconds) <= now } ?? false
  }
}
