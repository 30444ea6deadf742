import ChainTypes
import Database
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Prices
import SchemaChecking
import TestDatabases
import Testing

@Suite("rates over HTTP")
struct PriceRouteTests {
  /// The gateway with the routes of prices on the database's rates, which a poller keeps up.
  private static func run(
    _ body: (TestGateway, PricePoller) async throws -> Void
  ) async throws {
    let pair = try #require(CurrencyPair("BTC-USD"))
    let other = try #require(CurrencyPair("BTC-EUR"))
    let rates: @Sendable (any Database, TestTime) -> StoredRates = { database, time in
      StoredRates(
        database: database, pairs: [pair, other], maximumAgeSeconds: 300,
        quoteLifetimeSeconds: 300, now: { time.now })
    }
    let options = TestGateway.Options(
      rates: { database, time in rates(database, time) },
      more: { surroundings, router in
        let (time, database) = (surroundings.time, surroundings.database)
        let stored = rates(database, time)
        PriceRoutes(database: database, rates: stored, now: { time.now }).register(on: router)
        QuoteRoutes(
          database: database, rates: stored, payments: surroundings.payments,
          limits: RouteLimits(), now: { time.now }
        ).register(on: router)
      })
    try await TestGateway.run(options) { gateway in
      let time = gateway.time
      let poller = PricePoller(
        PricePoller.Settings(
          pairs: [pair], fixed: [pair: try ExactDecimal("65000")],
          rules: RateRules(publishSeconds: 10)),
        database: gateway.database,
        ask: { (_, _) async throws(FeedFailure) in throw .notJSON }, now: { time.now },
        onEvents: {})
      try await body(gateway, poller)
    }
  }

  @Test("rates are listed, each is there, and their history goes back page by page")
  func reading() async throws {
    try await Self.run { gateway, poller in
      #expect(try await gateway.all("/v1/prices", limit: 5).isEmpty)
      try expect(try await gateway.get("/v1/prices/BTC-USD"), is: 404, "not-found")
      for _ in 0..<5 {
        try await poller.settle()
        gateway.time.advance(seconds: 10)
      }
      let price = try await gateway.get("/v1/prices/BTC-USD").json()
      #expect(price["rate"] == "65000" && price["stale"] == false && price["sources"] == 1)
      #expect(try await gateway.get("/v1/prices").json()["data"]?.elements == [price])
      let lines = try await gateway.all("/v1/prices/BTC-USD/history", limit: 2)
      #expect(lines.map { $0["number"] } == [5, 4, 3, 2, 1])
      gateway.time.advance(seconds: 291)
      #expect(try await gateway.get("/v1/prices/BTC-USD").json()["stale"] == true)
      for path in ["BTC-CHF", "btc-usd", "x", "BTC-CHF/history"] {
        try expect(try await gateway.get("/v1/prices/\(path)"), is: 404, "not-found")
      }
      for after in ["x", "0", "-1", "99999999999999999999"] {
        try expect(
          try await gateway.get("/v1/prices/BTC-USD/history?after=\(after)"), is: 422,
          "invalid-field", field: "after")
      }
      let open = try await TestConnection(port: gateway.port).send(
        "GET", "/v1/prices", headers: [:])
      try expect(open, is: 401, "unauthorized")
    }
  }

  @Test("what the routes take and answer is as described")
  func described() async throws {
    try await Self.run { gateway, poller in
      try await poller.settle()
      let check = SchemaCheck(document: try await gateway.get("/openapi.json").json())
      let paths = try #require(check.document["paths"])
      func expectDescribed(_ method: String, _ path: String, _ answer: Answer) throws {
        let responses = paths[path]?[method]?["responses"]
        let response = responses?["\(answer.status)"] ?? responses?["default"]
        let type = try #require(answer.headers["content-type"])
        let schema = try #require(response?["content"]?[type]?["schema"])
        #expect(check.differences(try answer.json(), from: schema) == [], "\(method) \(path)")
      }
      func expectTaken(_ path: String, _ body: String) throws {
        let schema = try #require(
          paths[path]?["post"]?["requestBody"]?["content"]?["application/json"]?["schema"])
        #expect(check.differences(try JSONValue(parsing: Array(body.utf8)), from: schema) == [])
      }
      let route = "/v1/prices/{pair}"
      try expectDescribed("get", "/v1/prices", try await gateway.get("/v1/prices"))
      try expectDescribed("get", route, try await gateway.get("/v1/prices/BTC-USD"))
      try expectDescribed("get", route, try await gateway.get("/v1/prices/BTC-EUR"))
      try expectDescribed(
        "get", "\(route)/history", try await gateway.get("/v1/prices/BTC-USD/history"))
      let asked = QuoteTests.quote("4.50")
      try expectTaken("/v1/quotes", asked)
      let made = try await QuoteTests.post(gateway, "/v1/quotes", asked)
      try expectDescribed("post", "/v1/quotes", made)
      let id = try #require(made.json()["id"]?.string)
      let priced = QuoteTests.priced("o-1", "4.50")
      try expectTaken("/v1/payments", priced)
      try expectDescribed("post", "/v1/payments", try await gateway.create(priced))
      let used = #"{"order_id":"o-2","quote":"\#(id)"}"#
      try expectTaken("/v1/payments", used)
      try expectDescribed("post", "/v1/payments", try await gateway.create(used))
      try expectDescribed("post", "/v1/payments", try await gateway.create(used))
      try expectDescribed("get", "/v1/quotes/{id}", try await gateway.get("/v1/quotes/\(id)"))
      try expectDescribed("get", "/v1/quotes/{id}", try await gateway.get("/v1/quotes/x"))
      gateway.time.advance(seconds: 301)
      let refused = try await gateway.create(QuoteTests.priced("o-3", "1"))
      try expect(refused, is: 503, "rate-unavailable")
      #expect(refused.headers["retry-after"] == "10")
      try expectDescribed("post", "/v1/payments", refused)
    }
  }
}
