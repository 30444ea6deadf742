package import Bytes

/// A decimal number from zero up, exactly: `digits · 10^-scale`. What rates are counted in, which
/// never pass through a floating-point number.
///
/// It has at most 38 digits, at most 36 of them behind the point, and no zeros at the fraction's
/// end, so that equal numbers are equal values. Two of them brought to one scale fit 256 bits.
package struct ExactDecimal: Hashable, Sendable {
  package let digits: UInt256
  /// How many of the digits stand behind the point.
  package let scale: Int

  package static let maximumDigits = 38
  package static let maximumScale = 36
  package static let zero = ExactDecimal(unchecked: .zero, scale: 0)
  package static let one = ExactDecimal(unchecked: .one, scale: 0)

  /// Why a text isn't such a number.
  package enum ParsingError: Error, Equatable {
    case malformed(String)
    /// More digits than there is room for, before the point or behind it.
    case outOfRange(String)
  }

  private static let limit = power(maximumDigits)

  private init(unchecked digits: UInt256, scale: Int) {
    self.digits = digits
    self.scale = scale
  }

  /// `digits · 10^-scale`, rounded half up where it has more digits than there is room for; nil
  /// where those before the point have none.
  package init?(rounding digits: UInt256, scale: Int) {
    guard scale >= 0 else { return nil }
    var dropped = max(0, scale - Self.maximumScale)
    while true {
      // More than 256 bits have no digit left.
      guard dropped <= scale, let divisor = try? UInt256.powerOfTen(dropped),
        let (quotient, remainder) = try? digits.divided(by: divisor)
      else { return nil }
      let isUp = remainder != .zero && remainder >= divisor.subtractingOrZero(remainder)
      guard let rounded = try? isUp ? quotient.adding(.one) : quotient else { return nil }
      if rounded < Self.limit {
        self.init(trimming: rounded, scale: scale - dropped)
        return
      }
      dropped += 1
    }
  }

  /// Takes the zeros from the fraction's end.
  private init(trimming digits: UInt256, scale: Int) {
    var (digits, scale) = (digits, scale)
    while scale > 0, let (quotient, remainder) = try? digits.divided(by: 10), remainder == .zero {
      (digits, scale) = (quotient, scale - 1)
    }
    self.init(unchecked: digits, scale: scale)
  }

  /// From a number as JSON writes it, without a sign: `65000.5`, `1.5e-05`.
  package init(_ text: some StringProtocol) throws(ParsingError) {
    let malformed = ParsingError.malformed(String(text.prefix(80)))
    let outOfRange = ParsingError.outOfRange(String(text.prefix(80)))
    guard text.utf8.count <= 200 else { throw malformed }
    let parts = text.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
    guard let mantissa = parts.first, parts.count <= 2 else { throw malformed }
    var exponent = 0
    if parts.count == 2 {
      let unsigned = parts[1].drop { $0 == "+" || $0 == "-" }
      guard parts[1].count - unsigned.count <= 1, (1...4).contains(unsigned.utf8.count),
        Self.areDigits(unsigned), let power = Int(unsigned)
      else { throw malformed }
      exponent = parts[1].hasPrefix("-") ? -power : power
    }
    let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(halves.count), halves.allSatisfy({ !$0.isEmpty && Self.areDigits($0) })
    else { throw malformed }
    let fraction = halves.count == 2 ? halves[1] : ""
    exponent -= fraction.utf8.count
    var significant = (String(halves[0]) + fraction).drop { $0 == "0" }
    guard !significant.isEmpty else {
      self = .zero
      return
    }
    while significant.last == "0" {
      significant.removeLast()
      exponent += 1
    }
    guard significant.utf8.count + max(0, exponent) <= Self.maximumDigits,
      exponent >= -Self.maximumScale,
      let digits = try? UInt256(decimal: significant)
        .multiplied(by: UInt256.powerOfTen(max(0, exponent)))
    else { throw outOfRange }
    self.init(unchecked: digits, scale: max(0, -exponent))
  }

  private static func areDigits(_ text: some StringProtocol) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// Digits and at most one point: `65000.5`.
  package var text: String {
    let all = digits.decimal
    guard scale > 0 else { return all }
    let padded = String(repeating: "0", count: max(0, scale + 1 - all.utf8.count)) + all
    return padded.dropLast(scale) + "." + padded.suffix(scale)
  }

  /// 10^exponent, for exponents that 256 bits hold.
  private static func power(_ exponent: Int) -> UInt256 {
    (try? UInt256.powerOfTen(exponent)) ?? .max
  }
}

extension ExactDecimal: CustomStringConvertible {
  package var description: String { text }
}

extension ExactDecimal: Codable {
  package init(from decoder: any Decoder) throws {
    self = try ExactDecimal(decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

// Comparing and reckoning.
extension ExactDecimal: Comparable {
  /// Both digits at the larger scale: below 10^74 each.
  private static func aligned(
    _ a: ExactDecimal, _ b: ExactDecimal
  ) -> (a: UInt256, b: UInt256, scale: Int) {
    let scale = max(a.scale, b.scale)
    func digits(_ number: ExactDecimal) -> UInt256 {
      (try? number.digits.multiplied(by: power(scale - number.scale))) ?? .max
    }
    return (digits(a), digits(b), scale)
  }

  package static func < (a: ExactDecimal, b: ExactDecimal) -> Bool {
    let (a, b, _) = aligned(a, b)
    return a < b
  }

  /// Half of the sum, rounded half up where it has too many digits; nil where there is no room.
  package static func mean(_ a: ExactDecimal, _ b: ExactDecimal) -> ExactDecimal? {
    let (a, b, scale) = aligned(a, b)
    guard let sum = try? a.adding(b).multiplied(by: 5) else { return nil }
    return ExactDecimal(rounding: sum, scale: scale + 1)
  }

  /// One divided by the number, rounded half up at the last digit that there is room for; nil of
  /// zero.
  package var inverse: ExactDecimal? {
    for places in (0...Self.maximumScale).reversed() {
      guard let numerator = try? UInt256.powerOfTen(scale + places),
        let (quotient, remainder) = try? numerator.divided(by: digits)
      else { return nil }
      let isUp = remainder >= digits.subtractingOrZero(remainder)
      guard let rounded = try? isUp ? quotient.adding(.one) : quotient else { return nil }
      if rounded < Self.limit { return ExactDecimal(trimming: rounded, scale: places) }
    }
    return nil
  }

  /// Whether the number lies within so many parts of ten thousand of `reference`, the bounds
  /// included.
  package func isWithin(basisPoints: UInt64, of reference: ExactDecimal) -> Bool {
    let (own, other, _) = Self.aligned(self, reference)
    let distance = own > other ? own.subtractingOrZero(other) : other.subtractingOrZero(own)
    guard let left = try? distance.multiplied(by: 10_000),
      let right = try? other.multiplied(by: UInt256(basisPoints))
    else { return false }
    return left <= right
  }
}
