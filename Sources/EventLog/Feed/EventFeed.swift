internal import Synchronization

/// Tells any number of readers how far the log reaches, so that none of them polls.
///
/// The sequencer advances it. A reader keeps at most the newest position that it hasn't taken
/// yet, so a slow one costs nothing and holds up nobody; the events themselves it reads in pages.
package final class EventFeed: Sendable {
  private struct State {
    var position: Int64
    var nextReader = 0
    var readers: [Int: AsyncStream<Int64>.Continuation] = [:]
    var isFinished = false
  }

  private let state: Mutex<State>
  /// For those who wait for few of all events.
  package let news = EventNews()

  /// `position`: how far the log reaches now, as far as is known.
  package init(position: Int64 = 0) {
    state = Mutex(State(position: position))
  }

  /// The last position known.
  package var position: Int64 { state.withLock(\.position) }

  package var readerCount: Int { state.withLock(\.readers.count) }

  /// Tells the readers that the log reaches `position`; ignored where that isn't news.
  package func advance(to position: Int64) {
    state.withLock { state in
      guard position > state.position, !state.isFinished else { return }
      state.position = position
      // Under the lock, so that no reader gets an older position after a newer one. A yield
      // resumes the reader elsewhere and runs none of its code here.
      for reader in state.readers.values { reader.yield(position) }
    }
  }

  /// The last position known, then each newer one that the reader is in time for. Ends with the
  /// feed, or when the reader's task is cancelled.
  package func changes() -> AsyncStream<Int64> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Int64.self, bufferingPolicy: .bufferingNewest(1))
    let reader: Int? = state.withLock { state in
      guard !state.isFinished else { return nil }
      defer { state.nextReader += 1 }
      state.readers[state.nextReader] = continuation
      continuation.yield(state.position)
      return state.nextReader
    }
    guard let reader else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.readers.removeValue(forKey: reader) }
    }
    return stream
  }

  /// Waits until the log reaches beyond `position` and returns how far; nil where the feed ended
  /// or the task was cancelled.
  package func waitForPosition(after position: Int64) async -> Int64? {
    for await newest in changes() where newest > position { return newest }
    return nil
  }

  /// Ends all readers' streams, and those asked for later.
  package func finish() {
    let readers = state.withLock { state in
      state.isFinished = true
      defer { state.readers.removeAll() }
      return Array(state.readers.values)
    }
    news.finish()
    // Outside the lock: ending a stream runs its `onTermination`, which takes it.
    for reader in readers { reader.finish() }
  }
}
