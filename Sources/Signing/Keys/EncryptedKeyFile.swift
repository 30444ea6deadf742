internal import Bytes
package import Digests
package import JSON

/// A file with the seed of all keys, sealed with a passphrase: AES-256-GCM under a key that scrypt
/// makes of it.
///
/// The words don't stand in it. What does in the clear, the master key's fingerprint among it, is
/// sealed with the seed and can't be changed unnoticed.
package struct EncryptedKeyFile: Hashable, Sendable {
  /// Of the master key: tells which account's file this is.
  package let fingerprint: UInt32
  private let scrypt: Scrypt
  private let salt: [UInt8]
  private let nonce: [UInt8]
  private let sealed: AES256GCM.Sealed

  package static let format = "paywatch.key"
  package static let maximumFileBytes = 16_384
  package static let saltByteCount = 32
  private static let seedByteCount = 64
  private static let saltByteCounts = 16...64

  package enum ReadingError: Error, Equatable, Sendable {
    case tooLarge(bytes: Int)
    case json(JSONError)
    /// A member that is missing, isn't known, or isn't what it must be.
    case wrong(String)
    /// A later version's file.
    case unsupportedVersion(UInt64)
    /// The parameters want more memory or time than is given.
    case unreasonableCost
  }

  package enum OpeningError: Error, Equatable, Sendable {
    /// The passphrase is another, or the file was changed: which of these can't be told.
    case wrongPassphraseOrDamaged
  }

  /// Seals a seed of 64 bytes; nil where it has another length, or there is no memory for scrypt.
  ///
  /// - Parameters:
  ///   - salt: `saltByteCount` random bytes
  ///   - nonce: 12 random bytes; never the same twice
  package init?(
    seed: SecretBytes, fingerprint: UInt32, passphrase: SecretBytes, scrypt: Scrypt = .strong,
    salt: [UInt8], nonce: [UInt8]
  ) {
    guard seed.byteCount == Self.seedByteCount, Self.saltByteCounts.contains(salt.count),
      let key = scrypt.key(
        password: passphrase, salt: salt, byteCount: AES256GCM.keyByteCount),
      let sealed = AES256GCM.seal(
        seed, key: key, nonce: nonce,
        context: Self.heading(fingerprint, scrypt, salt: salt, nonce: nonce).bytes)
    else { return nil }
    self.fingerprint = fingerprint
    self.scrypt = scrypt
    self.salt = salt
    self.nonce = nonce
    self.sealed = sealed
  }

  /// The seed. Takes as long and as much memory as the file asks for, within bounds.
  package func seed(passphrase: SecretBytes) throws(OpeningError) -> SecretBytes {
    guard
      let key = scrypt.key(
        password: passphrase, salt: salt, byteCount: AES256GCM.keyByteCount),
      let seed = AES256GCM.open(
        sealed, key: key, nonce: nonce,
        context: Self.heading(fingerprint, scrypt, salt: salt, nonce: nonce).bytes)
    else { throw .wrongPassphraseOrDamaged }
    return seed
  }

  package var json: JSONValue {
    guard
      case .object(let heading) = Self.heading(fingerprint, scrypt, salt: salt, nonce: nonce)
    else { return .null }
    return .object(
      heading + [
        .init("ciphertext", .string(Hex.encode(sealed.ciphertext))),
        .init("tag", .string(Hex.encode(sealed.tag))),
      ])
  }

  /// What isn't secret, in the one form that is sealed with it.
  private static func heading(
    _ fingerprint: UInt32, _ scrypt: Scrypt, salt: [UInt8], nonce: [UInt8]
  ) -> JSONValue {
    var digits: [UInt8] = []
    digits.append(bigEndian: fingerprint)
    return [
      "format": .string(format), "version": 1, "fingerprint": .string(Hex.encode(digits)),
      "kdf": "scrypt", "n": .integer(scrypt.cost), "r": .integer(scrypt.blockSize),
      "p": .integer(scrypt.parallelism), "salt": .string(Hex.encode(salt)),
      "cipher": "aes-256-gcm", "nonce": .string(Hex.encode(nonce)),
    ]
  }
}

extension EncryptedKeyFile {
  /// From a file. The cost of opening it is bounded here, before anything is spent.
  package init(parsing bytes: [UInt8]) throws(ReadingError) {
    guard bytes.count <= Self.maximumFileBytes else { throw .tooLarge(bytes: bytes.count) }
    let root: JSONValue
    do throws(JSONError) {
      root = try JSONValue(parsing: bytes)
    } catch {
      throw .json(error)
    }
    guard root["format"]?.string == Self.format else { throw .wrong("format") }
    guard let version = root["version"]?.integer(UInt64.self) else { throw .wrong("version") }
    guard version == 1 else { throw .unsupportedVersion(version) }
    guard root["kdf"]?.string == "scrypt" else { throw .wrong("kdf") }
    guard root["cipher"]?.string == "aes-256-gcm" else { throw .wrong("cipher") }
    func number(_ name: String) throws(ReadingError) -> UInt64 {
      guard let number = root[name]?.integer(UInt64.self) else { throw .wrong(name) }
      return number
    }
    func member(_ name: String, _ counts: ClosedRange<Int>) throws(ReadingError) -> [UInt8] {
      guard let text = root[name]?.string, let bytes = try? Hex.decode(text),
        counts.contains(bytes.count)
      else { throw .wrong(name) }
      return bytes
    }
    guard
      let scrypt = Scrypt(
        cost: try number("n"), blockSize: try number("r"), parallelism: try number("p"))
    else { throw .unreasonableCost }
    fingerprint = try member("fingerprint", 4...4).reduce(0) { $0 << 8 | UInt32($1) }
    self.scrypt = scrypt
    salt = try member("salt", Self.saltByteCounts)
    nonce = try member("nonce", AES256GCM.nonceByteCount...AES256GCM.nonceByteCount)
    sealed = AES256GCM.Sealed(
      ciphertext: try member("ciphertext", Self.seedByteCount...Self.seedByteCount),
      tag: try member("tag", AES256GCM.tagByteCount...AES256GCM.tagByteCount))
    guard json == root else { throw .wrong("members") }
  }
}

extension EncryptedKeyFile: CustomStringConvertible {
  package var description: String { "<encrypted key file>" }
}
