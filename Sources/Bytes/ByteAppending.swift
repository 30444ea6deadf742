extension [UInt8] {
  /// A copy of borrowed bytes.
  package init(copying bytes: RawSpan) {
    self = bytes.withUnsafeBytes { Array($0) }
  }

  package mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  package mutating func append(bigEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// The hash's bytes in internal order.
  package mutating func append(_ hash: Hash32) {
    hash.withUnsafeBytes { append(contentsOf: $0) }
  }

  package mutating func append(_ hash: Hash20) {
    hash.withUnsafeBytes { append(contentsOf: $0) }
  }

  /// The hash's bytes in internal order, as lower-case hexadecimal digits.
  package mutating func append(hexOf hash: Hash32) {
    func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
    hash.withUnsafeBytes { bytes in
      for byte in bytes {
        append(digit(byte >> 4))
        append(digit(byte & 0x0f))
      }
    }
  }

  /// The number in decimal digits, behind a minus where it is negative, with zeros before it up to
  /// `width` digits.
  package mutating func append(decimal value: Int64, width: Int = 1) {
    if value < 0 { append(UInt8(ascii: "-")) }
    append(magnitude: value.magnitude, width: width)
  }

  /// The same for what has no sign.
  package mutating func append(magnitude value: UInt64, width: Int = 1) {
    // 2^64 has 20 digits; the last one stands first.
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var length = 0
    var rest = value
    while rest > 0 {
      digits[length] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      length += 1
    }
    for _ in length..<Swift.max(length, width) { append(0x30) }
    while length > 0 {
      length -= 1
      append(digits[length])
    }
  }
}
