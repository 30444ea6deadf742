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

  package var description: String { symbol }
}
