internal import Synchronization

/// Tells that the server is about to end, and then, to long answers (event streams), that it does.
package final class ShutdownSignal: Sendable {
  private let state = Mutex(State())

  private struct State {
    var isDraining = false
    var isRaised = false
    var next = 0
    var waiting: [Int: AsyncStream<Void>.Continuation] = [:]
  }

  package init() {}

  package var isRaised: Bool { state.withLock(\.isRaised) }

  /// Whether the server should get no new clients: readiness says no, and answers close their
  /// connections.
  package var isDraining: Bool { state.withLock(\.isDraining) }

  package func beginDraining() { state.withLock { $0.isDraining = true } }

  package func raise() {
    let waiting = state.withLock { state in
      state.isDraining = true
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
