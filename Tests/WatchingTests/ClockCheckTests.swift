import ChainTypes
import Testing

@testable import Watching

@Suite("time of day against a clock that never goes back")
struct ClockCheckTests {
  /// Whether each reading is believed: seconds of the monotonic clock, and how far the time of day
  /// is ahead of it.
  private func believed(_ readings: [(at: Int64, ahead: Int64)]) -> [Bool] {
    var check = ClockCheck()
    return readings.map { reading in
      check.isSteady(
        Timestamp(seconds: reading.at + reading.ahead),
        monotonicMilliseconds: reading.at * 1_000)
    }
  }

  @Test("a jump ahead is believed once it has kept step for ten minutes")
  func jump() {
    #expect(
      believed([
        (0, 0), (5, 0), (10, 3_600), (300, 3_600), (609, 3_600), (610, 3_600), (620, 3_600),
      ])
        == [true, true, false, false, false, true, true])
  }

  @Test("a second jump starts the ten minutes anew")
  func second() {
    #expect(
      believed([(0, 0), (10, 60), (609, 86_400), (610, 86_400), (1_208, 86_400), (1_209, 86_400)])
        == [true, false, false, false, false, true])
  }

  @Test("a step back, and a jump that is taken back, are believed at once")
  func back() {
    #expect(
      believed([(0, 0), (10, -3_600), (20, -3_600), (30, 0), (40, -3_600), (700, -3_600)])
        == [true, true, true, false, true, true])
  }

  @Test("a clock that drifts is believed")
  func drift() {
    let readings = (0..<100).map { (at: Int64($0) * 5, ahead: Int64($0)) }
    #expect(believed(readings).allSatisfy { $0 })
  }
}
