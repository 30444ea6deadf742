import Synchronization
import TestSupport

/// Holds work up until a test lets it go on, or it is cancelled.
final class Gate: Sendable {
  private let state = Mutex((begun: 0, cancelled: 0, isOpen: false))

  var begun: Int { state.withLock(\.begun) }
  var cancelled: Int { state.withLock(\.cancelled) }

  func pass() async throws {
    state.withLock { $0.begun += 1 }
    do {
      try await waitUntil("the test lets it go on") { state.withLock(\.isOpen) }
    } catch {
      state.withLock { $0.cancelled += 1 }
      throw error
    }
  }

  func open() { state.withLock { $0.isOpen = true } }
}
