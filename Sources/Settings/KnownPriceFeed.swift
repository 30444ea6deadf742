/// A well-known public source of rates, described: what `feed` in the configuration stands for.
package struct KnownPriceFeed: Sendable {
  package let name: String
  /// Where its owner describes it.
  package let documentation: String
  let url: String
  let path: String
  var timePath: String?
  var timeUnit = PriceSourceSettings.TimeUnit.seconds
  var symbols: [String: String] = [:]
  /// Whether it writes symbols that aren't named in `symbols` in lower case.
  var isLowercase = false
  var intervalSeconds = 15

  package static let all = [coinbase, kraken, bitstamp, bitfinex, binance, coingecko]

  /// The last trade, with its time.
  static let coinbase = KnownPriceFeed(
    name: "coinbase",
    documentation:
      "https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-ticker",
    url: "https://api.exchange.coinbase.com/products/{base}-{quote}/ticker", path: "price",
    timePath: "time", timeUnit: .rfc3339)

  /// The last trade (`c`). It calls the pair otherwise in its answer.
  static let kraken = KnownPriceFeed(
    name: "kraken",
    documentation: "https://docs.kraken.com/api/docs/rest-api/get-ticker-information",
    url: "https://api.kraken.com/0/public/Ticker?pair={base}{quote}", path: "result.*.c[0]",
    symbols: ["BTC": "XBT"])

  static let bitstamp = KnownPriceFeed(
    name: "bitstamp",
    documentation: "https://www.bitstamp.net/api/#tag/Tickers/operation/GetMarketTicker",
    url: "https://www.bitstamp.net/api/v2/ticker/{base}{quote}/", path: "last",
    timePath: "timestamp", isLowercase: true)

  /// The last trade is the seventh of a ticker's numbers.
  static let bitfinex = KnownPriceFeed(
    name: "bitfinex", documentation: "https://docs.bitfinex.com/reference/rest-public-ticker",
    url: "https://api-pub.bitfinex.com/v2/ticker/t{base}{quote}", path: "[6]",
    symbols: ["USDC": "UDC", "USDT": "UST"])

  /// It has no US dollars: for pairs in EUR, USDC or USDT.
  static let binance = KnownPriceFeed(
    name: "binance",
    documentation:
      "https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints",
    url: "https://api.binance.com/api/v3/ticker/price?symbol={base}{quote}", path: "price")

  /// An aggregator: what it says changes once a minute.
  static let coingecko = KnownPriceFeed(
    name: "coingecko", documentation: "https://docs.coingecko.com/reference/simple-price",
    url: "https://api.coingecko.com/api/v3/simple/price?ids={base}&vs_currencies={quote}"
      + "&include_last_updated_at=true&precision=full",
    path: "{base}.{quote}", timePath: "{base}.last_updated_at",
    symbols: ["BTC": "bitcoin", "ETH": "ethereum", "USDC": "usd-coin", "USDT": "tether"],
    isLowercase: true, intervalSeconds: 60)
}
