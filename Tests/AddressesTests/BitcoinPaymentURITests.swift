import Bytes
import ChainTypes
import TestSupport
import Testing

@testable import Addresses

@Suite("Payment URIs (BIP-0321)")
struct BitcoinPaymentURITests {
  private struct Vectors: Decodable {
    let valid: [String]
    let proofOfPayment: [String]
    let invalid: [String]
  }

  private static let address = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"

  /// BIP-0321 spoils its addresses on purpose; good ones stand for them here.
  private func repaired(_ text: String) -> String {
    let good = [
      "175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W": Self.address,
      "bc1qufgy354j3kmvuch987xe4s40836x3h0lg8f5nq": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
      "bc1p5swkugezn97763tl0yty6556856uug0q6jflljvep9m4p7339x5qzyrh4q":
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
      "tb1qghfhmd4zh7ncpmxl3qzhmq566jk8ckq4gafnmq": "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
    ]
    return good.reduce(text) { text, pair in
      text.replacing(pair.key, with: pair.value)
        .replacing(pair.key.uppercased(), with: pair.value.uppercased())
    }
  }

  @Test("the BIP's examples with an on-chain address are read")
  func valid() throws {
    let vectors = try PackageFiles.vector("bips/bip321.json", as: Vectors.self)
    var read = 0
    for text in vectors.valid.map(repaired) {
      let network: BitcoinNetwork = text.contains("tb=") ? .testnet4 : .mainnet
      let body = text.dropFirst(8).prefix { $0 != "?" }
      let lowercased = text.lowercased()
      if body.isEmpty, !lowercased.contains("bc="), !lowercased.contains("tb=") {
        #expect(throws: BitcoinPaymentURI.ParsingError.noAddress) {
          try BitcoinPaymentURI(text, network: network)
        }
      } else if text.contains("req-") {
        #expect(
          throws: BitcoinPaymentURI.ParsingError.unknownRequiredParameter(
            "req-somethingyoudontunderstand")
        ) { try BitcoinPaymentURI(text, network: network) }
      } else {
        _ = try BitcoinPaymentURI(text, network: network)
        read += 1
      }
    }
    #expect(read == 11)
  }

  @Test("a proof of payment may be asked for, is never given, and can't be required")
  func proofOfPayment() throws {
    let address = try BitcoinAddress(Self.address, network: .mainnet)
    let plain = BitcoinPaymentURI(address: address, amount: nil)
    let expected: [Result<BitcoinPaymentURI, BitcoinPaymentURI.ParsingError>] = [
      .success(plain), .failure(.noAddress), .success(plain), .success(plain),
      .failure(.unknownRequiredParameter("req-pop")),
    ]
    let vectors = try PackageFiles.vector("bips/bip321.json", as: Vectors.self)
    let read = vectors.proofOfPayment.map(repaired).map { text in
      Result { () throws(BitcoinPaymentURI.ParsingError) in
        try BitcoinPaymentURI(text, network: .mainnet)
      }
    }
    #expect(read == expected)
  }

  @Test("the BIP's invalid examples are refused")
  func invalid() throws {
    let vectors = try PackageFiles.vector("bips/bip321.json", as: Vectors.self)
    #expect(vectors.invalid.count == 5)
    for text in vectors.invalid.map(repaired) {
      for network in [BitcoinNetwork.mainnet, .testnet4] {
        #expect(throws: BitcoinPaymentURI.ParsingError.self, "\(text)") {
          try BitcoinPaymentURI(text, network: network)
        }
      }
    }
  }

  @Test("amount, label and message survive the way there and back")
  func roundTrip() throws {
    let address = try BitcoinAddress(Self.address, network: .mainnet)
    let uri = BitcoinPaymentURI(
      address: address, amount: 2_030_000_000, label: "Café & Söhne", message: "50% = half?")
    #expect(
      uri.text
        == "bitcoin:\(Self.address)?amount=20.30000000&label=Caf%C3%A9%20%26%20S%C3%B6hne"
        + "&message=50%25%20%3D%20half%3F")
    #expect(try BitcoinPaymentURI(uri.text, network: .mainnet) == uri)
  }

  @Test("amounts are written exactly, with eight decimals")
  func amounts() throws {
    let address = try BitcoinAddress(Self.address, network: .mainnet)
    let texts: [UInt256: String] = [
      1: "0.00000001", 100_000_000: "1.00000000", 5_000_000_000: "50.00000000",
      120_000: "0.00120000",
      2_099_999_999_999_999: "20999999.99999999",
    ]
    for (amount, text) in texts {
      let uri = BitcoinPaymentURI(address: address, amount: amount)
      #expect(uri.text == "bitcoin:\(Self.address)?amount=\(text)")
      #expect(BitcoinPaymentURI.text(address: Self.address, amount: amount) == uri.text)
      #expect(try BitcoinPaymentURI(uri.text, network: .mainnet) == uri)
    }
  }

  @Test("amounts that aren't exact, or more than there will ever be, are refused")
  func badAmounts() {
    for text in ["50,000.00", "1.000000001", "-1", "1e3", "", ".5", "21000000.00000001"] {
      #expect(throws: BitcoinPaymentURI.ParsingError.self) {
        try BitcoinPaymentURI("bitcoin:\(Self.address)?amount=\(text)", network: .mainnet)
      }
    }
  }

  @Test("for a QR code a segwit address stands in capitals, and nothing that depends on case")
  func capitals() throws {
    let text = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    let segwit = try BitcoinAddress(text, network: .mainnet)
    let uri = BitcoinPaymentURI(address: segwit, amount: 120_000, label: "Shop")
    #expect(uri.qrText == "BITCOIN:\(text.uppercased())?amount=0.00120000&label=Shop")
    #expect(try BitcoinPaymentURI(uri.qrText, network: .mainnet) == uri)
    let legacy = try BitcoinAddress(Self.address, network: .mainnet)
    let old = BitcoinPaymentURI(address: legacy, amount: nil)
    #expect(old.qrText == "bitcoin:\(Self.address)")
  }

  @Test("a broken escape, another scheme or an endless text is refused")
  func broken() {
    let errors: [(String, BitcoinPaymentURI.ParsingError)] = [
      ("bitcoin:\(Self.address)?label=%4", .invalidEscape("%4")),
      ("bitcoin:\(Self.address)?label=%ff", .invalidEscape("%ff")),
      ("litecoin:\(Self.address)", .wrongScheme("litecoin")),
      ("bitcoin:", .noAddress),
      ("bitcoin:\(String(repeating: "1", count: 5_000))", .tooLong(characters: 5_008)),
    ]
    for (text, expected) in errors {
      #expect(throws: expected) { try BitcoinPaymentURI(text, network: .mainnet) }
    }
  }
}
