/// Keeps a node that fails from being asked all the time. A pure machine; time is an argument.
///
/// - `closed` → `open` after `failureThreshold` failures in a row
/// - `open` → `halfOpen` when a call comes after the pause, which that call then probes
/// - `halfOpen` → `closed` on success, → `open` with twice the pause on failure
package struct CircuitBreaker: Equatable, Sendable {
  package private(set) var state: State = .closed(failures: 0)
  private let failureThreshold: Int
  private let basePauseMilliseconds: Int64
  private let maximumPauseMilliseconds: Int64

  package enum State: Equatable, Sendable {
    case closed(failures: Int)
    case open(untilMilliseconds: Int64, pauseMilliseconds: Int64)
    /// One call is under way to see whether the node is back.
    case halfOpen(pauseMilliseconds: Int64)
  }

  package init(
    failureThreshold: Int = 5, basePauseMilliseconds: Int64 = 1_000,
    maximumPauseMilliseconds: Int64 = 60_000
  ) {
    precondition(failureThreshold >= 1, "a breaker opens after at least one failure")
    precondition(basePauseMilliseconds >= 1, "a pause lasts")
    precondition(maximumPauseMilliseconds >= basePauseMilliseconds, "pauses grow up to the bound")
    self.failureThreshold = failureThreshold
    self.basePauseMilliseconds = basePauseMilliseconds
    self.maximumPauseMilliseconds = maximumPauseMilliseconds
  }

  /// Whether a call may go ahead. Who is admitted must report `succeeded`, `failed` or `abandoned`.
  package mutating func admit(at nowMilliseconds: Int64) -> Bool {
    switch state {
    case .closed: return true
    case .halfOpen: return false
    case .open(let until, let pause):
      guard nowMilliseconds >= until else { return false }
      state = .halfOpen(pauseMilliseconds: pause)
      return true
    }
  }

  package mutating func succeeded() {
    state = .closed(failures: 0)
  }

  package mutating func failed(at nowMilliseconds: Int64) {
    switch state {
    case .closed(let failures) where failures + 1 < failureThreshold:
      state = .closed(failures: failures + 1)
    case .closed:
      open(at: nowMilliseconds, pauseMilliseconds: basePauseMilliseconds)
    case .halfOpen(let pause):
      let longer = pause > maximumPauseMilliseconds / 2 ? maximumPauseMilliseconds : pause * 2
      open(at: nowMilliseconds, pauseMilliseconds: longer)
    case .open:
      // A call from before the opening: it adds nothing.
      break
    }
  }

  /// The call ended without telling anything about the node: it was cancelled.
  package mutating func abandoned(at nowMilliseconds: Int64) {
    guard case .halfOpen(let pause) = state else { return }
    state = .open(untilMilliseconds: nowMilliseconds, pauseMilliseconds: pause)
  }

  private mutating func open(at nowMilliseconds: Int64, pauseMilliseconds: Int64) {
    let (until, overflow) = nowMilliseconds.addingReportingOverflow(pauseMilliseconds)
    state = .open(
      untilMilliseconds: overflow ? .max : until, pauseMilliseconds: pauseMilliseconds)
  }
}
