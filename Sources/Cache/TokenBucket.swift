/// A bucket of tokens: `burst` at once, and one more after each interval.
///
/// Its state is one number: the moment at which it will be full again (the generic cell rate
/// algorithm's theoretical arrival time, ITU-T I.371), so a bucket that is full needs none.
package struct TokenBucket: Sendable, Equatable {
  package let burst: Int64
  package let intervalMicroseconds: Int64

  package enum Outcome: Sendable, Equatable {
    case taken
    /// None was left; the next one comes after this time.
    case empty(forMicroseconds: Int64)
  }

  /// How many tokens a bucket can hold, and the longest interval: so that no sum overflows, and
  /// that a script that counts in doubles is exact (both times now's 2^51 µs are below 2^53).
  package static let largestBurst: Int64 = 1_000_000
  package static let longestIntervalMicroseconds: Int64 = 3_600 * 1_000_000

  /// What is out of bounds is brought within them.
  package init(burst: Int64, intervalMicroseconds: Int64) {
    self.burst = min(max(1, burst), Self.largestBurst)
    self.intervalMicroseconds = min(
      max(1, intervalMicroseconds), Self.longestIntervalMicroseconds)
  }

  /// How long an empty bucket takes to fill.
  package var capacityMicroseconds: Int64 { burst * intervalMicroseconds }

  /// Takes a token of the bucket that will be full at `fullAt` (nil: is full). Both times are of
  /// one clock; should it have gone back, the bucket is empty at worst, not for years.
  package func take(
    fullAt: inout Int64?, nowMicroseconds now: Int64
  ) -> Outcome {
    let full = min(max(fullAt ?? now, now), now + capacityMicroseconds)
    let next = full + intervalMicroseconds
    let excess = next - now - capacityMicroseconds
    guard excess <= 0 else { return .empty(forMicroseconds: excess) }
    fullAt = next
    return .taken
  }
}
