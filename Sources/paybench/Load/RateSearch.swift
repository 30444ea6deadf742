/// Looks for the highest rate that holds: twice as much until one doesn't, or half as much until
/// one does, then between the two.
struct RateSearch {
  /// Where it begins.
  let start: Double
  /// How often it may try.
  let trials: Int
  /// After so long it begins no trial any more.
  var seconds = 360.0

  /// How far apart the answer and what doesn't hold any more may be.
  static let step = 1.1

  /// 0 where no rate held that was tried.
  func highest(
    _ holds: (_ rate: Double, _ seed: UInt64) async throws -> Bool
  ) async throws -> Double {
    let begin = WallClock.nanoseconds
    var (low, high) = (0.0, Double.infinity)
    var next = start
    for trial in 0..<trials {
      guard Double(WallClock.nanoseconds - begin) / 1e9 < seconds else { break }
      if try await holds(next, UInt64(trial + 1)) { low = next } else { high = next }
      if high == .infinity {
        next = low * 2
      } else if low == 0 {
        next = (high / 2).rounded()
        guard next >= 1 else { break }
      } else {
        guard high / low > Self.step else { break }
        next = (low * high).squareRoot().rounded()
      }
    }
    return low
  }
}
