/// How often and after how long a failed call is tried again at the same node.
package struct RetryPolicy: Equatable, Sendable {
  /// Tries in all, the first included.
  package let maximumAttempts: Int
  /// The longest wait after the first failure; it doubles with each further one.
  package let baseDelayMilliseconds: Int
  package let maximumDelayMilliseconds: Int

  package static let standard = RetryPolicy(
    maximumAttempts: 4, baseDelayMilliseconds: 100, maximumDelayMilliseconds: 5_000)
  package static let once = RetryPolicy(
    maximumAttempts: 1, baseDelayMilliseconds: 0, maximumDelayMilliseconds: 0)

  package init(
    maximumAttempts: Int, baseDelayMilliseconds: Int, maximumDelayMilliseconds: Int
  ) {
    precondition(maximumAttempts >= 1, "a call is made at least once")
    precondition(baseDelayMilliseconds >= 0, "a delay isn't negative")
    precondition(maximumDelayMilliseconds >= 0, "a delay isn't negative")
    self.maximumAttempts = maximumAttempts
    self.baseDelayMilliseconds = baseDelayMilliseconds
    self.maximumDelayMilliseconds = maximumDelayMilliseconds
  }

  /// The wait before the try that follows failed try number `attempt` (from 1), or nil to give up.
  ///
  /// The wait lies between half and the whole of an exponentially growing bound, at a place that
  /// `random` picks, so that clients which failed together don't return together.
  package func delayMilliseconds(
    after error: RPCError, attempt: Int, random: UInt64
  ) -> Int? {
    guard attempt < maximumAttempts, Self.isWorthRetrying(error) else { return nil }
    var bound = min(baseDelayMilliseconds, maximumDelayMilliseconds)
    for _ in 1..<max(attempt, 1) where bound < maximumDelayMilliseconds {
      bound = min(
        bound > maximumDelayMilliseconds / 2 ? maximumDelayMilliseconds : bound * 2,
        maximumDelayMilliseconds)
    }
    let half = bound / 2
    return half + Int(random % UInt64(bound - half + 1))
  }

  /// A time-out has cost enough already, and what a node says clearly it would say again.
  private static func isWorthRetrying(_ error: RPCError) -> Bool {
    switch error {
    case .warmingUp, .overloaded, .incompleteBatch, .transport(.connectionFailed): true
    case .node, .unauthorized, .transport, .malformed, .circuitOpen: false
    }
  }
}
