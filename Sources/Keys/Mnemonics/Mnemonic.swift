internal import Bytes
package import Digests

/// A secret as 12 to 24 English words (BIP-0039).
///
/// Only `payctl`'s commands for keys, and tests, may hold one: no server does. Errors name places,
/// never words.
package struct Mnemonic: Sendable {
  /// 16, 20, 24, 28 or 32 secret bytes.
  private let entropy: SecretBytes

  package enum ParsingError: Error, Equatable {
    /// 16 to 32 bytes, a multiple of 4.
    case wrongEntropyLength(bytes: Int)
    /// 12, 15, 18, 21 or 24 words, in lower case with one space between them.
    case wrongWordCount(Int)
    /// The word at this place, from 1, isn't on the list.
    case unknownWord(position: Int)
    /// The words are on the list, but one of them, or their order, is wrong.
    case wrongChecksum
    /// A passphrase outside ASCII must be brought to Unicode form NFKD by the caller.
    case passphraseNotASCII
  }

  /// From entropy, which the caller draws.
  package init(entropy: SecretBytes) throws(ParsingError) {
    let count = entropy.byteCount
    guard (16...32).contains(count), count % 4 == 0 else {
      throw .wrongEntropyLength(bytes: count)
    }
    self.entropy = entropy
  }

  /// From its words.
  package init(secretPhrase phrase: String) throws(ParsingError) {
    let words = phrase.split(separator: " ", omittingEmptySubsequences: false)
    guard (12...24).contains(words.count), words.count % 3 == 0 else {
      throw .wrongWordCount(words.count)
    }
    // 11 bits a word: 32 of entropy and 1 of checksum for every three words.
    var bits: [UInt8] = []
    bits.reserveCapacity(words.count * 11)
    for (index, word) in words.enumerated() {
      guard let place = EnglishWords.places[String(word)] else {
        throw .unknownWord(position: index + 1)
      }
      for bit in (0..<11).reversed() { bits.append(UInt8(place >> bit & 1)) }
    }
    defer { bits.withUnsafeMutableBytes { SecretBytes.erase($0) } }
    let byteCount = words.count / 3 * 4
    let entropy = SecretBytes(byteCount: byteCount) { buffer in
      for index in 0..<byteCount * 8 { buffer[index / 8] |= bits[index] << UInt8(7 - index % 8) }
    }
    guard Self.checksumBits(of: entropy) == Array(bits[(byteCount * 8)...]) else {
      throw .wrongChecksum
    }
    self.entropy = entropy
  }

  /// The words: the secret itself. A String can't be overwritten afterwards.
  package var secretPhrase: String {
    var bits: [UInt8] = []
    bits.reserveCapacity(24 * 11)
    entropy.withUnsafeBytes { bytes in
      for byte in bytes { for bit in (0..<8).reversed() { bits.append(byte >> UInt8(bit) & 1) } }
    }
    bits += Self.checksumBits(of: entropy)
    defer { bits.withUnsafeMutableBytes { SecretBytes.erase($0) } }
    let words = stride(from: 0, to: bits.count, by: 11).map { start in
      EnglishWords.words[bits[start..<start + 11].reduce(0) { $0 << 1 | Int($1) }]
    }
    return words.joined(separator: " ")
  }

  /// The 64 bytes from which the master key comes, for a passphrase in ASCII.
  package func seed(passphrase: String = "") throws(ParsingError) -> SecretBytes {
    guard passphrase.utf8.allSatisfy({ $0 < 0x80 }) else { throw .passphraseNotASCII }
    return seed(normalizedPassphrase: passphrase)
  }

  /// The same for any passphrase that the caller has brought to Unicode form NFKD; another form
  /// gives another seed, without a warning.
  package func seed(normalizedPassphrase passphrase: String) -> SecretBytes {
    let password = SecretBytes(copying: Array(secretPhrase.utf8).span.bytes)
    let salt = SecretBytes(copying: Array("mnemonic\(passphrase)".utf8).span.bytes)
    guard
      let seed = PBKDF2.sha512(password: password, salt: salt, iterations: 2048, byteCount: 64)
    else { preconditionFailure("the lengths of a mnemonic and its passphrase fit PBKDF2") }
    return seed
  }

  /// The first bits of the entropy's SHA-256, one for each 32 of it.
  private static func checksumBits(of entropy: SecretBytes) -> [UInt8] {
    let digest = entropy.withUnsafeBytes { SHA256.hash($0.bytes) }
    let first = digest.withUnsafeBytes { $0[0] }
    return (0..<entropy.byteCount / 4).map { first >> UInt8(7 - $0) & 1 }
  }
}

extension Mnemonic: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<mnemonic of \(entropy.byteCount / 4 * 3) words>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
