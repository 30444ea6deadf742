internal import Bytes

/// A moment: microseconds since 1970-01-01T00:00:00Z, as it stands in the database.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }

  package init(seconds: Int64) { microseconds = seconds * 1_000_000 }

  package func adding(seconds: Int64) -> Timestamp {
    Timestamp(microseconds: microseconds + seconds * 1_000_000)
  }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

  /// RFC 3339 in UTC with milliseconds: `2026-11-21T08:15:30.250Z`.
  package var description: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24)
    appendText(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the ASCII bytes of `description`.
  package func appendText(to bytes: inout [UInt8]) {
    let (seconds, fraction) = Self.floorDivide(microseconds, 1_000_000)
    let (days, secondOfDay) = Self.floorDivide(seconds, 86_400)
    // Civil date from days since 1970 (proleptic Gregorian), in eras of 400 years from 0000-03-01.
    let shifted = days + 719_468
    let (era, dayOfEra) = Self.floorDivide(shifted, 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    bytes.append(decimal: year, width: 4)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(decimal: month, width: 2)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(decimal: day, width: 2)
    bytes.append(UInt8(ascii: "T"))
    bytes.append(decimal: secondOfDay / 3600, width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(decimal: secondOfDay / 60 % 60, width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(decimal: secondOfDay % 60, width: 2)
    bytes.append(UInt8(ascii: "."))
    bytes.append(decimal: fraction / 1000, width: 3)
    bytes.append(UInt8(ascii: "Z"))
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> (quotient: Int64, remainder: Int64) {
    let remainder = ((a % b) + b) % b
    return ((a - remainder) / b, remainder)
  }
}
