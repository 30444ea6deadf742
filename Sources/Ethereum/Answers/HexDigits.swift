/// Decodes hexadecimal digits sixteen at a time. Bench: `EVM logs decoded and matched`.
enum HexDigits {
  private typealias Digits = SIMD16<UInt8>

  /// Sixteen digits to the eight bytes they mean; `valid` keeps its top bits only where all are
  /// digits.
  ///
  /// A byte is a digit where it is 30–39, or 41–46 or 61–66: adding so much that the top bit tells
  /// whether a bound is reached needs no comparison, which the compiler wouldn't make one
  /// instruction of.
  @inline(__always)
  private static func eightBytes(of digits: Digits, valid: inout Digits) -> SIMD8<UInt8> {
    let low = digits & Digits(repeating: 0x7f)
    let isNumeral = (low &+ Digits(repeating: 0x50)) & ~(low &+ Digits(repeating: 0x46))
    let letter = low | Digits(repeating: 0x20)
    let isLetter = (letter &+ Digits(repeating: 0x1f)) & ~(letter &+ Digits(repeating: 0x19))
    valid = valid & (isNumeral | isLetter) & ~digits
    // A letter's low nibble is 9 less than its value.
    let isAlphabetic = (digits &>> Digits(repeating: 6)) & Digits(repeating: 1)
    let nine = isAlphabetic | isAlphabetic &<< Digits(repeating: 3)
    let values = (digits & Digits(repeating: 0x0f)) &+ nine
    // The first digit of a pair is the upper nibble.
    return values.evenHalf &<< SIMD8<UInt8>(repeating: 4) | values.oddHalf
  }

  /// The value of one digit; nil where it is none.
  @inline(__always)
  static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit &- 0x30
    case 0x41...0x46: digit &- 0x37
    case 0x61...0x66: digit &- 0x57
    default: nil
    }
  }

  /// The number that at most 16 digits at `range` of `bytes` say; nil where one is none.
  ///
  /// The caller has checked that the range lies inside.
  @inline(__always)
  static func number(_ bytes: RawSpan, range: Range<Int>) -> UInt64? {
    precondition(
      range.count <= 16 && range.lowerBound >= 0 && range.upperBound <= bytes.byteCount,
      "so many digits fit")
    var digits = Digits(repeating: 0x30)
    var valid = Digits(repeating: 0x80)
    if range.upperBound >= 16 {
      // The sixteen bytes that end with the digits, those before them made zeros.
      digits = bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: range.upperBound &- 16, as: Digits.self)
      let isDigit = Self.lastBytes[range.count]
      digits = digits & isDigit | Digits(repeating: 0x30) & ~isDigit
    } else {
      for index in 0..<range.count {
        digits[16 &- range.count &+ index] = bytes.unsafeLoad(
          fromUncheckedByteOffset: range.lowerBound &+ index, as: UInt8.self)
      }
    }
    let value = unsafeBitCast(eightBytes(of: digits, valid: &valid), to: UInt64.self)
    return areValid(valid) ? UInt64(bigEndian: value) : nil
  }

  /// Masks of the last n bytes of sixteen.
  private static let lastBytes: InlineArray<17, Digits> = InlineArray { count in
    var mask = Digits(repeating: 0)
    for index in 16 - count..<16 { mask[index] = 0xff }
    return mask
  }

  @inline(__always)
  private static func areValid(_ valid: Digits) -> Bool {
    // Both are 16 bytes of integers, whatever these are.
    let words = unsafeBitCast(valid & Digits(repeating: 0x80), to: SIMD2<UInt64>.self)
    return words[0] & words[1] == 0x8080_8080_8080_8080
  }

  /// Decodes the digits at `range` of `bytes` into `output`; false where one is no digit.
  ///
  /// The caller has checked that the range lies inside and holds twice as many digits as `output`
  /// has bytes.
  static func decode(
    _ bytes: RawSpan, range: Range<Int>, into output: UnsafeMutableRawBufferPointer
  ) -> Bool {
    precondition(
      range.count == 2 * output.count && range.lowerBound >= 0
        && range.upperBound <= bytes.byteCount, "two digits a byte")
    var valid = Digits(repeating: 0x80)
    var index = 0
    // Of a byte at `index` the digits stand at `lowerBound + 2·index` and behind it. As `index <
    // output.count`, both lie in `range`, which lies in `bytes`; so do the sixteen of eight bytes
    // while eight are left.
    while output.count &- index >= 8 {
      let digits = bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: range.lowerBound &+ 2 &* index, as: Digits.self)
      output.storeBytes(
        of: eightBytes(of: digits, valid: &valid), toByteOffset: index, as: SIMD8<UInt8>.self)
      index &+= 8
    }
    if index < output.count, output.count >= 8 {
      // The last eight bytes, some of them once more.
      index = output.count &- 8
      let digits = bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: range.lowerBound &+ 2 &* index, as: Digits.self)
      output.storeBytes(
        of: eightBytes(of: digits, valid: &valid), toByteOffset: index, as: SIMD8<UInt8>.self)
      index = output.count
    }
    while index < output.count {
      let offset = range.lowerBound &+ 2 &* index
      guard
        let high = value(of: bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)),
        let low = value(of: bytes.unsafeLoad(fromUncheckedByteOffset: offset &+ 1, as: UInt8.self))
      else { return false }
      output[index] = high << 4 | low
      index &+= 1
    }
    return areValid(valid)
  }
}
