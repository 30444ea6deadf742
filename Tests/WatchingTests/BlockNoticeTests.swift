import Addresses
import Bytes
import ChainTypes
import Ethereum
import Testing
import Watching

@Suite("What is told of issuers' notices")
struct BlockNoticeTests {
  private static let block = BlockRef(height: 7, hash: .zero)
  private static let token = address(1)
  private static let ours = address(9)

  private static func address(_ number: UInt8) -> EthereumAddress {
    EthereumAddress(
      Hash20(bytes: [UInt8](repeating: number, count: 20).span.bytes, at: 0))
  }

  private static func spec() throws -> ChainSpec {
    let asset = Asset(symbol: "USDT", decimals: 6, contract: token.hash)
    return try ChainSpec(
      name: #require(ChainName("evm")),
      family: .ethereum(EthereumNetwork(chainID: 1, profile: .ethereum, kind: .development)),
      coin: ListedAsset(.eth, dustLimit: 1, confirmationTiers: [], creditLimits: .none),
      tokens: [ListedAsset(asset, dustLimit: 1, confirmationTiers: [], creditLimits: .none)],
      genesisHash: nil, finalityDepth: 4, blockMilliseconds: 1_000, stallSeconds: 60)
  }

  /// The notices at these places of the block that are told, with how many each says are left out.
  private func told(
    _ notices: [TokenNotice], by contract: EthereumAddress = token, limit: Int
  ) throws -> [String] {
    let logged = notices.enumerated().map { place, notice in
      LoggedNotice(txid: .zero, position: UInt32(place), contract: contract, notice: notice)
    }
    return BlockNotice.told(
      of: logged, in: Self.block, spec: try Self.spec(), limit: limit
    ) { $0 == Self.ours ? 3 : nil }
    .map { "\($0.logged.position)" + ($0.ordinal == nil ? "" : "!") + " -\($0.omitted)" }
  }

  @Test("units that come and go are no news, and neither is what other contracts log")
  func silence() throws {
    #expect(try told([.issued(5), .redeemed(5), .paused], limit: 8) == ["2 -0"])
    #expect(try told([.paused], by: Self.address(2), limit: 8) == [])
  }

  @Test("beyond the limit accounts that aren't ours are left out first, and counted")
  func limit() throws {
    let freezes = (20..<30).map { TokenNotice.blacklisted(Self.address($0)) }
    #expect(try told(freezes, limit: 3) == ["0 -0", "1 -0", "2 -7"])
    #expect(
      try told(freezes + [.paused, .blacklisted(Self.ours)], limit: 3)
        == ["0 -0", "1 -0", "10 -0", "11! -8"])
    #expect(
      try told([.fundsDestroyed(Self.ours, 5), .unblacklisted(Self.ours), .unpaused], limit: 0)
        == ["0! -0", "1! -1"])
  }
}
