import Synchronization

/// Texts in the order in which several threads recorded them.
final class Recorder: Sendable {
  private let recorded = Mutex<[String]>([])

  var texts: [String] { recorded.withLock { $0 } }

  func record(_ texts: [String]) { recorded.withLock { $0 += texts } }
}

/// A number that a test sets while other threads read it.
final class Switch: Sendable {
  private let state = Mutex(0)

  var value: Int {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}
