package import ChainTypes
internal import Synchronization

/// The `Date` header's text (RFC 9110 section 5.6.7), made once a second.
package final class HTTPDate: Sendable {
  private let last = Mutex<(second: Int64, text: String)>((.min, ""))

  package init() {}

  package func text(at time: Timestamp) -> String {
    let second = time.microseconds / 1_000_000
    return last.withLock { last in
      if last.second != second { last = (second, Self.format(second: second)) }
      return last.text
    }
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// The preferred form, which all senders must write (IMF-fixdate); nil for anything else.
  package static func parse(_ text: String) -> Timestamp? {
    guard text.utf8.count == 29 else { return nil }
    let parts = text.split(separator: " ")
    guard parts.count == 6, let month = months.firstIndex(of: String(parts[2])) else { return nil }
    let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    let time = Timestamp(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    // The weekday, too, must be the date's.
    guard let time, format(second: time.microseconds / 1_000_000) == text else { return nil }
    return time
  }

  /// `Sat, 21 Nov 2026 08:15:30 GMT`
  package static func format(second: Int64) -> String {
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    // RFC 3339: 2026-11-21T08:15:30.000Z
    let parts = Timestamp(seconds: second).description.split { "-T.Z".contains($0) }
    guard second >= 0, parts.count >= 4, let month = Int(parts[1]) else { return "" }
    let weekday = weekdays[Int(second / 86_400 % 7)]
    return "\(weekday), \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]) GMT"
  }
}
