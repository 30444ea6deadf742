/// Hexadecimal text, two digits a byte, most significant nibble first (RFC 4648 section 8).
package enum Hex {
  /// What is wrong with a text that should be hexadecimal.
  package enum DecodingError: Error, Equatable {
    case oddLength(Int)
    case invalidDigit(UInt8, offset: Int)
    case wrongByteCount(Int, expected: Int)
  }

  /// The value of each ASCII character as a digit, or 0xff.
  private static let digitValues: [UInt8] = {
    var table = [UInt8](repeating: 0xff, count: 256)
    for value in 0..<10 { table[0x30 + value] = UInt8(value) }
    for value in 0..<6 {
      table[0x41 + value] = UInt8(10 + value)
      table[0x61 + value] = UInt8(10 + value)
    }
    return table
  }()

  /// Lower-case hexadecimal of `bytes`.
  package static func encode(_ bytes: some Collection<UInt8>) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
      var index = 0
      for byte in bytes {
        buffer[index] = digit(byte >> 4)
        buffer[index + 1] = digit(byte & 0x0f)
        index += 2
      }
      return index
    }
  }

  /// The bytes that `text` (upper or lower case, no prefix) stands for.
  package static func decode(_ text: some StringProtocol) throws(DecodingError) -> [UInt8] {
    let digits = Array(text.utf8)
    return try decode(digits: digits.span)
  }

  /// The bytes that ASCII hexadecimal `digits` stand for.
  package static func decode(digits: Span<UInt8>) throws(DecodingError) -> [UInt8] {
    guard digits.count & 1 == 0 else { throw .oddLength(digits.count) }
    var invalidOffset: Int?
    let table = digitValues.span
    let bytes = [UInt8](unsafeUninitializedCapacity: digits.count / 2) { buffer, count in
      var seen: UInt8 = 0
      for index in 0..<(digits.count / 2) {
        let high = table[Int(digits[2 &* index])]
        let low = table[Int(digits[2 &* index &+ 1])]
        seen |= high | low
        buffer[index] = high << 4 | (low & 0x0f)
      }
      count = digits.count / 2
      // A valid digit is below 16, so any high bit marks a bad one; find it only then.
      guard seen & 0xf0 != 0 else { return }
      invalidOffset = digits.indices.first { table[Int(digits[$0])] == 0xff }
    }
    if let offset = invalidOffset { throw .invalidDigit(digits[offset], offset: offset) }
    return bytes
  }

  private static func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? 0x30 + nibble : 0x57 + nibble
  }
}
