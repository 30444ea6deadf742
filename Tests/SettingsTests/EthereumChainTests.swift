import Addresses
import Bytes
import ChainTypes
import Foundation
import Settings
import TestSupport
import Testing

@Suite("chains/*.yaml of EVM chains")
struct EthereumChainTests {
  struct Expected: Sendable {
    let name: String
    let chainID: UInt64
    let profile: ProofProfile
    let kind: EthereumNetwork.Kind
    let symbols: [String]
    let finality: UInt32
  }

  static let expected = [
    Expected(
      name: "ethereum", chainID: 1, profile: .ethereum, kind: .mainnet,
      symbols: ["ETH", "USDC", "USDT"], finality: 64),
    Expected(
      name: "ethereum-sepolia", chainID: 11_155_111, profile: .ethereum, kind: .testnet,
      symbols: ["ETH", "USDC"], finality: 64),
    Expected(
      name: "base", chainID: 8_453, profile: .opStack, kind: .mainnet, symbols: ["ETH", "USDC"],
      finality: 384),
    Expected(
      name: "optimism", chainID: 10, profile: .opStack, kind: .mainnet,
      symbols: ["ETH", "USDC", "USDT0"], finality: 384),
    Expected(
      name: "arbitrum", chainID: 42_161, profile: .arbitrum, kind: .mainnet,
      symbols: ["ETH", "USDC", "USDT0"], finality: 3_072),
    Expected(
      name: "polygon", chainID: 137, profile: .polygon, kind: .mainnet,
      symbols: ["POL", "USDC", "USDT0"], finality: 512),
    Expected(
      name: "ethereum-dev", chainID: 1_337, profile: .ethereum, kind: .development,
      symbols: ["ETH"], finality: 6),
  ]

  private func load(_ name: String) throws -> ChainSpec {
    try ChainSpecFile.load("\(SettingsText.chains)/\(name).yaml")
  }

