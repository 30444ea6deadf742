package import ChainTypes

/// What waits in the log to be sent.
package struct RelayBacklog: Sendable, Equatable {
  /// The last event that was acknowledged.
  package let cursor: Int64
  /// The log's last event.
  package let last: Int64
  /// The time of the first event that waits; nil where none does.
  package let oldest: Timestamp?

  package var count: Int64 { max(0, last - cursor) }
}

/// How a relay fares, for metrics and health.
package struct RelayStatus: Sendable, Equatable {
  package enum Phase: String, Sendable {
    /// Taking its place at the brokers.
    case starting
    /// Sending, or waiting for events.
    case running
    /// Waiting before it tries again.
    case retrying
    /// Ended, for good.
    case stopped
  }

  package var phase = Phase.starting
  /// The last event that this relay knows to be acknowledged.
  package var cursor: Int64 = 0
  /// How many events this relay has sent.
  package var sent: Int64 = 0
  /// How many attempts have failed since the last success.
  package var failures = 0
  /// Why the last attempt failed; stays until one succeeds.
  package var lastError: String?

  package init() {}

  mutating func succeeded(through position: Int64, sending count: Int = 0) {
    cursor = position
    sent += Int64(count)
    failures = 0
    lastError = nil
  }
}
