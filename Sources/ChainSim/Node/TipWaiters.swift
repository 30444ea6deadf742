internal import Synchronization

/// Those who wait for another tip. Each is woken once: by the tip, or by its own cancellation.
final class TipWaiters: Sendable {
  private let state = Mutex(State())

  private struct State {
    var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var cancelled: Set<UInt64> = []
    var nextID: UInt64 = 1
  }

  /// Returns when `wakeAll` is called or the task is cancelled, or at once where `isDue` says so
  /// after the waiter was entered.
  func wait(unless isDue: @Sendable () -> Bool) async {
    let id = state.withLock { state in
      defer { state.nextID += 1 }
      return state.nextID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isCancelled = state.withLock { state in
          guard state.cancelled.remove(id) == nil else { return true }
          state.waiting[id] = continuation
          return false
        }
        if isCancelled {
          continuation.resume()
        } else if isDue() {
          wake(id)
        }
      }
    } onCancel: {
      cancel(id)
    }
    _ = state.withLock { $0.cancelled.remove(id) }
  }

  func wakeAll() {
    let waiting = state.withLock { state in
      defer { state.waiting = [:] }
      return state.waiting
    }
    for continuation in waiting.values { continuation.resume() }
  }

  private func wake(_ id: UInt64) {
    state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
  }

  private func cancel(_ id: UInt64) {
    let continuation = state.withLock { state in
      let continuation = state.waiting.removeValue(forKey: id)
      if continuation == nil { state.cancelled.insert(id) }
      return continuation
    }
    continuation?.resume()
  }
}
