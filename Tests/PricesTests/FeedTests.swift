import ChainTypes
import Database
import Deployment
import Foundation
import HTTPClient
import JSON
import LoopbackHTTP
import Prices
import Settings
import TestSupport
import Testing

@Suite("sources of rates over HTTP")
struct FeedTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  /// What a source of the known kind answers for BTC-USD, and where it is asked.
  struct Recorded: CustomTestStringConvertible, Sendable {
    let feed: String
    let path: String
    let body: String
    let rate: String
    var time: Timestamp?

    var testDescription: String { feed }
  }

  private static let recorded: [Recorded] = [
    Recorded(
      feed: "coinbase", path: "/products/BTC-USD/ticker",
      body: #"""
        {"ask":"65001.01","bid":"65001.00","volume":"7104.1","trade_id":702345678,
         "price":"65001.005","size":"0.00061","time":"2027-01-15T07:59:58.123456Z","rfq_volume":"1"}
        """#,
      rate: "65001.005", time: Timestamp(microseconds: 1_799_999_998_123_456)),
    Recorded(
      feed: "kraken", path: "/0/public/Ticker?pair=XBTUSD",
      body: #"""
        {"error":[],"result":{"XXBTZUSD":{"a":["65002.10000","1","1.000"],
         "b":["65002.00000","3","3.000"],"c":["65002.10000","0.00014"],"v":["1","2"],
         "p":["1","2"],"t":[1,2],"l":["1","2"],"h":["1","2"],"o":"64000.00000"}}}
        """#,
      rate: "65002.1"),
    Recorded(
      feed: "bitstamp", path: "/api/v2/ticker/btcusd/",
      body: #"""
        {"timestamp":"1799999990","open":"64000","high":"66000","low":"63000","last":"65003",
         "volume":"213.2","vwap":"65000","bid":"65002","ask":"65004","side":"0"}
        """#,
      rate: "65003", time: Timestamp(seconds: 1_799_999_990)),
    Recorded(
      feed: "bitfinex", path: "/v2/ticker/tBTCUSD",
      body: "[64999,21.3,65001,18.9,1200,0.0188,65000.5,412.7,66000,63000]", rate: "65000.5"),
    Recorded(
      feed: "binance", path: "/api/v3/ticker/price?symbol=BTCUSD",
      body: #"{"symbol":"BTCUSD","price":"65004.99000000"}"#, rate: "65004.99"),
    Recorded(
      feed: "coingecko",
      path: "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd&include_last_updated_at=true"
        + "&precision=full",
      body: #"{"bitcoin":{"usd":65005.123456789012,"last_updated_at":1799999940}}"#,
      rate: "65005.123456789012", time: Timestamp(seconds: 1_799_999_940)),
  ]

  private static func pair() throws -> CurrencyPair { try #require(CurrencyPair("BTC-USD")) }

  /// The known feeds as the configuration has them, sent to a server of the test's.
  private static func known(_ name: String, at server: LoopbackServer) throws -> PriceFeed {
    let directory = try TemporaryDirectory()
    let chains = PackageFiles.root.appending(path: "chains").path(percentEncoded: false)
    let file = try directory.write(
      "paywatch.yaml",
      """
      region: test
      database: {sqlite: db}
      chains_directory: \(chains)
      chains: [{name: bitcoin-regtest, nodes: [{url: "http://127.0.0.1:9"}]}]
      prices:
        pairs: [BTC-USD]
        sources:
          - feed: \(name)
            headers: [{name: x-key, value: secret}]
      """)
    let settings = try #require(try PaywatchConfiguration.load(file).prices)
    let feed = try #require(settings.polling.feeds.first)
    let host = try #require(URLComponents(string: feed.url.filter { !"{}".contains($0) })?.host)
    #expect(feed.url.hasPrefix("https://\(host)/"))
    return PriceFeed(
      name: feed.name, url: feed.url.replacing("https://\(host)", with: server.url),
      path: feed.path, time: feed.time, symbols: feed.symbols, headers: feed.headers,
      pairs: feed.pairs)
  }

  @Test("every known source has its documentation, and a recorded answer here")
  func knownFeeds() {
    #expect(Set(KnownPriceFeed.all.map(\.name)) == Set(Self.recorded.map(\.feed)))
    #expect(KnownPriceFeed.all.allSatisfy { $0.documentation.hasPrefix("https://") })
  }

  @Test(
    "a known source is asked as its documentation says, and its answer understood",
    arguments: recorded)
  func reading(recorded: Recorded) async throws {
    let server = try LoopbackServer { request in
      guard request.path == recorded.path, request.headers["x-key"] == "secret" else {
        return .response(status: 404, body: [])
      }
      return .response(status: 200, body: Array(recorded.body.utf8))
    }
    defer { server.stop() }
    let feed = try Self.known(recorded.feed, at: server)
    let client = FeedClient(try HTTPClient()) { Self.now }
    let found = try await client.ask(feed, of: Self.pair())
    #expect(found.rate.text == recorded.rate)
    #expect(found.askedAt == Self.now && found.sourceTime == recorded.time)
  }

  private static func feed(
    _ server: LoopbackServer, path: String = "rate", isInverse: Bool = false,
    time: PriceFeed.TimeField? = nil, timeoutMilliseconds: Int = 5_000
  ) throws -> PriceFeed {
    PriceFeed(
      name: "own", url: server.url + "/{base}/{quote}?key=hidden", path: path,
      isInverse: isInverse, time: time, pairs: [try pair()],
      timeoutMilliseconds: timeoutMilliseconds)
  }

  @Test(
    "what isn't a rate is that source's failure, and says why",
    arguments: [
      (#"{"rate":"-1"}"#, FeedFailure.notARate("\"-1\"")),
      (#"{"rate":0}"#, .notARate("0")), (#"{"rate":"0.000"}"#, .notARate("0")),
      (#"{"rate":null}"#, .notARate("null")), (#"{"rate":[1]}"#, .notARate("[1]")),
      (#"{"rate":"NaN"}"#, .notARate("\"NaN\"")), (#"{"rate":1e99}"#, .notARate("1e99")),
      (#"{"rates":1}"#, .nothingAt("rate")), ("[]", .nothingAt("rate")), ("", .notJSON),
      (#"{"rate":1"#, .notJSON), (#"{"rate":1,"rate":2}"#, .notJSON),
      (String(repeating: "[", count: 100_000), .notJSON),
    ] as [(String, FeedFailure)])
  func hostile(body: String, failure: FeedFailure) async throws {
    let server = try LoopbackServer { _ in .response(status: 200, body: Array(body.utf8)) }
    defer { server.stop() }
    let client = FeedClient(try HTTPClient()) { Self.now }
    let feed = try Self.feed(server)
    await #expect(throws: failure) { try await client.ask(feed, of: Self.pair()) }
  }

  @Test("a source that hangs, redirects, answers too much or not at all fails alone")
  func hanging() async throws {
    let target = try LoopbackServer { _ in .response(status: 200, body: Array("{\"rate\":1}".utf8))
    }
    defer { target.stop() }
    let location = "Location: \(target.url)/"
    let server = try LoopbackServer { request in
      switch request.path.prefix(5) {
      case "/hang": .never
      case "/huge":
        .response(
          status: 200, body: [UInt8](repeating: 0x20, count: FeedClient.maximumBodyBytes + 1))
      case "/move": .response(status: 302, headers: [location], body: [])
      case "/cut?": .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{".utf8))
      default: .response(status: 200, body: Array(#"{"rate":"65000"}"#.utf8))
      }
    }
    defer { server.stop() }
    let pair = try Self.pair()
    func feed(_ path: String) -> PriceFeed {
      PriceFeed(
        name: path, url: "\(server.url)/\(path)?key=hidden", path: "rate", pairs: [pair],
        timeoutMilliseconds: path == "hang" ? 200 : 5_000)
    }
    let database = try await PriceScene(sources: []).database
    let feeds = FeedClient(try HTTPClient()) { Self.now }
    let poller = PricePoller(
      PricePoller.Settings(
        pairs: [pair], feeds: ["hang", "huge", "move", "cut", "good"].map(feed),
        rules: RateRules(minimumSources: 1)),
      database: database,
      ask: { (feed, pair) async throws(FeedFailure) in try await feeds.ask(feed, of: pair) },
      now: { Self.now }, onEvents: {})
    for feed in poller.feeds { #expect(await poller.poll(feed) == (feed.name == "good")) }
    try await poller.settle()
    let (stored, words) = try await database.read {
      (try PriceRecords().rates(in: $0), try PriceRecords().sources(in: $0))
    }
    #expect(stored.map(\.rate.value.text) == ["65000"])
    let failures = Dictionary(
      uniqueKeysWithValues: words.map { ($0.source, $0.failure ?? "") })
    #expect(failures["hang"] == "it didn't answer in time")
    #expect(failures["huge"] == "its answer is longer than 262144 bytes")
    #expect(failures["move"] == "it answered with status 302")
    #expect(failures["cut"]?.hasPrefix("the connection broke") == true)
    #expect(failures["good"] == "")
    #expect(!failures.values.contains { $0.contains("hidden") })
  }

  @Test("a source may count the other way round, and say when it was so")
  func inverse() async throws {
    let body = #"{"data":[{"rate":0.00001,"at":1799999999.5}]}"#
    let server = try LoopbackServer { _ in .response(status: 200, body: Array(body.utf8)) }
    defer { server.stop() }
    let client = FeedClient(try HTTPClient()) { Self.now }
    let feed = try Self.feed(
      server, path: "data[0].rate", isInverse: true,
      time: .init(path: "data[0].at", unit: .seconds))
    let found = try await client.ask(feed, of: Self.pair())
    #expect(found.rate.text == "100000")
    #expect(found.sourceTime == Timestamp(microseconds: 1_799_999_999_500_000))
    let units: [(PriceFeed.TimeUnit, FeedFailure?)] = [
      (.rfc3339, .notATime("1799999999.5")), (.milliseconds, nil), (.microseconds, nil),
    ]
    for (unit, failure) in units {
      let other = try Self.feed(
        server, path: "data[0].rate", time: .init(path: "data[0].at", unit: unit))
      if let failure {
        await #expect(throws: failure) { try await client.ask(other, of: Self.pair()) }
      } else {
        #expect(try await client.ask(other, of: Self.pair()).sourceTime != nil)
      }
    }
    let past = FeedClient(try HTTPClient()) { Timestamp(seconds: 1_799_999_939) }
    await #expect(throws: FeedFailure.ahead(Timestamp(microseconds: 1_799_999_999_500_000))) {
      try await past.ask(feed, of: Self.pair())
    }
  }

  @Test(
    "a path leads into an answer",
    arguments: [
      ("a.b", #"{"a":{"b":1}}"#, "1"), ("[1]", "[1,2]", "2"),
      ("a[0][1].c", #"{"a":[[0,{"c":3}]]}"#, "3"),
      ("a.*.c[0]", #"{"a":{"x":{"c":[4]}}}"#, "4"), ("*[0]", "[[5]]", "5"),
      ("a.*", #"{"a":{"x":1,"y":2}}"#, nil), ("a.b", #"{"a":[1]}"#, nil), ("[2]", "[1]", nil),
      ("a[0]", #"{"a":{"0":1}}"#, nil),
    ] as [(String, String, String?)])
  func paths(path: String, json: String, expected: String?) throws {
    let found = try #require(JSONPath(path)).value(in: JSONValue(parsing: Array(json.utf8)))
    #expect(found?.json == expected)
  }

  @Test(
    "what is no path is refused",
    arguments: [
      "", ".", "a.", ".a", "a..b", "a[", "a[]", "a[x]", "a[-1]", "a]b", "a.[0]", "[9999999]",
    ])
  func noPaths(text: String) {
    #expect(JSONPath(text) == nil)
  }
}
