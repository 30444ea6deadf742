import Bytes
import TestSupport
import Testing

@testable import Addresses

@Suite("Payment URIs on EVM chains (ERC-681)")
struct EthereumPaymentURITests {
  private struct Vectors: Decodable {
    let examples: [String]
    let valid: [Valid]
    let invalid: [String]

    struct Valid: Decodable {
      let uri: String
      let text: String
    }
  }

  private static let recipient = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
  private static let token = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"

  private func vectors() throws -> Vectors {
    try PackageFiles.vector("addresses/erc681.json", as: Vectors.self)
  }

  @Test("the ERC's examples name no chain, and are read once they do")
  func examples() throws {
    let examples = try vectors().examples
    // The first has an address in mixed case whose checksum is wrong.
    let published = try #require(examples.first)
    #expect(throws: EthereumPaymentURI.ParsingError.self) { try EthereumPaymentURI(published) }
    for example in examples.map({ $0.replacing("Ce92ce3ea", with: "ce92ce3ea") }) {
      #expect(throws: EthereumPaymentURI.ParsingError.missingChainID) {
        try EthereumPaymentURI(example)
      }
      let address = example.dropFirst(9).prefix(42)
      let text = example.replacing(address, with: "\(address)@1", maxReplacements: 1)
      let uri = try EthereumPaymentURI(text)
      #expect(uri.chainID == 1)
      #expect(uri.amount == (uri.token == nil ? 2_014_000_000_000_000_000 : 1))
    }
  }

  @Test("what is right is read, and written in one way")
  func valid() throws {
    for valid in try vectors().valid {
      let uri = try EthereumPaymentURI(valid.uri)
      #expect(uri.text == valid.text)
      #expect(try EthereumPaymentURI(uri.text) == uri)
    }
  }

  @Test("what isn't understood whole is refused")
  func invalid() throws {
    for text in try vectors().invalid {
      #expect(throws: EthereumPaymentURI.ParsingError.self, "\(text)") {
        try EthereumPaymentURI(text)
      }
    }
  }

  @Test("coins and tokens are asked for in atomic units, always with their chain")
  func writing() throws {
    let recipient = try EthereumAddress(Self.recipient)
    let coins = EthereumPaymentURI(recipient: recipient, chainID: 1, amount: 2_014)
    #expect(coins.text == "ethereum:\(Self.recipient)@1?value=2014")
    let tokens = EthereumPaymentURI(
      recipient: recipient, chainID: 8453, token: try EthereumAddress(Self.token), amount: .max)
    #expect(
      tokens.text
        == "ethereum:\(Self.token)@8453/transfer?address=\(Self.recipient)&uint256=\(UInt256.max)")
    #expect(try EthereumPaymentURI(tokens.text) == tokens)
    let open = EthereumPaymentURI(recipient: recipient, chainID: 1, amount: nil)
    #expect(try EthereumPaymentURI(open.text) == open)
  }

  @Test("each mistake is named")
  func named() throws {
    let address = "ethereum:\(Self.recipient)"
    let expected: [(String, EthereumPaymentURI.ParsingError)] = [
      ("bitcoin:\(Self.recipient)@1", .wrongScheme("bitcoin:0")),
      ("\(address)@0", .invalidChainID("0")),
      ("\(address)@1/approve?address=\(Self.recipient)", .unsupportedFunction("approve")),
      ("\(address)@1/transfer?uint256=1", .missingParameter("address")),
      ("\(address)@1/transfer?address=\(Self.recipient)&value=1", .unknownParameter("value")),
      ("\(address)@1?value=1&value=2", .duplicateParameter("value")),
      ("\(address)@1?value=1.5", .invalidAmount("1.5")),
      ("\(address)@1?value=1e78", .amountTooLarge("1e78")),
      (String(repeating: "a", count: 2_000), .tooLong(characters: 2_000)),
    ]
    for (text, error) in expected {
      #expect(throws: error) { try EthereumPaymentURI(text) }
    }
  }
}
