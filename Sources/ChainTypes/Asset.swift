/// What is paid with: a chain's own coin (later also tokens, keyed by their contract).
package struct Asset: Hashable, Sendable, Codable, CustomStringConvertible {
  /// `BTC`, `ETH`, `USDC`, `USDT`.
  package let symbol: String
  /// How many decimal digits a unit has: 8 for BTC.
  package let decimals: UInt8

  package init(symbol: String, decimals: UInt8) {
    self.symbol = symbol
    self.decimals = decimals
  }

  package static let btc = Asset(symbol: "BTC", decimals: 8)

  /// 21 million BTC in satoshi: more than can ever exist (Bitcoin Core's `MAX_MONEY`). A computed
  /// value, so that it stands as a number in other modules' loops.
  @inlinable
  package static var maximumSatoshi: UInt64 { 2_100_000_000_000_000 }

  package var description: String { symbol }
}