  @Test(
    "each describes its chain, and is credited only where its profile is proved",
    arguments: expected)
  func loads(_ expected: Expected) throws {
    let spec = try load(expected.name)
    #expect(spec.name.text == expected.name)
    #expect(
      spec.family
        == .ethereum(
          EthereumNetwork(
            chainID: expected.chainID, profile: expected.profile, kind: expected.kind)))
    #expect(spec.assets.map(\.asset.symbol) == expected.symbols)
    #expect(spec.isCredited == expected.profile.provesTransactions)
    #expect(spec.finalityDepth == expected.finality)
    let isDevelopment = expected.kind == .development
    #expect(spec.finalityTag == (isDevelopment ? nil : .finalized))
    #expect((spec.genesisHash == nil) == isDevelopment)
    #expect(spec.assets.allSatisfy { $0.confirmationTiers.count == 3 && $0.dustLimit > .zero })
    #expect(spec.tokens.allSatisfy { $0.asset.decimals == 6 && $0.asset.contract != nil })
  }

  @Test("every file of the directory is tested here or with Bitcoin's")
  func complete() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: SettingsText.chains)
      .filter { $0.hasSuffix(".yaml") && !$0.hasPrefix("bitcoin") }
    #expect(Set(names) == Set(Self.expected.map { "\($0.name).yaml" }))
  }

  @Test("a token is found by its contract, and an asset by its symbol")
  func tokens() throws {
    let spec = try load("ethereum")
    let usdt = try EthereumAddress("0xdAC17F958D2ee523a2206206994597C13D831ec7")
    let token = try #require(spec.token(usdt.hash))
    #expect(token.asset.symbol == "USDT" && token.startBlock == 4_634_748)
    #expect(spec.listed("USDT") == token && spec.listed(token.asset) == token)
    #expect(spec.listed("ETH")?.asset == .eth)
    #expect(spec.listed("DAI") == nil)
    #expect(spec.token(Hash20()) == nil)
    // The same symbol with another contract is another asset.
    #expect(try load("base").listed("USDC")?.asset != spec.listed("USDC")?.asset)
    #expect(spec.listed(Asset(symbol: "USDC", decimals: 6)) == nil)
  }

  @Test("each asset has confirmations and limits of its own")
  func perAsset() throws {
    let spec = try load("ethereum")
    let usdc = try #require(spec.listed("USDC"))
    func depth(_ units: String, _ asset: Asset) throws -> UInt32 {
      spec.confirmations(for: try Amount(units: units, asset: asset))
    }
    #expect(try depth("9.5", .eth) == 16)
    #expect(try depth("9.5", usdc.asset) == 4)
    #expect(try depth("30000", usdc.asset) == 64)
    #expect(try depth("1", Asset(symbol: "XYZ", decimals: 2)) == spec.finalityDepth)
    #expect(usdc.creditLimits.largestPayment(at: [.single]) == 15_000_000_000)
    #expect(usdc.creditLimits.largestPayment(at: [.quorum]) == 300_000_000_000)
    // No work proves an EVM chain's block.
    #expect(spec.creditLimits.largestPayment(at: [.work]) == spec.creditLimits.single)
  }

  private static let valid = """
    name: own
    family: ethereum
    network: testnet
    chain_id: 5
    profile: arbitrum
    credit: false
    genesis_hash: "0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9"
    asset: {symbol: ETH, decimals: 18}
    finality_depth: 8
    block_milliseconds: 12000
    stall_seconds: 60
    dust_limit: "0"
    confirmations: [{from: "0", depth: 1}]
    credit_limits: {single: none, quorum: none}
    tokens:
      - symbol: USDC
        contract: "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238"
        decimals: 6
        dust_limit: "0"
        confirmations: [{from: "0", depth: 1}]
        credit_limits: {single: none, quorum: none}
    """

  private func mistakes(_ old: String, _ new: String) throws -> [String] {
    let directory = try TemporaryDirectory()
    let path = try directory.write("own.yaml", Self.valid.replacing(old, with: new))
    let error = #expect(throws: ConfigurationError.self) { try ChainSpecFile.load(path) }
    return error?.mistakes.map { "\($0.line ?? 0) \($0.path)" } ?? []
  }

  @Test("a chain of one's own is described the same way")
  func own() throws {
    let directory = try TemporaryDirectory()
    let spec = try ChainSpecFile.load(directory.write("own.yaml", Self.valid))
    #expect(spec.finalityTag == nil && !spec.isCredited && spec.tokens.count == 1)
  }

  @Test(
    "a mistake is told at its line",
    arguments: [
      ("credit: false", "credit: true", "6 credit"),
      ("credit: false", "credit: perhaps", "6 credit"),
      ("profile: arbitrum", "profile: zk", "5 profile"),
      ("network: testnet", "network: moonnet", "3 network"),
      ("chain_id: 5", "chain_id: 0", "4 chain_id"),
      ("\"0x25a5", "\"25a5", "7 genesis_hash"),
      ("finality_depth: 8", "finality_depth: 8\nfinality_tag: surely", "10 finality_tag"),
      (
        "single: none, quorum: none}\ntokens", "single: none, quorum: none, work: none}\ntokens",
        "14 credit_limits.work"
      ),
      // One digit's case is another.
      ("0x1c7D4B196Cb0", "0x1C7D4B196Cb0", "17 tokens[0].contract"),
      (
        "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238", "0x1c7d4b196cb0c7b01d743fbc6116a902379c7238",
        "17 tokens[0].contract"
      ),
      (
        "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238", "0x0000000000000000000000000000000000000000",
        "17 tokens[0].contract"
      ),
      ("symbol: USDC", "symbol: ETH", "16 tokens[0].symbol"),
      ("decimals: 6", "decimals: 6\n    start_block: -1", "19 tokens[0].start_block"),
      ("dust_limit: \"0\"\n    ", "dust_limit: \"0.0000001\"\n    ", "19 tokens[0].dust_limit"),
      ("stall_seconds: 60", "stall_seconds: 60\ncoinbase_maturity: 100", "12 coinbase_maturity"),
    ])
  func mistake(_ old: String, _ new: String, _ expected: String) throws {
    #expect(try mistakes(old, new) == [expected])
  }

  @Test("a contract and a symbol stand once")
  func twice() throws {
    let start = try #require(Self.valid.range(of: "  - symbol"))
    let token = Self.valid[start.lowerBound...]
    let found = try mistakes(String(token), "\(token)\n\(token)")
    #expect(found == ["22 tokens[1].symbol", "23 tokens[1].contract"])
  }
}
