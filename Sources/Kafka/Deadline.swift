/// Until when something may take.
struct Deadline: Sendable {
  private let end: ContinuousClock.Instant

  init(after duration: Duration) { end = ContinuousClock.now.advanced(by: duration) }

  var hasPassed: Bool { ContinuousClock.now >= end }

  /// What is left, in ms, between 1 and `limit`.
  func milliseconds(atMost limit: Int32) -> Int32 {
    let left = ContinuousClock.now.duration(to: end)
    return max(1, min(limit, left.milliseconds))
  }
}

extension Duration {
  /// Whole ms, within what C calls take.
  var milliseconds: Int32 {
    let (seconds, attoseconds) = components
    return Int32(clamping: min(seconds, 2_000_000) * 1_000 + attoseconds / 1_000_000_000_000_000)
  }
}
