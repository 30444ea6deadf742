import Bytes
import Digests
import JSON
import Keys
import Signing
import Testing

@Suite("encrypted key files")
struct KeyFileTests {
  private static let passphrase = "correct horse battery staple"
  // Small, so that a test takes milliseconds; the bounds are tested as they are.
  private let scrypt: Scrypt
  private let seed: SecretBytes
  private let key: SigningKey

  init() throws {
    scrypt = try #require(Scrypt(cost: 16, blockSize: 8, parallelism: 1))
    seed = try Mnemonic(secretPhrase: SigningScene.words).seed()
    key = try SigningKey(seed: seed)
  }

  private func secret(_ text: String) -> SecretBytes {
    SecretBytes(copying: Array(text.utf8).span.bytes)
  }

  private func file() throws -> EncryptedKeyFile {
    try #require(
      EncryptedKeyFile(
        seed: seed, fingerprint: key.fingerprint, passphrase: secret(Self.passphrase),
        scrypt: scrypt, salt: [UInt8](repeating: 5, count: 32),
        nonce: [UInt8](repeating: 6, count: 12)))
  }

  private func bytes(_ secret: SecretBytes) -> [UInt8] { secret.withUnsafeBytes { Array($0) } }

  @Test("a key comes back from its file with its passphrase")
  func roundTrip() throws {
    let file = try file()
    for text in [file.json.json, file.json.indentedJSON] {
      let read = try EncryptedKeyFile(parsing: Array(text.utf8))
      #expect(read == file && read.fingerprint == key.fingerprint)
      #expect(bytes(try read.seed(passphrase: secret(Self.passphrase))) == bytes(seed))
    }
    #expect(file.json["fingerprint"]?.string?.count == 8)
    #expect(file.json["ciphertext"]?.string?.contains(Hex.encode(bytes(seed).prefix(8))) == false)
  }

  @Test(
    "another passphrase opens nothing", arguments: ["", " ", passphrase + " ", "Correct horse"])
  func wrongPassphrase(_ text: String) throws {
    let file = try file()
    #expect(throws: EncryptedKeyFile.OpeningError.wrongPassphraseOrDamaged) {
      try file.seed(passphrase: secret(text))
    }
  }

  @Test("a file that was changed anywhere isn't read, or doesn't open")
  func damage() throws {
    let text = Array(try file().json.json.utf8)
    let hexadecimal = Set("0123456789abcdef".utf8)
    var (unread, unopened) = (0, 0)
    for index in text.indices {
      var changed = text
      changed[index] =
        hexadecimal.contains(text[index]) ? (text[index] == 0x30 ? 0x31 : 0x30) : text[index] ^ 1
      guard let file = try? EncryptedKeyFile(parsing: changed) else {
        unread += 1
        continue
      }
      #expect(throws: EncryptedKeyFile.OpeningError.self, "byte \(index)") {
        try file.seed(passphrase: secret(Self.passphrase))
      }
      unopened += 1
    }
    #expect(unread > 100 && unopened > 200)
    for count in text.indices {
      #expect(throws: EncryptedKeyFile.ReadingError.self) {
        try EncryptedKeyFile(parsing: Array(text[..<count]))
      }
    }
  }

  @Test("parameters that would cost too much, later versions and unknown members are refused")
  func refused() throws {
    let json = try file().json.json
    func error(_ found: String, _ changed: String) throws -> EncryptedKeyFile.ReadingError? {
      let text = json.replacing(found, with: changed)
      try #require(text != json)
      return #expect(throws: EncryptedKeyFile.ReadingError.self) {
        try EncryptedKeyFile(parsing: Array(text.utf8))
      }
    }
    #expect(try error(#""n":16"#, #""n":1073741824"#) == .unreasonableCost)
    #expect(try error(#""n":16"#, #""n":17"#) == .unreasonableCost)
    #expect(try error(#""r":8"#, #""r":4096"#) == .unreasonableCost)
    #expect(try error(#""p":1,"#, #""p":1000000,"#) == .unreasonableCost)
    #expect(try error(#""n":16"#, #""n":-16"#) == .wrong("n"))
    #expect(try error(#""version":1"#, #""version":2"#) == .unsupportedVersion(2))
    #expect(try error(#""kdf":"scrypt""#, #""kdf":"none""#) == .wrong("kdf"))
    #expect(try error(#""cipher":"aes-256-gcm""#, #""cipher":"none""#) == .wrong("cipher"))
    #expect(try error(#""version":1"#, #""version":1,"memo":"x""#) == .wrong("members"))
    #expect(throws: EncryptedKeyFile.ReadingError.tooLarge(bytes: 20_000)) {
      try EncryptedKeyFile(parsing: [UInt8](repeating: 0x20, count: 20_000))
    }
  }

  @Test("only a whole seed is sealed")
  func seeds() {
    let short = SecretBytes(copying: [1, 2, 3].span.bytes)
    #expect(
      EncryptedKeyFile(
        seed: short, fingerprint: 1, passphrase: short, scrypt: scrypt,
        salt: [UInt8](repeating: 0, count: 32), nonce: [UInt8](repeating: 0, count: 12)) == nil)
    #expect(
      EncryptedKeyFile(
        seed: seed, fingerprint: 1, passphrase: short, scrypt: scrypt, salt: [1],
        nonce: [UInt8](repeating: 0, count: 12)) == nil)
  }

  @Test("no description shows a key")
  func descriptions() throws {
    let digits = Hex.encode(bytes(seed))
    var dumped = ""
    dump(key, to: &dumped)
    dump(seed, to: &dumped)
    let file = try file()
    let texts = ["\(key)", String(reflecting: key), "\(seed)", "\(file)", dumped]
    for text in texts {
      #expect(!text.contains(digits.prefix(16)), "\(text)")
      #expect(!text.contains("\(bytes(seed)[0]), \(bytes(seed)[1])"), "\(text)")
    }
    #expect("\(key)" == "<signing key>" && "\(file)" == "<encrypted key file>")
  }
}
