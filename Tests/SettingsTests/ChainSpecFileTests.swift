import Bytes
import ChainTypes
import Foundation
import Settings
import TestSupport
import Testing

@Suite("chains/*.yaml")
struct ChainSpecFileTests {
  private static let files: [String] = {
    let directory = PackageFiles.root.appending(path: "chains").path(percentEncoded: false)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasPrefix("bitcoin") && $0.hasSuffix(".yaml") }.sorted().map {
      "\(directory)/\($0)"
    }
  }()

  @Test("every file of Bitcoin's describes the chain that it is named after", arguments: files)
  func loads(path: String) throws {
    let spec = try ChainSpecFile.load(path)
    #expect(path.hasSuffix("/\(spec.name).yaml"))
    #expect(spec.asset == .btc)
    #expect(spec.coinbaseMaturity == 100)
    #expect(spec.dustLimit == UInt256(546))
    #expect(spec.tokens.isEmpty && spec.isCredited && spec.finalityTag == nil)
    #expect(spec.coin.confirmationTiers.map(\.confirmations) == [1, 3, 6])
    let isMainnet = spec.name.text == "bitcoin"
    let limits = ([[], [.single], [.work], [.quorum], [.quorum, .work]] as [Set<TrustLevel>])
      .map { spec.creditLimits.largestPayment(at: $0) }
    let bitcoin: UInt256 = 100_000_000
    let expected: [UInt256?] = [bitcoin, bitcoin, 1_875_000_000, 2_000_000_000, 2_000_000_000]
    #expect(limits == (isMainnet ? expected : [nil, nil, nil, nil, nil]))
    #expect(spec.creditLimits.workFrom == (isMainnet ? 840_000 : nil))
    #expect(spec.confirmations(for: Amount(minorUnits: 1, asset: .btc)) == 1)
    let large = Amount(minorUnits: 1_000_000_000, asset: .btc)
    #expect(spec.confirmations(for: large) == spec.finalityDepth)
  }

  @Test(
    "genesis hashes are the published ones",
    arguments: [
      ("bitcoin", "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
      ("bitcoin-testnet3", "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"),
      ("bitcoin-testnet4", "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"),
      ("bitcoin-signet", "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"),
      ("bitcoin-regtest", "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
    ])
  func genesis(name: String, hash: String) throws {
    let spec = try ChainSpecFile.load("\(SettingsText.chains)/\(name).yaml")
    #expect(spec.genesisHash?.displayHex == hash)
  }

  @Test("mistakes are told together, each with its line")
  func mistakes() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(
      "odd.yaml",
      """
      name: odd
      family: bitcoin
      network: moonnet
      asset: {symbol: BTC, decimals: 8}
      genesis_hash: 00ff
      finality_depth: 2
      coinbase_maturity: 100
      dust_limit: "0.000000001"
      stall_seconds: 1
      credit_limits: {single: plenty, quorum: none}
      confirmations:
        - {from: "1", depth: 3}
        - {from: "0.5", depth: 1}
      colour: red
      """)
    let error = try #require(
      #expect(throws: ConfigurationError.self) {
        try ChainSpecFile.load(path)
      })
    #expect(
      Set(error.mistakes.map { "\($0.line ?? 0) \($0.path)" }) == [
        "3 network", "5 genesis_hash", "8 dust_limit", "12 confirmations[0].depth",
        "13 confirmations[1].from", "12 confirmations", "10 credit_limits.single",
        "10 credit_limits.work", "14 colour",
      ])
  }
}
