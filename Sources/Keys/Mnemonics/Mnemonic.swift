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
    try self.init(words: words.map(\.utf8))
  }

  /// The same from bytes, of which nothing stays behind: words in capitals or not, with any ASCII
  /// white space around them.
  package init(secretPhrase phrase: SecretBytes) throws(ParsingError) {
    let lowercase = SecretBytes(byteCount: phrase.byteCount) { buffer in
      phrase.withUnsafeBytes { bytes in
        for (place, byte) in bytes.enumerated() {
          buffer[place] = (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
        }
      }
    }
    self = try lowercase.withUnsafeBytes { (bytes) throws(ParsingError) in
      try Mnemonic(words: bytes.split { $0 == 0x20 || (0x09...0x0d).contains($0) })
    }
  }

  private init(words: [some Collection<UInt8>]) throws(ParsingError) {
    guard (12...24).contains(words.count), words.count % 3 == 0 else {
      throw .wrongWordCount(words.count)
    }
    // 11 bits a word: 32 of entropy and 1 of checksum for every three words.
    var bits: [UInt8] = []
    bits.reserveCapacity(words.count * 11)
    defer { bits.withUnsafeMutableBytes { SecretBytes.erase($0) } }
    for (index, word) in words.enumerated() {
      // No word has more than eight letters, and so short a text stands in registers alone.
      let letters = String(decoding: word.prefix(Self.longestWord + 1), as: UTF8.self)
      guard let place = EnglishWords.places[letters] else {
        throw .unknownWord(position: index + 1)
      }
      for bit in (0..<11).reversed() { bits.append(UInt8(place >> bit & 1)) }
    }
    let byteCount = words.count / 3 * 4
    let entropy = SecretBytes(byteCount: byteCount) { buffer in
      for index in 0..<byteCount * 8 { buffer[index / 8] |= bits[index] << UInt8(7 - index % 8) }
    }
    guard Self.checksumBits(of: entropy) == Array(bits[(byteCount * 8)...]) else {
      throw .wrongChecksum
    }
    self.entropy = entropy
  }

  private static let longestWord = 8

  /// The words: the secret itself. A String can't be overwritten afterwards.
  package var secretPhrase: String {
    phraseBytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// The words with a space between them.
  private var phraseBytes: SecretBytes {
    var bits: [UInt8] = []
    bits.reserveCapacity(24 * 11)
    entropy.withUnsafeBytes { bytes in
      for byte in bytes { for bit in (0..<8).reversed() { bits.append(byte >> UInt8(bit) & 1) } }
    }
    bits += Self.checksumBits(of: entropy)
    defer { bits.withUnsafeMutableBytes { SecretBytes.erase($0) } }
    // The list's own words, which tell nothing; which of them they are does.
    let words = stride(from: 0, to: bits.count, by: 11).map { start in
      EnglishWords.words[bits[start..<start + 11].reduce(0) { $0 << 1 | Int($1) }]
    }
    let byteCount = words.reduce(words.count - 1) { $0 + $1.utf8.count }
    return SecretBytes(byteCount: byteCount) { buffer in
      var place = 0
      for (index, word) in words.enumerated() {
        if index > 0 {
          buffer[place] = UInt8(ascii: " ")
          place += 1
        }
        for letter in word.utf8 {
          buffer[place] = letter
          place += 1
        }
      }
    }
  }

  /// The 64 bytes from which the master key comes, for a passphrase in ASCII.
  package func seed(passphrase: String = "") throws(ParsingError) -> SecretBytes {
    guard passphrase.utf8.allSatisfy({ $0 < 0x80 }) else { throw .passphraseNotASCII }
    return seed(normalizedPassphrase: passphrase)
  }

  /// The same for any passphrase that the caller has brought to Unicode form NFKD; another form
  /// gives another seed, without a warning.
  package func seed(normalizedPassphrase passphrase: String) -> SecretBytes {
    seed(normalizedPassphrase: SecretBytes(copying: Array(passphrase.utf8).span.bytes))
  }

  /// The same from bytes, of which nothing stays behind.
  package func seed(normalizedPassphrase passphrase: SecretBytes) -> SecretBytes {
    let prefix = Array("mnemonic".utf8)
    let salt = SecretBytes(byteCount: prefix.count + passphrase.byteCount) { buffer in
      buffer.copyBytes(from: prefix)
      passphrase.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: buffer[prefix.count...]).copyMemory(from: $0)
      }
    }
    guard
      let seed = PBKDF2.sha512(
        password: phraseBytes, salt: salt, iterations: 2048, byteCount: 64)
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
