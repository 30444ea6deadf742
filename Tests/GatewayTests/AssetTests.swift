import Addresses
import Bytes
import ChainTypes
import GatewayFixtures
import LoopbackHTTP
import Testing

@Suite("assets of chains over HTTP")
struct AssetTests {
  private static func chain(
    _ name: String, chainID: UInt64, isCredited: Bool = true
  ) throws -> ChainSpec {
    func listed(_ asset: Asset) -> ListedAsset {
      ListedAsset(asset, dustLimit: 1, confirmationTiers: [.init(from: 0, confirmations: 1)])
    }
    let contract = try EthereumAddress("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")
    return try ChainSpec(
      name: #require(ChainName(name)),
      family: .ethereum(EthereumNetwork(chainID: chainID, profile: .ethereum, kind: .mainnet)),
      coin: listed(.eth),
      tokens: [listed(Asset(symbol: "USDC", decimals: 6, contract: contract.hash))],
      genesisHash: ChainByHand.hash(name), finalityDepth: 64, isCredited: isCredited,
      blockMilliseconds: 12_000, stallSeconds: 300)
  }

  private static func body(_ chain: String, _ asset: String, _ amount: String) -> String {
    #"{"order_id":"o","chain":"\#(chain)","asset":"\#(asset)","amount":"\#(amount)"}"#
  }

  @Test("an asset is one that the chain lists, its amount no finer than its decimals")
  func assets() async throws {
    var options = TestGateway.Options()
    options.otherChains = [
      try Self.chain("ethereum", chainID: 1),
      try Self.chain("arbitrum", chainID: 42_161, isCredited: false),
    ]
    try await TestGateway.run(options) { gateway in
      for (body, field, words) in [
        (Self.body("ethereum", "USDT", "1"), "asset", "ethereum is paid in ETH, USDC."),
        (Self.body("ethereum", "BTC", "1"), "asset", "ethereum is paid in ETH, USDC."),
        (Self.body("bitcoin-regtest", "USDC", "1"), "asset", "bitcoin-regtest is paid in BTC."),
        (Self.body("ethereum", "USDC", "1.0000001"), "amount", "at most 6 decimals"),
        (Self.body("ethereum", "ETH", "1e18"), "amount", "decimal text in ETH"),
        (Self.body("arbitrum", "ETH", "1"), "chain", "Nothing on arbitrum is credited"),
      ] {
        let answer = try await gateway.create(body)
        #expect(answer.status == 422 || answer.status == 400, "\(answer.body)")
        #expect(answer.body.contains(words) && answer.body.contains(field), "\(answer.body)")
      }
      // Nothing is wrong with these but that no address is watched yet.
      for asset in ["ETH", "USDC"] {
        let answer = try await gateway.create(Self.body("ethereum", asset, "1.000001"))
        #expect(answer.status == 503, "\(answer.body)")
      }
    }
  }
}
