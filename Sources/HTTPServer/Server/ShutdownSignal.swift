internal import Synchronization

/// Tells long answers (event streams) that the server ends.
package final class ShutdownSignal: Sendable {
  private let state = Mutex(State())

  private struct State {
    var isRaised = false
    var next = 0
    var waiting: [Int: AsyncStream<Void>.Continuation] = [:]
  }

  package init() {}

  package var isRaised: Bool { state.withLock(\.isRaised) }

  package func raise() {
    let waiting = state.withLock { state in
      state.isRaised = true
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for one in waiting { one.finish() }
  }

  /// Returns when the signal is raised or the task is cancelled.
  package func wait() async {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    let number = state.withLock { state -> Int? in
      guard !state.isRaised else { return nil }
      defer { state.next += 1 }
      state.waiting[state.next] = continuation
      return state.next
    }
    guard let number else { return }
    for await _ in stream {}
    state.withLock { _ = $0.waiting.removeValue(forKey: number) }
  }
}
