package import Bytes

/// What is paid with: a chain's own coin, or a token on it.
///
/// On its chain a token is its contract. Its symbol is what people call it, and anyone can deploy
/// another contract that calls itself the same.
package struct Asset: Hashable, Sendable, Codable, CustomStringConvertible {
  /// `BTC`, `ETH`, `USDC`, `USDT`.
  package let symbol: String
  /// How many decimal digits a unit has: 8 for BTC.
  package let decimals: UInt8
  /// The token's contract; nil for a chain's own coin.
  package let contract: Hash20?

  package init(symbol: String, decimals: UInt8, contract: Hash20? = nil) {
    self.symbol = symbol
    self.decimals = decimals
    self.contract = contract
  }

  package static let btc = Asset(symbol: "BTC", decimals: 8)
  package static let eth = Asset(symbol: "ETH", decimals: 18)

  /// 21 million BTC in satoshi: more than can ever exist (Bitcoin Core's `MAX_MONEY`). A computed
  /// value, so that it stands as a number in other modules' loops.
  @inlinable
  package static var maximumSatoshi: UInt64 { 2_100_000_000_000_000 }

  package var description: String { symbol }
}
