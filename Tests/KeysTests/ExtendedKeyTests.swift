import Addresses
import Bytes
import ChainTypes
import Digests
import TestSupport
import Testing

@testable import Keys

@Suite("Extended keys (BIP-0032)")
struct ExtendedKeyTests {
  private struct Vectors: Decodable {
    struct Chain: Decodable {
      struct Link: Decodable {
        let path: String
        let xpub: String
        let xprv: String
      }

      let seed: String
      let chain: [Link]
    }

    struct Invalid: Decodable {
      let key: String
      let why: String
    }

    let valid: [Chain]
    let invalid: [Invalid]
  }

  private func vectors() throws -> Vectors {
    try PackageFiles.vector("bips/bip32.json", as: Vectors.self)
  }

  static func master(_ seed: String) throws -> ExtendedPrivateKey {
    let bytes = try Hex.decode(seed)
    return try ExtendedPrivateKey(seed: SecretBytes(copying: bytes.span.bytes))
  }

  /// The extended key `text` with another version in front.
  static func text(_ text: String, version: UInt32) throws -> String {
    var payload = try Base58Check.decode(text, maximumCharacters: 112)
    for index in 0..<4 { payload[index] = UInt8(version >> UInt32(24 - 8 * index) & 0xff) }
    return Base58Check.encode(payload)
  }

  static let account =
    "xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4Z"
    + "eZXYVUhLv1VMrjPC7PW6V"

  @Test("seeds give the published chains of private and public keys")
  func chains() throws {
    let chains = try vectors().valid
    #expect(chains.count == 4)
    for chain in chains {
      let master = try Self.master(chain.seed)
      for link in chain.chain {
        let key = try master.descendant(DerivationPath(link.path))
        #expect(key.secretText(network: .mainnet) == link.xprv)
        #expect(key.extendedPublicKey.text(network: .mainnet) == link.xpub)
        let read = try ExtendedPublicKey(link.xpub, network: .mainnet)
        #expect(read == key.extendedPublicKey)
        let readPrivate = try ExtendedPrivateKey(secretText: link.xprv, network: .mainnet)
        #expect(readPrivate.secretText(network: .mainnet) == link.xprv)
      }
    }
  }

  @Test("unhardened children are the same by public and by private derivation")
  func publicAndPrivate() throws {
    let parent = try Self.master("000102030405060708090a0b0c0d0e0f")
      .descendant(DerivationPath("m/84h/0h/0h"))
    let children = parent.extendedPublicKey.children
    for index in [0, 1, 2, 999, ChildNumber.indexEnd - 1] {
      let step = try #require(ChildNumber(index))
      let child = try parent.child(step)
      #expect(try parent.extendedPublicKey.child(step) == child.extendedPublicKey)
      #expect(try children.publicKey(at: index) == child.extendedPublicKey.key)
    }
  }

