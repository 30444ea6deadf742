internal import Digests
internal import Foundation
internal import Keys

/// Words on standard input, and the seed that they stand for.
enum SecretWords {
  static func seed(hasPassphrase: Bool) throws -> SecretBytes {
    do {
      let line = try SecretInput.bytes(prompt: "Words:")
      guard !trimmed(line).isEmpty else { throw CommandFailure("no words on standard input") }
      let mnemonic = try Mnemonic(secretPhrase: line)
      guard hasPassphrase else { return try mnemonic.seed() }
      return mnemonic.seed(normalizedPassphrase: try passphrase())
    } catch let error as Mnemonic.ParsingError {
      throw CommandFailure(error.sentence)
    }
  }

  /// Without white space around it, in Unicode form NFKD, as BIP-0039 wants it. ASCII is in that
  /// form; only other text passes through strings, which can't be overwritten.
  private static func passphrase() throws -> SecretBytes {
    let line = try SecretInput.bytes(prompt: "Passphrase:")
    let range = trimmed(line)
    let passphrase = SecretBytes(byteCount: range.count) { buffer in
      line.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
    guard passphrase.withUnsafeBytes({ $0.contains { $0 >= 0x80 } }) else { return passphrase }
    guard let text = passphrase.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }) else {
      throw CommandFailure("the passphrase isn't UTF-8")
    }
    let normalized = text.trimmingCharacters(in: .whitespacesAndNewlines)
      .decomposedStringWithCompatibilityMapping
    return SecretBytes(copying: Array(normalized.utf8).span.bytes)
  }

  /// Where what isn't ASCII's white space begins and ends.
  private static func trimmed(_ line: SecretBytes) -> Range<Int> {
    line.withUnsafeBytes { bytes in
      let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
      guard let first = bytes.firstIndex(where: { !isSpace($0) }),
        let last = bytes.lastIndex(where: { !isSpace($0) })
      else { return 0..<0 }
      return first..<last + 1
    }
  }
}
