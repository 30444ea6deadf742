package import ChainTypes

/// A moment as a calendar and a clock show it somewhere.
package struct LocalTime: Equatable, Sendable {
  package let year: Int
  /// From 1.
  package let month: Int
  package let day: Int
  package let hour: Int
  package let minute: Int
  package let second: Int
  /// From 0 for Sunday.
  package let weekday: Int

  /// - Parameter offsetSeconds: how far the place's clocks are ahead of UTC at that moment
  package init(_ time: Timestamp, offsetSeconds: Int) {
    // No place is a day ahead of another or behind it; and no text is about years beyond these.
    let offset = Int64(max(-86_400, min(86_400, offsetSeconds)))
    let range = Int64(-60_000_000_000)...250_000_000_000
    let seconds = max(
      range.lowerBound, min(range.upperBound, Self.seconds(time.microseconds) + offset))
    // 2026-11-22T14:30:00.000Z
    let parts = Timestamp(seconds: seconds).description.split { "-T:.Z".contains($0) }
      .map { Int($0) ?? 0 }
    (year, month, day) = (parts[0], parts[1], parts[2])
    (hour, minute, second) = (parts[3], parts[4], parts[5])
    // The first day of 1970 was a Thursday.
    let days = (seconds - ((seconds % 86_400) + 86_400) % 86_400) / 86_400
    weekday = Int(((days + 4) % 7 + 7) % 7)
  }

  private static func seconds(_ microseconds: Int64) -> Int64 {
    let rest = ((microseconds % 1_000_000) + 1_000_000) % 1_000_000
    return microseconds / 1_000_000 - (microseconds < 0 && rest > 0 ? 1 : 0)
  }

  /// `09:05`
  var clock: String { "\(Self.twoDigits(hour)):\(minuteText)" }

  var minuteText: String { Self.twoDigits(minute) }

  static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
