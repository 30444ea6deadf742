import ChainTypes
import Testing

@testable import Keys

@Suite("Derivation paths")
struct DerivationPathTests {
  @Test("hardened steps may be marked h, ' or H and are written with h")
  func marks() throws {
    for text in ["m/84h/0'/3H/0/7", "84'/0h/3'/0/7"] {
      #expect(try DerivationPath(text).description == "m/84h/0h/3h/0/7")
    }
    #expect(try DerivationPath("m").steps.isEmpty)
    #expect(try DerivationPath("").description == "m")
    #expect(try DerivationPath("m/2147483647h").steps == [ChildNumber(rawValue: .max)])
  }

  @Test("a step that is no index is told with its place")
  func invalid() {
    let cases: [(String, String, Int)] = [
      ("m/0/x", "x", 1), ("m//1", "", 0), ("m/2147483648", "2147483648", 0), ("m/1/-1", "-1", 1),
      ("m/1hh", "1hh", 0), ("m/ 1", " 1", 0), ("m/h", "h", 0), ("/1", "", 0), ("m/1/", "", 1),
      ("m/99999999999999999999", "999999999999", 0), ("m/+1", "+1", 0), ("M/1", "M", 0),
    ]
    for (text, step, position) in cases {
      #expect(throws: DerivationPath.ParsingError.invalidStep(step, position: position)) {
        try DerivationPath(text)
      }
    }
    let long = "m" + String(repeating: "/0", count: 256)
    #expect(throws: DerivationPath.ParsingError.tooManySteps(256)) { try DerivationPath(long) }
  }

  @Test("each script has its purpose, each network its coin, each region its account")
  func accounts() throws {
    func path(_ script: SingleKeyScript, _ network: BitcoinNetwork) throws -> String {
      try DerivationPath.account(3, for: script, network: network).description
    }
    #expect(try path(.pkh, .mainnet) == "m/44h/0h/3h")
    #expect(try path(.shWpkh, .mainnet) == "m/49h/0h/3h")
    #expect(try path(.wpkh, .mainnet) == "m/84h/0h/3h")
    #expect(try path(.tr, .mainnet) == "m/86h/0h/3h")
    for network in [BitcoinNetwork.testnet3, .testnet4, .signet, .regtest] {
      #expect(try path(.wpkh, network) == "m/84h/1h/3h")
    }
    #expect(throws: DerivationError.indexExhausted(ChildNumber.indexEnd)) {
      try DerivationPath.account(ChildNumber.indexEnd, for: .wpkh, network: .mainnet)
    }
  }
}
