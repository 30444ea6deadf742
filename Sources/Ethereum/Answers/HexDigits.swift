/// Decodes hexadecimal digits eight at a time within a word.
enum HexDigits {
  /// Eight digits as they stand in memory, to the four bytes they mean; `valid` keeps its bits only
  /// where all are digits.
  ///
  /// A byte is a digit where it is 30–39, or 41–46 or 61–66: adding so much that the top bit tells
  /// whether a bound is reached needs no comparison. A byte above 7f may carry into its neighbour,
  /// but is itself found to be none.
  @inline(__always)
  static func fourBytes(of digits: UInt64, valid: inout UInt64) -> UInt32 {
    let low = digits & 0x7f7f_7f7f_7f7f_7f7f
    let isNumeral = (low &+ 0x5050_5050_5050_5050) & ~(low &+ 0x4646_4646_4646_4646)
    let letter = low | 0x2020_2020_2020_2020
    let isLetter = (letter &+ 0x1f1f_1f1f_1f1f_1f1f) & ~(letter &+ 0x1919_1919_1919_1919)
    valid &= (isNumeral | isLetter) & ~digits
    let values = (digits & 0x0f0f_0f0f_0f0f_0f0f) &+ 9 &* ((digits &>> 6) & 0x0101_0101_0101_0101)
    // The first digit of a pair is the upper nibble.
    var pairs = (values &<< 4 | values &>> 8) & 0x00ff_00ff_00ff_00ff
    pairs = (pairs | pairs &>> 8) & 0x0000_ffff_0000_ffff
    return UInt32(truncatingIfNeeded: pairs | pairs &>> 16)
  }

  private static let topBits: UInt64 = 0x8080_8080_8080_8080

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
    var valid = topBits
    var index = 0
    while output.count &- index >= 4 {
      let digits = bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: range.lowerBound &+ 2 &* index, as: UInt64.self)
      output.storeBytes(
        of: fourBytes(of: UInt64(littleEndian: digits), valid: &valid).littleEndian,
        toByteOffset: index, as: UInt32.self)
      index &+= 4
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
    return valid & topBits == topBits
  }
}
