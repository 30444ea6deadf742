/// Why a message waits instead of being handled. The raw values stand in the database.
package enum ParkReason: String, Sendable, Hashable, CaseIterable {
  /// No valid event.
  case malformed
  /// An event of a type that the consumer handles, in a version that it doesn't know.
  case unsupported
  /// The handler will never take it.
  case refused
  /// The handler failed, and will be asked again.
  case retrying
  /// The handler failed as often as it may.
  case failed
  /// Its number in the subject belongs to another event: two histories of one aggregate.
  case fork
  /// An earlier event of its subject is missing.
  case gap
  /// An earlier event of its subject is parked.
  case behind
  /// An operator decided that it isn't handled. It stays known, so that a replay passes over it.
  case skipped

  /// Whether later events of the subject wait behind it.
  package var isBlocking: Bool {
    switch self {
    case .malformed, .unsupported, .refused, .retrying, .failed, .fork: true
    case .gap, .behind, .skipped: false
    }
  }
}
