import Bytes
import TestSupport
import Testing

@testable import Addresses

@Suite("EVM addresses")
struct EthereumAddressTests {
  @Test("ERC-55's examples are read and written with their checksum")
  func erc55() throws {
    let vectors = try PackageFiles.vector("addresses/erc55.json", as: [String].self)
    #expect(vectors.count == 8)
    for text in vectors {
      let address = try EthereumAddress(text)
      #expect(address.text == text)
      #expect(try EthereumAddress(text.lowercased()) == address)
      #expect(try EthereumAddress("0x" + text.dropFirst(2).uppercased()) == address)
    }
  }

  @Test("one letter in the wrong case is refused, with the right text beside it")
  func wrongChecksum() {
    let right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    let wrong = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"
    #expect(throws: EthereumAddress.ParsingError.wrongChecksum(wrong, expected: right)) {
      try EthereumAddress(wrong)
    }
  }

  @Test("a text of another shape is refused")
  func shape() {
    let digits = "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
    #expect(throws: EthereumAddress.ParsingError.missingPrefix(digits)) {
      try EthereumAddress(digits)
    }
    #expect(throws: EthereumAddress.ParsingError.wrongLength("0x12", characters: 4)) {
      try EthereumAddress("0x12")
    }
    let bad = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg"
    #expect(throws: EthereumAddress.ParsingError.invalidDigit(bad, offset: 41)) {
      try EthereumAddress(bad)
    }
  }

  @Test("a private key given as an address is refused and not repeated")
  func privateKey() {
    let key = String(repeating: "5a", count: 32)
    for text in [key, "0x" + key] {
      let error = #expect(throws: EthereumAddress.ParsingError.self) { try EthereumAddress(text) }
      #expect(!String(describing: error).contains("5a5a5a5a"))
    }
  }
}
