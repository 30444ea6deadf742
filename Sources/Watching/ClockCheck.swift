internal import ChainTypes

/// Holds the time of day against a clock that never goes back: a time of day that jumped ahead,
/// perhaps for a moment only, must not make deadlines pass.
struct ClockCheck {
  /// How far the time of day may run ahead between two looks, and for how long it must then keep
  /// step before it is believed.
  private static let tolerance: Int64 = 10_000
  private static let probation: Int64 = 600_000

  /// The time of day less the monotonic clock, as it was believed last; milliseconds.
  private var offset: Int64?
  /// What it has been since it jumped, and from when on.
  private var candidate: (offset: Int64, since: Int64)?

  /// Whether the time of day is to be believed. A step back is: it makes nothing pass.
  mutating func isSteady(_ now: Timestamp, monotonicMilliseconds: Int64) -> Bool {
    let current = now.microseconds / 1_000 - monotonicMilliseconds
    if let offset, current > offset + Self.tolerance {
      guard let candidate, abs(current - candidate.offset) <= Self.tolerance else {
        candidate = (current, monotonicMilliseconds)
        return false
      }
      guard monotonicMilliseconds - candidate.since >= Self.probation else { return false }
    }
    offset = current
    candidate = nil
    return true
  }
}
