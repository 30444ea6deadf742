internal import ChainTypes

/// How a consumer goes about its work.
package struct ConsumerOptions: Sendable, Equatable {
  /// How many messages share a transaction at most.
  package var batchLimit = 256
  /// How often the handler may fail on an event before an operator has to decide; and how often in
  /// a row its statements may take too long before that counts as its failure.
  package var attemptLimit = 5
  /// The pause after the first failure; each further one doubles it.
  package var retrySeconds: Int64 = 1
  package var maximumRetrySeconds: Int64 = 300
  /// How much may be parked and undecided. Beyond it the consumer stands.
  package var parkedLimit: Int64 = 10_000
  package var parkedBytesLimit: Int64 = 256 << 20
  /// How long to wait for messages before looking for others that are due.
  package var waiting: Duration = .seconds(1)

  package init() {}

  /// When to try again what has failed `attempts` times; nil where it has failed often enough.
  func retry(after attempts: Int, now: Timestamp) -> Timestamp? {
    guard attempts < attemptLimit else { return nil }
    let doublings = min(max(0, attempts - 1), 20)
    return now.adding(seconds: min(retrySeconds << doublings, maximumRetrySeconds))
  }
}
