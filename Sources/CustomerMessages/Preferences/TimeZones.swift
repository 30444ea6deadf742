internal import ChainTypes
internal import Foundation
package import Messages

/// The rules of time zones, as this machine's database has them.
package enum TimeZones {
  /// Whether the name is one of the IANA's, such as `Europe/Berlin`, that this machine knows.
  package static func isKnown(_ name: String) -> Bool {
    // Foundation takes abbreviations and offsets, too, which say nothing of summer.
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard name == "UTC" || parts.count > 1, name.utf8.count <= 64,
      parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isNameByte) })
    else { return false }
    return TimeZone(identifier: name) != nil
  }

  /// No dots: a name may be looked up as a file's.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "_+-".utf8.contains(byte)
    }
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
