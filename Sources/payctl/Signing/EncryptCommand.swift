internal import ArgumentParser
internal import Bytes
internal import Digests
internal import Glibc
internal import JSON
internal import Signing

struct EncryptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encrypt",
    abstract: "Puts the key of words on standard input into a file sealed with a passphrase.",
    discussion: """
      Words come first, then the BIP-0039 passphrase where --passphrase is given, then the file's \
      own passphrase, unless --passphrase-fd names where that comes from. Keep the words, too: the \
      file doesn't hold them.

      Example: payctl keys encrypt --out treasury.key
      """)

  @Option(help: "The file to make. One that is there is never overwritten.")
  var out: String

  @Flag(help: "A BIP-0039 passphrase follows on the second line.")
  var passphrase = false

  @OptionGroup var filePassphrase: FilePassphrase

  private static let shortestPassphrase = 12

  func run() throws {
    guard !WholeFile.exists(out) else {
      throw CommandFailure("\(out) is there already, and is never overwritten")
    }
    let seed = try SecretWords.seed(hasPassphrase: passphrase)
    let fingerprint: UInt32
    do {
      fingerprint = try SigningKey(seed: seed).fingerprint
    } catch {
      throw CommandFailure("no key comes of these words: \(error)")
    }
    let chosen = try filePassphrase.read(prompt: "New passphrase of the key file:")
    guard chosen.byteCount >= Self.shortestPassphrase else {
      throw CommandFailure("the passphrase needs at least \(Self.shortestPassphrase) characters")
    }
    if isatty(filePassphrase.descriptor) == 1 {
      let again = try filePassphrase.read(prompt: "The same again:")
      let isSame = chosen.withUnsafeBytes { first in
        again.withUnsafeBytes { first.elementsEqual($0) }
      }
      guard isSame else { throw CommandFailure("the two passphrases differ") }
    }
    let file = EncryptedKeyFile(
      seed: seed, fingerprint: fingerprint, passphrase: chosen,
      salt: Self.random(EncryptedKeyFile.saltByteCount), nonce: Self.random(12))
    guard let file else { throw CommandFailure("there isn't enough memory to seal the key") }
    do {
      try WholeFile.create(out, Array(file.json.indentedJSON.utf8))
    } catch {
      throw CommandFailure("\(error)")
    }
    var digits: [UInt8] = []
    digits.append(bigEndian: fingerprint)
    try Answers.writeTable([("key file", out), ("fingerprint", Hex.encode(digits))])
  }

  private static func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in generator.next() }
  }
}
