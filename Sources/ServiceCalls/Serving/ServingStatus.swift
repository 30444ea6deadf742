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

  /// How many are told when it changes.
  var watchCount: Int { state.withLock(\.watching.count) }

  /// Whether this process serves: now, and whenever that changes. Nil where as many are told
  /// already as may be.
  func changes() -> AsyncStream<Bool>? {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Bool.self, bufferingPolicy: .bufferingNewest(1))
    enum Place { case taken(Int), full, ended }
    let place = state.withLock { state -> Place in
      continuation.yield(!state.isDraining)
      guard !state.hasEnded else { return .ended }
      guard state.watching.count < CallLimits.watches else { return .full }
      defer { state.next += 1 }
      state.watching[state.next] = continuation
      return .taken(state.next)
    }
    switch place {
    case .taken(let number):
      continuation.onTermination = { [weak self] _ in self?.forget(number) }
      return stream
    case .ended:
      continuation.finish()
      return stream
    case .full: return nil
    }
  }

  private func forget(_ number: Int) {
    state.withLock { _ = $0.watching.removeValue(forKey: number) }
  }
}
