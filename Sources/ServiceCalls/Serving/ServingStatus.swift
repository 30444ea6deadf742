internal import Synchronization

/// What the health service tells: everything is served, until this process is about to end.
final class ServingStatus: Sendable {
  private let state = Mutex(State())

  private struct State {
    var isDraining = false
    var hasEnded = false
    var next = 0
    var watching: [Int: AsyncStream<Bool>.Continuation] = [:]
  }

  var isServing: Bool { state.withLock { !$0.isDraining } }
  /// Whether no more calls are taken.
  var hasEnded: Bool { state.withLock(\.hasEnded) }

  /// From now on nothing is served any more, although it still is: clients are to go elsewhere.
  func beginDraining() {
    state.withLock { state in
      guard !state.isDraining else { return }
      state.isDraining = true
      for watcher in state.watching.values { watcher.yield(false) }
    }
  }

  /// Ends what `changes` gives.
  func end() {
    beginDraining()
    let watching = state.withLock { state in
      state.hasEnded = true
      defer { state.watching = [:] }
      return Array(state.watching.values)
    }
    for watcher in watching { watcher.finish() }
  }

  /// Whether this process serves: now, and whenever that changes.
  func changes() -> AsyncStream<Bool> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Bool.self, bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state -> Int? in
      continuation.yield(!state.isDraining)
      guard !state.hasEnded else { return nil }
      defer { state.next += 1 }
      state.watching[state.next] = continuation
      return state.next
    }
    guard let number else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in self?.forget(number) }
    return stream
  }

  private func forget(_ number: Int) {
    state.withLock { _ = $0.watching.removeValue(forKey: number) }
  }
}