  @Test("every invalid extended key of BIP-0032 is refused")
  func invalidVectors() throws {
    let invalid = try vectors().invalid
    #expect(invalid.count == 16)
    for vector in invalid {
      #expect(throws: ExtendedKeyError.self, "\(vector.why)") {
        try ExtendedPublicKey(vector.key, network: .mainnet)
      }
      #expect(throws: ExtendedKeyError.self, "\(vector.why)") {
        try ExtendedPrivateKey(secretText: vector.key, network: .mainnet)
      }
    }
  }

  @Test("an invalid extended key is refused for the reason it was made for")
  func invalidReasons() throws {
    let expected: [String: ExtendedKeyError] = [
      "pubkey version / prvkey mismatch": .privateKey(version: "xpub"),
      "invalid pubkey prefix 04": .invalidPublicKey(.wrongForm(4)),
      "invalid pubkey prefix 01": .invalidPublicKey(.wrongForm(1)),
      "invalid pubkey 020000000000000000000000000000000000000000000000000000000000000007":
        .invalidPublicKey(.notOnCurve),
      "prvkey version / pubkey mismatch": .invalidPrivateKey,
      "private key 0 not in 1..n-1": .invalidPrivateKey,
      "private key n not in 1..n-1": .invalidPrivateKey,
      "invalid checksum": .invalidText(.wrongChecksum),
    ]
    for vector in try vectors().invalid {
      if vector.why == "unknown extended key version" {
        #expect(throws: ExtendedKeyError.unknownVersion(0x0101_0101)) {
          try ExtendedPublicKey(vector.key, network: .mainnet)
        }
        #expect(throws: ExtendedKeyError.unknownVersion(0x0101_0101)) {
          try ExtendedPrivateKey(secretText: vector.key, network: .mainnet)
        }
      }
      guard let reason = expected[vector.why] else { continue }
      if vector.key.hasPrefix("xpub") {
        #expect(throws: reason) { try ExtendedPublicKey(vector.key, network: .mainnet) }
      } else {
        #expect(throws: reason) {
          try ExtendedPrivateKey(secretText: vector.key, network: .mainnet)
        }
      }
    }
  }

  @Test("a master key with a parent or a number is refused")
  func masterFields() throws {
    let master = try Self.master("000102030405060708090a0b0c0d0e0f").extendedPublicKey
    let payload = try Base58Check.decode(
      master.text(network: .mainnet), maximumCharacters: 112)
    var withParent = payload
    withParent[8] = 1
    #expect(throws: ExtendedKeyError.masterWithParent(fingerprint: 1)) {
      try ExtendedPublicKey(Base58Check.encode(withParent), network: .mainnet)
    }
    var withNumber = payload
    withNumber[12] = 3
    #expect(throws: ExtendedKeyError.masterWithNumber(ChildNumber(rawValue: 3))) {
      try ExtendedPublicKey(Base58Check.encode(withNumber), network: .mainnet)
    }
  }

  @Test("every version's number begins with its name, for public and private keys")
  func versionNames() throws {
    let master = try Self.master("000102030405060708090a0b0c0d0e0f")
    #expect(ExtendedKeyVersion.all.count == 20)
    for version in ExtendedKeyVersion.all {
      let text =
        version.isPrivate
        ? master.secretText(network: .mainnet) : master.extendedPublicKey.text(network: .mainnet)
      #expect(try Self.text(text, version: version.number).hasPrefix(version.name))
    }
  }

  @Test("keys of one script are read and written again as xpub or tpub")
  func normalised() throws {
    let key = try ExtendedPublicKey(Self.account, network: .mainnet)
    for version in ExtendedKeyVersion.all where !version.isPrivate {
      let network: BitcoinNetwork = version.isMainnet ? .mainnet : .signet
      let text = try Self.text(Self.account, version: version.number)
      #expect(try ExtendedPublicKey(text, network: network) == key)
    }
    #expect(key.text(network: .mainnet) == Self.account)
    #expect(key.text(network: .regtest).hasPrefix("tpub"))
  }

  @Test("a private key of any version is refused, and the error doesn't repeat it")
  func privateVersions() throws {
    let secret = try Self.master("000102030405060708090a0b0c0d0e0f").secretText(network: .mainnet)
    for version in ExtendedKeyVersion.all where version.isPrivate {
      let text = try Self.text(secret, version: version.number)
      let mistyped = String(text.dropLast()) + "1"
      for (text, network) in [
        (text, BitcoinNetwork.mainnet), (text, .regtest), (mistyped, .mainnet),
        (text + " ", .mainnet),
      ] {
        let error = #expect(throws: ExtendedKeyError.privateKey(version: version.name)) {
          try ExtendedPublicKey(text, network: network)
        }
        #expect(!String(reflecting: error).contains(text.dropFirst(5).prefix(8)))
      }
    }
  }

  @Test("vpub and tpub on mainnet, and xpub on test networks, are refused by name")
  func wrongNetwork() throws {
    for version in ExtendedKeyVersion.all where !version.isPrivate {
      let text = try Self.text(Self.account, version: version.number)
      let wrong: BitcoinNetwork = version.isMainnet ? .testnet4 : .mainnet
      #expect(throws: ExtendedKeyError.wrongNetwork(version: version.name, expected: wrong)) {
        try ExtendedPublicKey(text, network: wrong)
      }
    }
  }

  @Test("a version that nobody uses, a wrong length or a text without end is refused")
  func otherTexts() throws {
    let unknown = try Self.text(Self.account, version: 0x0102_0304)
    #expect(throws: ExtendedKeyError.unknownVersion(0x0102_0304)) {
      try ExtendedPublicKey(unknown, network: .mainnet)
    }
    #expect(throws: ExtendedKeyError.wrongLength(bytes: 3)) {
      try ExtendedPublicKey(Base58Check.encode([1, 2, 3]), network: .mainnet)
    }
    #expect(
      throws: ExtendedKeyError.invalidText(.base58(.tooLong(characters: 100_000, allowed: 112)))
    ) { try ExtendedPublicKey(String(repeating: "z", count: 100_000), network: .mainnet) }
    for text in ["", "xpub", " \(Self.account)", "\(Self.account)\n"] {
      #expect(throws: ExtendedKeyError.self) { try ExtendedPublicKey(text, network: .mainnet) }
    }
  }

  @Test("a hardened child of a public key is refused")
  func hardenedChild() throws {
    let key = try ExtendedPublicKey(Self.account, network: .mainnet)
    let step = ChildNumber(rawValue: ChildNumber.indexEnd | 7)
    #expect(throws: DerivationError.hardenedFromPublicKey(step)) { try key.child(step) }
    #expect(throws: DerivationError.hardenedFromPublicKey(step)) {
      try key.descendant(DerivationPath("m/0/7h"))
    }
  }

  @Test("index 2³¹ is exhausted and doesn't start again from 0")
  func exhausted() throws {
    let children = try ExtendedPublicKey(Self.account, network: .mainnet).children
    _ = try children.publicKey(at: ChildNumber.indexEnd - 1)
    for index in [ChildNumber.indexEnd, .max] {
      #expect(throws: DerivationError.indexExhausted(index)) {
        try children.publicKey(at: index)
      }
      #expect(ChildNumber(index) == nil)
    }
  }

  @Test("an index whose code isn't below the group's order, or leads to infinity, is to be skipped")
  func skippedIndex() throws {
    let key = try CurveTests.privateKey(String(repeating: "00", count: 31) + "01").publicKey
    let children = PublicChildDeriver(parent: key, chainCode: .zero)
    // The order itself, more than it, and the negation of the parent.
    for left in [
      CurveTests.order, String(repeating: "ff", count: 32),
      String(CurveTests.order.dropLast()) + "0",
    ] {
      let code = SHA512.Digest(left: try Hash32(hex: left), right: .zero)
      #expect(throws: DerivationError.skipIndex(5)) { try children.child(at: 5, from: code) }
    }
  }

  @Test("a key at depth 255 has no children")
  func depth() throws {
    var key = try Self.master("000102030405060708090a0b0c0d0e0f").extendedPublicKey
    let step = try #require(ChildNumber(0))
    for _ in 0..<255 { key = try key.child(step) }
    #expect(key.depth == 255)
    #expect(throws: DerivationError.depthExhausted) { try key.child(step) }
  }

  @Test("seeds of other than 16 to 64 bytes are refused")
  func seedLength() {
    for count in [0, 15, 65] {
      let seed = SecretBytes(byteCount: count) { _ in }
      #expect(throws: ExtendedKeyError.invalidSeedLength(bytes: count)) {
        try ExtendedPrivateKey(seed: seed)
      }
    }
  }

  @Test("an extended private key never shows what it is")
  func redacted() throws {
    let key = try Self.master("000102030405060708090a0b0c0d0e0f")
    var dumped = ""
    dump(key, to: &dumped)
    for text in ["\(key)", String(reflecting: key), dumped] {
      #expect(text.trimmingPrefix("- ").hasPrefix("<extended private key>"))
      #expect(text.count < 40)
    }
  }
}
