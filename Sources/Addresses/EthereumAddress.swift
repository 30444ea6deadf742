package import Bytes
internal import Digests

/// An account or contract on an EVM chain: 20 bytes, written as `0x` and 40 hexadecimal digits
/// whose case is a checksum (ERC-55).
package struct EthereumAddress: Hashable, Sendable {
  package let hash: Hash20

  package enum ParsingError: Error, Equatable {
    /// The text must begin with `0x`.
    case missingPrefix(String)
    /// Of a text longer than an address only six characters are kept: it may be a private key.
    case wrongLength(String, characters: Int)
    case invalidDigit(String, offset: Int)
    /// Mixed case that isn't the checksum; `expected` is how the same bytes are written.
    case wrongChecksum(String, expected: String)
  }

  package init(_ hash: Hash20) { self.hash = hash }

  /// From text. Digits in one case carry no checksum and are taken as they stand, as ERC-55 allows;
  /// in mixed case each must be right.
  package init(_ text: String) throws(ParsingError) {
    let shown = text.utf8.count <= 42 ? text : String(text.prefix(6))
    guard text.hasPrefix("0x") else { throw .missingPrefix(shown) }
    let digits = text.utf8.dropFirst(2)
    guard digits.count == 40 else { throw .wrongLength(shown, characters: text.utf8.count) }
    do {
      hash = try Hash20(hex: text.dropFirst(2))
    } catch .invalidDigit(_, let offset) {
      throw .invalidDigit(shown, offset: offset + 2)
    } catch {
      throw .wrongLength(shown, characters: text.utf8.count)
    }
    let hasUpper = digits.contains { $0 >= 0x41 && $0 <= 0x46 }
    let hasLower = digits.contains { $0 >= 0x61 && $0 <= 0x66 }
    guard !(hasUpper && hasLower) || self.text == text else {
      throw .wrongChecksum(shown, expected: self.text)
    }
  }

  /// The checksummed form: a letter is upper case where the same nibble of the Keccak-256 of the
  /// lower-case digits is 8 or more.
  package var text: String {
    let digits = Array(hash.hex.utf8)
    let digest = Keccak256.hash(digits).bytes
    var characters = Array("0x".utf8)
    for (index, digit) in digits.enumerated() {
      let nibble = index & 1 == 0 ? digest[index / 2] >> 4 : digest[index / 2] & 0x0f
      characters.append(digit >= 0x61 && nibble >= 8 ? digit - 0x20 : digit)
    }
    return String(decoding: characters, as: UTF8.self)
  }
}

extension EthereumAddress: CustomStringConvertible {
  package var description: String { text }
}
