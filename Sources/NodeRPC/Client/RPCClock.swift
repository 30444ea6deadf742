/// The time that retries, breakers and polling go by, so that tests and the simulation own it.
package protocol RPCClock: Sendable {
  /// Milliseconds since an arbitrary moment; never goes back.
  var nowMilliseconds: Int64 { get }

  /// Throws `CancellationError` where the task is cancelled meanwhile.
  func sleep(milliseconds: Int) async throws
}

/// The machine's monotonic clock.
package struct SystemRPCClock: RPCClock {
  private let start = ContinuousClock.now

  package init() {}

  package var nowMilliseconds: Int64 {
    let elapsed = (ContinuousClock.now - start).components
    return elapsed.seconds * 1_000 + elapsed.attoseconds / 1_000_000_000_000_000
  }

  package func sleep(milliseconds: Int) async throws {
    try await Task.sleep(for: .milliseconds(milliseconds))
  }
}
