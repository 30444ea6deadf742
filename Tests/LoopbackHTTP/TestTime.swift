package import ChainTypes
internal import Synchronization

/// Time that stands until a test moves it.
package final class TestTime: Sendable {
  private let state = Mutex(TestTime.start)

  /// 2027-01-15T08:00:00Z
  package static let start = Timestamp(seconds: 1_800_000_000)

  package init() {}

  package var now: Timestamp { state.withLock { $0 } }

  package func advance(seconds: Int64) { advance(milliseconds: seconds * 1_000) }

  package func advance(milliseconds: Int64) {
    state.withLock { $0 = Timestamp(microseconds: $0.microseconds + milliseconds * 1_000) }
  }
}
