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

  /// `0123456789abcdef`
  private static let digits: InlineArray<16, UInt8> = [
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
  ]

  /// The checksummed form: a letter is upper case where the same nibble of the Keccak-256 of the
  /// lower-case digits is 8 or more.
  package var text: String {
    var digits = InlineArray<40, UInt8>(repeating: 0)
    hash.withUnsafeBytes { bytes in
      for index in 0..<20 {
        digits[2 &* index] = Self.digits[Int(bytes[index] &>> 4)]
        digits[2 &* index &+ 1] = Self.digits[Int(bytes[index] & 0x0f)]
      }
    }
    let digest = Keccak256.hash(digits.span.bytes)
    return String(unsafeUninitializedCapacity: 42) { buffer in
      buffer[0] = 0x30
      buffer[1] = 0x78
      digest.withUnsafeBytes { digest in
        for index in 0..<40 {
          let nibble = digest[index &>> 1] &>> (index & 1 == 0 ? 4 : 0)
          // Bit 6 tells letters from digits, bit 3 of the nibble which of them are upper case: 0x20
          // below the lower ones.
          let upper = (digits[index] &>> 6) & (nibble &>> 3) & 1
          buffer[2 &+ index] = digits[index] &- upper &<< 5
        }
      }
      return 42
    }
  }
}

extension EthereumAddress: CustomStringConvertible {
  package var description: String { text }
}
