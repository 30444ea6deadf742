import Bytes
import ChainTypes
import Foundation
import TestSupport
import Testing

@testable import Addresses

@Suite("Bitcoin addresses")
struct BitcoinAddressTests {
  /// One of Bitcoin Core's `key_io_valid.json`: text, script (or key) and what it is.
  struct KeyIO: Decodable {
    struct Facts: Decodable {
      let chain: String
      let isPrivkey: Bool
      let tryCaseFlip: Bool?
    }

    let text: String
    let hex: String
    let facts: Facts

    init(from decoder: any Decoder) throws {
      var row = try decoder.unkeyedContainer()
      text = try row.decode(String.self)
      hex = try row.decode(String.self)
      facts = try row.decode(Facts.self)
    }

    var network: BitcoinNetwork? {
      BitcoinNetwork.Kind.allCases.map { BitcoinNetwork($0) }.first { $0.coreName == facts.chain }
    }
  }

  @Test("Bitcoin Core's valid addresses give their scripts, both ways")
  func keyIOValid() throws {
    let vectors = try PackageFiles.vector("addresses/key_io_valid.json", as: [KeyIO].self)
    #expect(vectors.count == 70)
    for vector in vectors where !vector.facts.isPrivkey {
      let network = try #require(vector.network)
      let address = try BitcoinAddress(vector.text, network: network)
      #expect(Hex.encode(address.output.scriptPubKey) == vector.hex)
      #expect(address.text == vector.text)
      #expect(OutputScript(scriptPubKey: try Hex.decode(vector.hex)) == address.output)
      if vector.facts.tryCaseFlip == true {
        #expect(try BitcoinAddress(vector.text.uppercased(), network: network) == address)
      }
    }
  }

  @Test("a private key given as an address is refused and not repeated")
  func privateKeys() throws {
    let vectors = try PackageFiles.vector("addresses/key_io_valid.json", as: [KeyIO].self)
    for vector in vectors where vector.facts.isPrivkey {
      for text in [vector.text, vector.text + "1", String(vector.text.dropLast()) + "z"] {
        let error = #expect(throws: AddressError.self) {
          try BitcoinAddress(text, network: .mainnet)
        }
        #expect(!String(describing: error).contains(vector.text.dropFirst(6).prefix(10)))
      }
    }
  }

  @Test("Bitcoin Core's invalid texts are no addresses of any network")
  func keyIOInvalid() throws {
    let vectors = try PackageFiles.vector("addresses/key_io_invalid.json", as: [[String]].self)
    #expect(vectors.count == 70)
    for vector in vectors {
      for kind in BitcoinNetwork.Kind.allCases {
        #expect(throws: AddressError.self, "\(vector[0])") {
          try BitcoinAddress(vector[0], network: BitcoinNetwork(kind))
        }
      }
    }
  }

  @Test("an address of another network is told with the networks that write it so")
  func wrongNetwork() {
    let segwit = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"
    #expect(
      throws: AddressError.wrongNetwork(
        segwit, expected: .mainnet, found: [.testnet3, .testnet4, .signet])
    ) { try BitcoinAddress(segwit, network: .mainnet) }
    let legacy = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
    #expect(
      throws: AddressError.wrongNetwork(legacy, expected: .regtest, found: [.mainnet])
    ) { try BitcoinAddress(legacy, network: .regtest) }
  }

  @Test("another secret in Bech32 is refused by its prefix alone")
  func otherBech32() {
    let text = Bech32.encode(
      prefix: "nsec", groups: [UInt8](repeating: 17, count: 52), variant: .bech32)
    #expect(throws: AddressError.unknownPrefix("nsec")) {
      try BitcoinAddress(text, network: .mainnet)
    }
  }

  @Test("errors say what is wrong with a text")
  func preciseErrors() {
    func error(_ text: String) -> AddressError? {
      #expect(throws: AddressError.self) { try BitcoinAddress(text, network: .mainnet) }
    }
    #expect(error("") == .empty)
    #expect(error(String(repeating: "1", count: 91)) == .tooLong(prefix: "1111", characters: 91))
    #expect(
      error("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3")
        == .invalidBase58("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", .wrongChecksum))
    #expect(error("tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty") == .unknownPrefix("tc"))
    #expect(
      error("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5")
        == .invalidSegwit("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", .bech32(.wrongChecksum)))
    #expect(
      error("bc1pw5dgrnzv")
        == .invalidSegwit("bc1pw5dgrnzv", .invalidProgramLength(version: 1, bytes: 1)))
    #expect(
      error(" 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")
        == .invalidBase58(
          " 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
          .base58(.invalidCharacter(0x20, offset: 0))))
  }

  @Test("pay to anchor is an address of its own (BIP-0433)")
  func anchor() throws {
    #expect(OutputScript.anchor.scriptPubKey == [0x51, 0x02, 0x4e, 0x73])
    let address = BitcoinAddress(.anchor, network: .mainnet)
    #expect(address.text == "bc1pfeessrawgf")
    #expect(try BitcoinAddress("bc1pfeessrawgf", network: .mainnet) == address)
    let regtest = try BitcoinAddress("bcrt1pfeesnyr2tx", network: .regtest)
    #expect(regtest.output == .anchor)
  }
}
