internal import Database

/// A body that waits for its transaction, with the caller's type erased.
struct Job: Sendable {
  enum Kind {
    case read
    /// Wants a transaction of its own.
    case alone
    /// Shares a transaction with others.
    case grouped
  }

  let kind: Kind
  let enqueuedAt: ContinuousClock.Instant
  /// Runs the body; the result tells the caller.
  let run: @Sendable (any SQLConnection) throws -> @Sendable () -> Void
  /// Tells the caller that nothing of the body holds, or that nobody knows.
  let fail: @Sendable (any Error) -> Void
}
