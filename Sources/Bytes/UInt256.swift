/// An unsigned 256-bit integer whose arithmetic throws instead of wrapping or trapping: amounts in
/// minor units, proof-of-work targets, chainwork.
package struct UInt256: Hashable, Sendable {
  /// Least significant first.
  package let limbs: (UInt64, UInt64, UInt64, UInt64)

  /// A result that doesn't fit 256 bits, or lies below zero.
  package enum ArithmeticError: Error, Equatable {
    case overflow
    case underflow
    case divisionByZero
  }

  /// A text that isn't a number of at most 256 bits.
  package enum ParsingError: Error, Equatable {
    case empty
    case invalidDigit(String)
    case tooLarge(String)
  }

  package static let zero = UInt256(0)
  package static let one = UInt256(1)
  package static let max = UInt256(limbs: (.max, .max, .max, .max))

  package init(_ value: UInt64) { limbs = (value, 0, 0, 0) }

  /// Limbs with the least significant first.
  package init(limbs: (UInt64, UInt64, UInt64, UInt64)) { self.limbs = limbs }

  /// From at most 32 bytes, most significant first; nil where there are more.
  package init?(bigEndian bytes: some BidirectionalCollection<UInt8>) {
    guard bytes.count <= 32 else { return nil }
    var words: [UInt64] = [0, 0, 0, 0]
    for (position, byte) in bytes.reversed().enumerated() {
      words[position / 8] |= UInt64(byte) << UInt64(8 * (position % 8))
    }
    limbs = (words[0], words[1], words[2], words[3])
  }

  /// From decimal digits alone: no sign, no separators, no white space.
  package init(decimal text: some StringProtocol) throws(ParsingError) {
    guard !text.isEmpty else { throw .empty }
    // 2^256 has 78 digits; the bound keeps the work small whatever comes in.
    guard text.utf8.count <= 78 else { throw .tooLarge(String(text.prefix(100))) }
    // Most are no longer.
    if text.utf8.count <= 19, let small = Self.word(decimal: text) {
      self.init(small)
      return
    }
    var value = UInt256.zero
    for digit in text.utf8 {
      guard digit >= 0x30, digit <= 0x39 else { throw .invalidDigit(String(text)) }
      do {
        value = try value.multiplied(by: UInt256(10)).adding(UInt256(UInt64(digit - 0x30)))
      } catch {
        throw .tooLarge(String(text))
      }
    }
    self = value
  }

  /// Up to 19 decimal digits, which fit 64 bits; nil where anything else stands among them.
  private static func word(decimal text: some StringProtocol) -> UInt64? {
    var value: UInt64 = 0
    for digit in text.utf8 {
      guard digit >= 0x30, digit <= 0x39 else { return nil }
      value = value * 10 + UInt64(digit - 0x30)
    }
    return value
  }

  /// 32 bytes, most significant first.
  package var bigEndianBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    for word in [limbs.3, limbs.2, limbs.1, limbs.0] { bytes.append(bigEndian: word) }
    return bytes
  }

  /// Decimal digits without leading zeros; "0" for zero.
  package var decimal: String {
    // Most amounts are no longer.
    if let small = asUInt64 { return String(small) }
    var digits: [String] = []
    var value = self
    let chunk: UInt64 = 1_000_000_000_000_000_000
    while true {
      let (quotient, remainder) = value.dividedByWord(chunk)
      if quotient == .zero {
        digits.append(String(remainder))
        break
      }
      let text = String(remainder)
      digits.append(String(repeating: "0", count: 18 - text.count) + text)
      value = quotient
    }
    return digits.reversed().joined()
  }

  /// Appends the ASCII bytes of `decimal`.
  package func appendDecimal(to bytes: inout [UInt8]) {
    if let small = asUInt64 { bytes.append(magnitude: small) } else { bytes += decimal.utf8 }
  }

  /// The value where it fits 64 bits.
  package var asUInt64: UInt64? {
    limbs.1 | limbs.2 | limbs.3 == 0 ? limbs.0 : nil
  }

  /// How many bits the value needs: 0 for zero, 256 at the most.
  package var bitWidth: Int {
    if limbs.3 != 0 { return 256 - limbs.3.leadingZeroBitCount }
    if limbs.2 != 0 { return 192 - limbs.2.leadingZeroBitCount }
    if limbs.1 != 0 { return 128 - limbs.1.leadingZeroBitCount }
    return 64 - limbs.0.leadingZeroBitCount
  }

  package static func == (a: UInt256, b: UInt256) -> Bool { a.limbs == b.limbs }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(limbs.0)
    hasher.combine(limbs.1)
    hasher.combine(limbs.2)
    hasher.combine(limbs.3)
  }
}

extension UInt256: Comparable {
  package static func < (a: UInt256, b: UInt256) -> Bool {
    if a.limbs.3 != b.limbs.3 { return a.limbs.3 < b.limbs.3 }
    if a.limbs.2 != b.limbs.2 { return a.limbs.2 < b.limbs.2 }
    if a.limbs.1 != b.limbs.1 { return a.limbs.1 < b.limbs.1 }
    return a.limbs.0 < b.limbs.0
  }
}

extension UInt256: CustomStringConvertible {
  package var description: String { decimal }
}

extension UInt256: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: UInt64) { self.init(value) }
}
