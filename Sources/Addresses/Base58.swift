internal import Bytes

/// Base58: big-endian numbers written with 58 characters that are hard to confuse; each leading
/// zero byte is a leading `1`.
///
/// The work grows with the square of the length, so callers bound it.
package enum Base58 {
  package enum DecodingError: Error, Equatable {
    case tooLong(characters: Int, allowed: Int)
    case invalidCharacter(UInt8, offset: Int)
  }

  private static let alphabet = Array(
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

  /// Each ASCII character's value, or 0xff.
  private static let digitValues: [UInt8] = {
    var table = [UInt8](repeating: 0xff, count: 256)
    for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
    return table
  }()

  /// 58⁵, the most that five digits need: 30 bits, so a word times it and a carry fit 64 bits.
  private static let fiveDigits: UInt64 = 656_356_768

  package static func encode(_ bytes: some Collection<UInt8>) -> String {
    let zeros = bytes.prefix { $0 == 0 }.count
    // The number in base 58⁵, least significant first, built up a byte at a time.
    var chunks: [UInt64] = []
    chunks.reserveCapacity(bytes.count / 3 + 1)
    for byte in bytes.dropFirst(zeros) {
      var carry = UInt64(byte)
      for index in chunks.indices {
        carry += chunks[index] << 8
        (carry, chunks[index]) = carry.quotientAndRemainder(dividingBy: fiveDigits)
      }
      if carry > 0 { chunks.append(carry) }
    }
    var reversedDigits: [UInt8] = []
    reversedDigits.reserveCapacity(chunks.count * 5)
    for chunk in chunks {
      var rest = chunk
      for _ in 0..<5 {
        reversedDigits.append(alphabet[Int(rest % 58)])
        rest /= 58
      }
    }
    while reversedDigits.last == alphabet[0] { reversedDigits.removeLast() }
    let ones = [UInt8](repeating: alphabet[0], count: zeros)
    return String(decoding: ones + reversedDigits.reversed(), as: UTF8.self)
  }

  /// The bytes of `text`, which may have at most `maximumCharacters` characters.
  package static func decode(
    _ text: some StringProtocol, maximumCharacters: Int
  ) throws(DecodingError) -> [UInt8] {
    let characters = Array(text.utf8.prefix(maximumCharacters + 1))
    guard characters.count <= maximumCharacters else {
      throw .tooLong(characters: text.utf8.count, allowed: maximumCharacters)
    }
    let zeros = characters.prefix { $0 == alphabet[0] }.count
    // The number in 32-bit words, least significant first.
    var words: [UInt32] = []
    for (offset, character) in characters.enumerated().dropFirst(zeros) {
      let value = digitValues[Int(character)]
      guard value != 0xff else { throw .invalidCharacter(character, offset: offset) }
      var carry = UInt64(value)
      for index in words.indices {
        carry += UInt64(words[index]) * 58
        words[index] = UInt32(truncatingIfNeeded: carry)
        carry >>= 32
      }
      if carry > 0 { words.append(UInt32(carry)) }
    }
    var bytes: [UInt8] = []
    for word in words.reversed() { bytes.append(bigEndian: word) }
    return [UInt8](repeating: 0, count: zeros) + bytes.drop { $0 == 0 }
  }
}
