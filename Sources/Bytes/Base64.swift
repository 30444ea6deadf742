/// Base64 text (RFC 4648 section 4) with its padding, without line breaks.
package enum Base64 {
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The value of each ASCII character as a digit, or 0xff.
  private static let digitValues: [UInt8] = {
    var table = [UInt8](repeating: 0xff, count: 256)
    for (value, digit) in digits.enumerated() { table[Int(digit)] = UInt8(value) }
    return table
  }()

  private static let padding = UInt8(ascii: "=")

  package static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for byte in group { bits = bits << 8 | UInt32(byte) }
      bits <<= 8 * UInt32(3 - group.count)
      for place in 0..<4 {
        let value = Int(bits >> UInt32(18 - 6 * place) & 0x3f)
        text.append(place <= group.count ? digits[value] : padding)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes that `text` stands for; nil for other characters, missing or excess padding, and
  /// bits behind the last byte that aren't zero, so that bytes have one text only.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3)
    for start in stride(from: 0, to: characters.count, by: 4) {
      let group = characters[start..<start + 4]
      let isLast = start + 4 == characters.count
      let digits = isLast ? group.prefix { $0 != padding } : group
      guard digits.count >= 2, group[digits.endIndex...].allSatisfy({ $0 == padding }) else {
        return nil
      }
      var bits: UInt32 = 0
      for digit in digits {
        let value = digitValues[Int(digit)]
        guard value != 0xff else { return nil }
        bits = bits << 6 | UInt32(value)
      }
      bits <<= 6 * UInt32(4 - digits.count)
      let count = digits.count - 1
      guard bits & (1 << UInt32(8 * (3 - count)) - 1) == 0 else { return nil }
      for place in 0..<count {
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * place)))
      }
    }
    return bytes
  }
}
