import NodeRPC
import Synchronization

/// A clock that stands still but for those who sleep by it, and they wake at once.
final class ManualClock: RPCClock {
  private let state = Mutex<(now: Int64, sleeps: [Int])>((0, []))

  var nowMilliseconds: Int64 { state.withLock { $0.now } }
  var sleeps: [Int] { state.withLock { $0.sleeps } }

  func advance(milliseconds: Int) { state.withLock { $0.now += Int64(milliseconds) } }

  func sleep(milliseconds: Int) async throws {
    try Task.checkCancellation()
    state.withLock {
      $0.now += Int64(milliseconds)
      $0.sleeps.append(milliseconds)
    }
  }
}
