internal import ChainTypes
internal import Foundation
package import Messages

/// The rules of time zones, as this machine's database has them.
package enum TimeZones {
  /// Whether the name is one of the IANA's, such as `Europe/Berlin`, that this machine knows.
  package static func isKnown(_ name: String) -> Bool {
    // Foundation takes abbreviations and offsets, too, which say nothing of summer.
    guard name == "UTC" || name.contains("/"), name.utf8.count <= 64 else { return false }
    return TimeZone(identifier: name) != nil
  }

  /// The clock that a reader in the zone looks at; UTC, which then says so, where the zone isn't
  /// known.
  package static func clock(_ name: String?) -> Reader.Clock {
    guard let name, name != "UTC", let zone = TimeZone(identifier: name) else { return .utc }
    return Reader.Clock { time in
      zone.secondsFromGMT(
        for: Date(timeIntervalSince1970: Double(time.microseconds) / 1_000_000))
    }
  }
}
