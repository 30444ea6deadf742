import Bytes
import ChainTypes
import TestSupport
import Testing

@testable import Addresses

@Suite("Bech32 and Bech32m")
struct Bech32Tests {
  struct Vectors: Decodable {
    struct Invalid: Decodable {
      let text: String
      let why: String
    }

    struct Segwit: Decodable {
      let address: String
      let scriptPubKey: String
    }

    struct InvalidSegwit: Decodable {
      let address: String
      let why: String
    }

    let valid: [String]
    let invalid: [Invalid]
    let segwitValidUnderBIP173: [Segwit]?
    let segwitValid: [Segwit]?
    let segwitInvalid: [InvalidSegwit]
  }

  /// The bytes as text; those that aren't UTF-8 become characters that aren't Bech32 either.
  private func text(_ hex: String) throws -> String {
    String(decoding: try Hex.decode(hex), as: UTF8.self)
  }

  private func network(of address: String) -> BitcoinNetwork {
    address.lowercased().hasPrefix("tb") ? .testnet4 : .mainnet
  }

  @Test(
    "valid texts of both kinds are read, told apart and written again",
    arguments: [("bips/bip173.json", Bech32.Variant.bech32), ("bips/bip350.json", .bech32m)])
  func valid(file: String, variant: Bech32.Variant) throws {
    let vectors = try PackageFiles.vector(file, as: Vectors.self)
    #expect(vectors.valid.count == 7)
    for hex in vectors.valid {
      let text = try text(hex)
      let decoded = try Bech32.decode(text)
      #expect(decoded.variant == variant)
      let written = Bech32.encode(
        prefix: decoded.prefix, groups: decoded.groups, variant: variant)
      #expect(written == text.lowercased())
    }
  }

  @Test(
    "every invalid text is refused",
    arguments: [("bips/bip173.json", Bech32.Variant.bech32), ("bips/bip350.json", .bech32m)])
  func invalid(file: String, variant: Bech32.Variant) throws {
    let vectors = try PackageFiles.vector(file, as: Vectors.self)
    #expect(vectors.invalid.count >= 12)
    for vector in vectors.invalid {
      let text = try text(vector.text)
      #expect(throws: Bech32.DecodingError.self, "\(vector.why)") { try Bech32.decode(text) }
    }
  }

  @Test("a character that can't stand where it does is named with its place")
  func characters() {
    let errors: [(String, UInt8, Int)] = [
      (" 1nwldj5", 0x20, 0), ("a12uel5l ", 0x20, 8), ("a\u{7f}12uel5l", 0x7f, 1),
      ("a12ueb5l", 0x62, 5), ("1a1é2uel5l", 0xc3, 3),
    ]
    for (text, byte, offset) in errors {
      #expect(throws: Bech32.DecodingError.invalidCharacter(byte, offset: offset)) {
        try Bech32.decode(text)
      }
    }
  }

  @Test("segwit addresses give their scripts, and scripts their addresses")
  func segwitValid() throws {
    let vectors = try PackageFiles.vector("bips/bip350.json", as: Vectors.self)
    let valid = try #require(vectors.segwitValid)
    #expect(valid.count == 8)
    for vector in valid {
      let network = network(of: vector.address)
      let address = try BitcoinAddress(vector.address, network: network)
      #expect(Hex.encode(address.output.scriptPubKey) == vector.scriptPubKey)
      let script = try Hex.decode(vector.scriptPubKey)
      let back = BitcoinAddress(scriptPubKey: script.span.bytes, network: network)
      #expect(back?.text == vector.address.lowercased())
    }
  }

  @Test(
    "every invalid segwit address is refused", arguments: ["bips/bip173.json", "bips/bip350.json"])
  func segwitInvalid(file: String) throws {
    let vectors = try PackageFiles.vector(file, as: Vectors.self)
    #expect(vectors.segwitInvalid.count >= 10)
    for vector in vectors.segwitInvalid {
      for network in [BitcoinNetwork.mainnet, .testnet4, .regtest] {
        #expect(throws: AddressError.self, "\(vector.why)") {
          try BitcoinAddress(vector.address, network: network)
        }
      }
    }
  }

  @Test("Bech32 on version 1 and Bech32m on version 0 are refused by name")
  func wrongChecksumKind() throws {
    let bech32OnVersion1 = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd"
    #expect(
      throws: AddressError.invalidSegwit(
        bech32OnVersion1, .wrongChecksumKind(version: 1, found: .bech32))
    ) { try BitcoinAddress(bech32OnVersion1, network: .mainnet) }
    let bech32mOnVersion0 = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh"
    #expect(
      throws: AddressError.invalidSegwit(
        bech32mOnVersion0, .wrongChecksumKind(version: 0, found: .bech32m))
    ) { try BitcoinAddress(bech32mOnVersion0, network: .mainnet) }
    // What BIP-0173 allowed for versions above 0 is refused since BIP-0350.
    let old = try #require(
      PackageFiles.vector("bips/bip173.json", as: Vectors.self).segwitValidUnderBIP173)
    for vector in old where !vector.scriptPubKey.hasPrefix("00") {
      #expect(throws: AddressError.self) {
        try BitcoinAddress(vector.address, network: network(of: vector.address))
      }
    }
  }

  @Test("a Bech32 address in mixed case is refused by name")
  func mixedCase() {
    let text = "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7"
    #expect(throws: AddressError.invalidSegwit(text, .bech32(.mixedCase))) {
      try BitcoinAddress(text, network: .testnet4)
    }
  }

  @Test("any one wrong character is noticed")
  func singleErrors() throws {
    let address = Array("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4".utf8)
    let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    for index in 4..<address.count {
      for character in alphabet where character != address[index] {
        var wrong = address
        wrong[index] = character
        #expect(throws: Bech32.DecodingError.wrongChecksum) {
          try Bech32.decode(String(decoding: wrong, as: UTF8.self))
        }
      }
    }
  }
}
