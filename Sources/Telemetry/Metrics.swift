internal import Synchronization

/// A count that only grows.
package final class Counter: Sendable {
  private let count = Atomic<UInt64>(0)

  package func add(_ amount: UInt64 = 1) {
    count.wrappingAdd(amount, ordering: .relaxed)
  }

  package var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
  private let number = Atomic<Int64>(0)

  package func set(_ value: Int64) { number.store(value, ordering: .relaxed) }

  package func add(_ amount: Int64) { number.wrappingAdd(amount, ordering: .relaxed) }

  package var value: Int64 { number.load(ordering: .relaxed) }
}

/// Counts whole numbers (milliseconds, bytes, items) in buckets with fixed upper bounds.
package final class Histogram: Sendable {
  /// Ascending; each bucket counts values up to and including its bound.
  package let bounds: [UInt64]
  /// One more than the bounds: the last takes all above them.
  private let buckets: [Counter]
  private let total = Counter()

  /// Milliseconds from 1 to 60,000.
  package static let latencyBounds: [UInt64] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
  ]

  /// Milliseconds from 100 to 600,000: how late something is noticed.
  package static let detectionBounds: [UInt64] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  ]

  package init(bounds: [UInt64]) {
    precondition(
      zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds ascend")
    self.bounds = bounds
    buckets = (0...bounds.count).map { _ in Counter() }
  }

  package func record(_ value: UInt64) {
    buckets[bounds.firstIndex { value <= $0 } ?? bounds.count].add()
    total.add(value)
  }

  /// Each bucket's own count, the one above all bounds last.
  package var counts: [UInt64] { buckets.map(\.value) }
  /// The sum of all values recorded, modulo 2^64.
  package var sum: UInt64 { total.value }
}
