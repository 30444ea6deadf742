import ChainTypes
import Settings
import TestSupport
import Testing

@Suite("prices in the configuration")
struct PriceSettingsTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func load(
    _ prices: String, tenants: String = "", _ environment: [String: String] = [:]
  ) throws -> PaywatchConfiguration {
    try PaywatchConfiguration.load(
      directory.write(
        "paywatch.yaml",
        """
        region: eu-1
        database: {sqlite: db}
        chains_directory: \(SettingsText.chains)
        chains:
          - {name: bitcoin, nodes: [{url: "http://127.0.0.1:8332"}]}
          - {name: ethereum, nodes: [{url: "http://127.0.0.1:8545"}]}
        \(tenants)
        prices:
          \(prices.replacing("\n", with: "\n  "))
        """), environment: environment)
  }

  private func mistakes(_ prices: String, tenants: String = "") throws -> [String] {
    let error = #expect(throws: ConfigurationError.self) { try load(prices, tenants: tenants) }
    return error?.mistakes.map(\.path) ?? []
  }

  @Test("without them there are none; with a known source little must be said")
  func short() throws {
    #expect(
      try PaywatchConfiguration.load(directory.write("p.yaml", SettingsText.minimal)).prices == nil)
    let prices = try #require(try load("pairs: [BTC-USD]\nsources: [{feed: kraken}]").prices)
    #expect(prices.pairs == [CurrencyPair("BTC-USD")])
    #expect(prices.maximumAgeSeconds == 300 && prices.quoteLifetimeSeconds == 300)
    #expect(prices.outlierBasisPoints == 200 && prices.minimumSources == nil)
    let kraken = try #require(prices.sources.first)
    #expect(kraken.symbols == ["BTC": "XBT", "USD": "USD"])
    #expect(kraken.name == "kraken" && kraken.intervalSeconds == 15 && !kraken.isInverse)
  }

  @Test("a source of one's own is described, and its secrets stay out of sight")
  func whole() throws {
    try directory.write("key", "hidden-1\n")
    try directory.write("url", "https://rates.example/hidden-2/{base}/{quote}\n")
    let configuration = try load(
      """
      pairs: [BTC-USD, ETH-USD, USDC-USD]
      sources:
        - name: own
          url_file: url
          path: data.{base}[0].rate
          inverse: true
          time_path: at
          time_unit: milliseconds
          symbols: {BTC: XBT}
          lowercase: true
          pairs: [BTC-USD]
          interval_seconds: 5
          timeout_milliseconds: 900
          headers:
            - {name: x-key, value_file: key}
            - {name: x-other, value: overridden}
        - {feed: coingecko, name: gecko}
      fixed: {USDC-USD: "1", ETH-USD: 2500.5}
      max_age_seconds: 60
      outlier_percent: "1.25"
      minimum_sources: 1
      quote_lifetime_seconds: 120
      publish_percent: 0.1
      publish_seconds: 30
      history_days: 7
      """, ["PAYWATCH_PRICES_SOURCES_0_HEADERS_1_VALUE": "hidden-3"])
    let prices = try #require(configuration.prices)
    let own = prices.sources[0]
    #expect(own.url == Secret("https://rates.example/hidden-2/{base}/{quote}"))
    #expect(own.headers.map(\.value) == [Secret("hidden-1"), Secret("hidden-3")])
    #expect(own.symbols == ["BTC": "XBT", "USD": "usd"])
    #expect(own.isInverse && own.timePath == "at" && own.timeUnit == .milliseconds)
    #expect(own.intervalSeconds == 5 && own.timeoutMilliseconds == 900)
    #expect(prices.sources[1].name == "gecko" && prices.sources[1].pairs.count == 3)
    #expect(prices.sources[1].symbols["USDC"] == "usd-coin")
    #expect(prices.fixed.values.map(\.text).sorted() == ["1", "2500.5"])
    #expect(prices.outlierBasisPoints == 125 && prices.publishBasisPoints == 10)
    #expect(!"\(configuration)".contains("hidden"))
  }

  @Test(
    "what can't be used is named with its place",
    arguments: [
      ("max_age_seconds: 60", ["prices.pairs"]),
      ("pairs: [BTC-USD]", ["prices.pairs"]),
      ("pairs: [BTCUSD]", ["prices.pairs[0]"]),
      ("pairs: [XYZ-USD]\nfixed: {XYZ-USD: 1}", ["prices.pairs[0]"]),
      ("pairs: [BTC-XYZ]\nfixed: {BTC-XYZ: 1}", ["prices.pairs[0]"]),
      ("pairs: [BTC-USD, BTC-USD]\nfixed: {BTC-USD: 1}", ["prices.pairs[1]"]),
      ("pairs: [BTC-USD]\nfixed: {BTC-USD: 0}", ["prices.fixed.BTC-USD", "prices.pairs"]),
      ("pairs: [BTC-USD]\nfixed: {BTC-USD: 1, ETH-USD: 1}", ["prices.fixed.ETH-USD"]),
      (
        "pairs: [BTC-USD]\nsources: [{feed: nobody}]",
        [
          "prices.sources[0].feed",
          "prices.sources[0].name", "prices.sources[0].path",
        ]
      ),
      ("pairs: [BTC-USD]\nsources: [{feed: kraken}, {feed: kraken}]", ["prices.sources[1].name"]),
      ("pairs: [BTC-USD]\nsources: [{name: a, path: x}]", ["prices.sources[0].url"]),
      (
        "pairs: [BTC-USD]\nsources: [{name: a, url: \"ftp://x/\", path: x}]",
        ["prices.sources[0].url"]
      ),
      (
        "pairs: [BTC-USD]\nsources: [{name: a, url: \"http://x/\", path: \"x[\"}]",
        ["prices.sources[0].path"]
      ),
      (
        "pairs: [BTC-USD]\nsources: [{feed: kraken, symbols: {BTC: \"a/b\"}}]",
        ["prices.sources[0].symbols.BTC"]
      ),
      (
        "pairs: [BTC-USD]\nsources: [{feed: kraken, headers: [{name: \"a b\", value: x}]}]",
        ["prices.sources[0].headers[0].name"]
      ),
      (
        "pairs: [BTC-USD]\nsources: [{feed: kraken, headers: [{name: a}]}]",
        ["prices.sources[0].headers[0].value"]
      ),
      (
        "pairs: [BTC-USD]\nsources: [{feed: kraken, pairs: [ETH-USD]}]",
        ["prices.sources[0].pairs[0]", "prices.pairs"]
      ),
      ("pairs: [BTC-USD]\nfixed: {BTC-USD: 1}\noutlier_percent: 51", ["prices.outlier_percent"]),
      (
        "pairs: [BTC-USD]\nsources: [{feed: kraken}]\nminimum_sources: 2",
        ["prices.minimum_sources"]
      ),
      ("pairs: [BTC-USD]\nfixed: {BTC-USD: 1}\nmax_age: 5", ["prices.max_age"]),
    ] as [(String, [String])])
  func wrong(prices: String, paths: [String]) throws {
    #expect(try mistakes(prices) == paths)
  }

  @Test("prices hold as long as payments are open at least")
  func lifetime() throws {
    let tenants = """
      tenants:
        - {id: shop, accounts: [{descriptor: some}], policies: {expiry_seconds: {min: 600}}}
      """
    #expect(
      try mistakes("pairs: [BTC-USD]\nfixed: {BTC-USD: 1}", tenants: tenants)
        == ["prices.quote_lifetime_seconds"])
  }
}
