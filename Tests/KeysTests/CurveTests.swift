import Addresses
import Bytes
import Digests
import TestSupport
import Testing

@testable import Keys

@Suite("Keys on the curve")
struct CurveTests {
  private struct Account: Decodable {
    let privateKey: String
    let address: String
  }

  private struct HashedWord: Decodable {
    let seed: String
    let key: String
    let addr: String
  }

  /// The order of the group, from SEC 2.
  static let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
  static let generator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"

  static func privateKey(_ hex: String) throws -> PrivateKey {
    let bytes = try Hex.decode(hex)
    return try PrivateKey(SecretBytes(copying: bytes.span.bytes))
  }

  private func number(_ value: UInt8) -> String {
    String(repeating: "00", count: 31) + Hex.encode([value])
  }

  @Test("the private key 1 has the generator as public key")
  func generator() throws {
    let key = try Self.privateKey(number(1)).publicKey
    #expect(key.description == Self.generator)
    #expect(try PublicKey(key.uncompressed) == key)
    #expect(try PublicKey(key.compressed) == key)
    #expect(key.hash160.hex == "751e76e8199196d454941c45d1b3a323f1433bd6")
    #expect(key.xOnly.bytes.hex == String(Self.generator.dropFirst(2)))
  }

  @Test("zero and what isn't below the group's order are no private keys")
  func privateKeyRange() throws {
    for hex in [number(0), Self.order, String(repeating: "f", count: 64)] {
      #expect(throws: PrivateKey.ParsingError.outOfRange) { try Self.privateKey(hex) }
    }
    #expect(throws: PrivateKey.ParsingError.wrongLength(bytes: 31)) {
      try Self.privateKey(String(repeating: "01", count: 31))
    }
    _ = try Self.privateKey(String(Self.order.dropLast()) + "0")
  }

  @Test("a public key of another form, length or off the curve is refused")
  func publicKeyForms() throws {
    let x = Self.generator.dropFirst(2)
    func key(_ hex: String) throws(PublicKey.ParsingError) -> PublicKey {
      try PublicKey((try? Hex.decode(hex)) ?? [])
    }
    #expect(throws: PublicKey.ParsingError.wrongForm(4)) { try key("04\(x)") }
    #expect(throws: PublicKey.ParsingError.wrongForm(1)) { try key("01\(x)") }
    #expect(throws: PublicKey.ParsingError.wrongLength(bytes: 32)) { try key("\(x)") }
    #expect(throws: PublicKey.ParsingError.wrongLength(bytes: 0)) { try key("") }
    #expect(throws: PublicKey.ParsingError.notOnCurve) { try key("02\(number(7).dropLast(1))7") }
    let hybrid = try [6] + key(Self.generator).uncompressed.dropFirst()
    #expect(throws: PublicKey.ParsingError.wrongForm(6)) { try PublicKey(hybrid) }
    let wrongY = try Array(key(Self.generator).uncompressed.dropLast()) + [0]
    #expect(throws: PublicKey.ParsingError.notOnCurve) { try PublicKey(wrongY) }
  }

  @Test("an x without a point is no taproot key, and its output nobody's to spend")
  func xOnlyOffCurve() throws {
    // BIP-0340's test vector 5: a public key that isn't on the curve.
    let bad = try Hash32(hex: "eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34")
    #expect(XOnlyPublicKey(bad) == nil)
    #expect(!XOnlyPublicKey.isValid(bad))
    #expect(!OutputScript.p2tr(bad).hasSpendableKey)
    let good = try Hash32(hex: Self.generator.dropFirst(2))
    #expect(OutputScript.p2tr(good).hasSpendableKey)
    #expect(OutputScript.anchor.hasSpendableKey)
  }

  @Test("a tweak that isn't below the order, or leads to infinity, gives no key")
  func tweaks() throws {
    let one = try Self.privateKey(number(1))
    let order = try Hash32(hex: Self.order)
    let minusOne = try Hash32(hex: String(Self.order.dropLast()) + "0")
    let two = try Self.privateKey(number(2)).publicKey
    #expect(one.publicKey.adding(tweak: order) == nil)
    #expect(one.publicKey.adding(tweak: minusOne) == nil)
    #expect(one.publicKey.adding(tweak: try Hash32(hex: number(1))) == two)
    #expect(one.publicKey.xOnly.adding(tweak: order) == nil)
    for tweak in [order, minusOne] {
      #expect(one.adding(tweak: SecretBytes(copying: tweak.bytes.span.bytes)) == nil)
    }
  }

  @Test("accounts on EVM chains are the Keccak-256 of their public keys")
  func ethereumAccounts() throws {
    let accounts = try PackageFiles.vector("keys/ethereum-accounts.json", as: [Account].self)
    #expect(accounts.count == 259)
    for account in accounts {
      let key = try Self.privateKey(String(account.privateKey.dropFirst(2)))
      #expect(EthereumAddress(key.publicKey).text == account.address)
    }
  }

  @Test("keys that are the hash of a word have their published accounts")
  func hashedWords() throws {
    let vectors = try PackageFiles.vector("keys/keyaddrtest.json", as: [HashedWord].self)
    #expect(vectors.count == 2)
    for vector in vectors {
      #expect(Keccak256.hash(Array(vector.seed.utf8)).hex == vector.key)
      let address = EthereumAddress(try Self.privateKey(vector.key).publicKey)
      #expect(address.text.lowercased() == "0x" + vector.addr)
    }
  }

  @Test("a private key never shows what it is")
  func redacted() throws {
    let key = try Self.privateKey(String(repeating: "5a", count: 32))
    var dumped = ""
    dump(key, to: &dumped)
    for text in ["\(key)", String(reflecting: key), dumped] {
      #expect(!text.contains("5a") && !text.contains("90"))
    }
    #expect(key.withSecretBytes { Array($0) } == [UInt8](repeating: 0x5a, count: 32))
  }
}
