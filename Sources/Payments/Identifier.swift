/// An identifier: a UUIDv7 (RFC 9562) shown as a prefix and 26 Crockford base32 characters, so
/// that ids sort by the time they were made and can be read aloud.
package struct Identifier: Hashable, Sendable, CustomStringConvertible {
  /// What the id names: `pay`, `ref`, `ord`, …
  package let prefix: String
  /// The 128 bits, most significant half first.
  package let high: UInt64
  package let low: UInt64

  private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

  /// A new id from the time (milliseconds are kept) and 74 of 128 random bits.
  package init(prefix: String, milliseconds: UInt64, random: (UInt64, UInt64)) {
    self.prefix = prefix
    high = (milliseconds & 0xffff_ffff_ffff) << 16 | 0x7000 | (random.0 & 0x0fff)
    low = 0x8000_0000_0000_0000 | (random.1 & 0x3fff_ffff_ffff_ffff)
  }

  /// A later id of the same millisecond, for one that must sort behind this although the clock
  /// says the same or less (RFC 9562 section 6.2, method 2).
  package func following(random: UInt64) -> Identifier {
    let milliseconds = high >> 16
    let mask: UInt64 = 0x3fff_ffff_ffff_ffff
    let tail = UInt128(high & 0x0fff) << 62 | UInt128(low & mask)
    let next = tail + 1 + UInt128(random & 0xffff_ffff)
    guard next >> 74 == 0 else {
      return Identifier(prefix: prefix, milliseconds: milliseconds + 1, random: (0, random))
    }
    return Identifier(
      prefix: prefix, milliseconds: milliseconds,
      random: (UInt64(truncatingIfNeeded: next >> 62), UInt64(truncatingIfNeeded: next) & mask))
  }

  /// From its text; nil where that isn't `prefix_` and 26 characters of the alphabet.
  package init?(_ text: String, prefix: String) {
    let bytes = Array(text.utf8)
    let start = prefix.utf8.count + 1
    guard bytes.count == start + 26, text.hasPrefix(prefix + "_") else { return nil }
    var value: UInt128 = 0
    for (place, byte) in bytes[start...].enumerated() {
      guard let digit = Self.alphabet.firstIndex(of: byte) else { return nil }
      // 26 characters hold 130 bits: the first may be at most 7.
      if place == 0, digit > 7 { return nil }
      value = value << 5 | UInt128(digit)
    }
    self.prefix = prefix
    high = UInt64(truncatingIfNeeded: value >> 64)
    low = UInt64(truncatingIfNeeded: value)
  }

  package var description: String {
    let value = UInt128(high) << 64 | UInt128(low)
    let digits = (0..<26).map { place in
      Self.alphabet[Int(truncatingIfNeeded: (value >> UInt128(5 * (25 - place))) & 31)]
    }
    return prefix + "_" + String(decoding: digits, as: UTF8.self)
  }
}
