import Synchronization

/// Whether something failed since it was last asked.
final class Failed: Sendable {
  private let flag = Mutex(false)

  var isSet: Bool { flag.withLock(\.self) }

  func set() { flag.withLock { $0 = true } }

  func take() -> Bool {
    flag.withLock { flag in
      defer { flag = false }
      return flag
    }
  }
}
