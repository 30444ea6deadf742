import ChainTypes
import Database
import EventLog
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Prices
import SchemaChecking
import Settlement
import TestDatabases
import Testing

@Suite("payments of a price")
struct QuoteTests {
  private static func run(
    _ rates: TestRates? = nil, ready: Int = 8,
    _ body: (TestGateway, TestRates) async throws -> Void
  ) async throws {
    let rates = try rates ?? TestRates(["BTC-USD": "65000", "BTC-EUR": "60000"])
    let database: @Sendable (any Database, TestTime) -> (any PriceRates)? = { _, _ in rates }
    let options = TestGateway.Options(
      ready: ready, rates: database,
      more: { surroundings, router in
        let time = surroundings.time
        QuoteRoutes(
          database: surroundings.database, rates: rates, payments: surroundings.payments,
          limits: RouteLimits(), now: { time.now }
        ).register(on: router)
      })
    try await TestGateway.run(options) { try await body($0, rates) }
  }

  static func quote(_ amount: String, _ currency: String = "USD") -> String {
    #"{"amount":"\#(amount)","currency":"\#(currency)","chain":"bitcoin-regtest","asset":"BTC"}"#
  }

  static func priced(_ order: String, _ amount: String, more: String = "") -> String {
    """
    {"order_id":"\(order)","chain":"bitcoin-regtest","asset":"BTC",
     "price":{"amount":"\(amount)","currency":"USD"}\(more)}
    """
  }

  static func post(
    _ gateway: TestGateway, _ path: String, _ body: String,
    key: String = "key-\(UInt64.random(in: .min ... .max))", as tenant: String = TestGateway.tenant
  ) async throws -> Answer {
    try await gateway.send(
      "POST", path, as: tenant, headers: ["Idempotency-Key": key], body: body)
  }

  @Test("a price is turned into an amount, and what was quoted is locked into the payment")
  func priced() async throws {
    try await Self.run { gateway, rates in
      let made = try await gateway.create(Self.priced("o", "4.50"))
      #expect(made.status == 201, "\(made.body)")
      let payment = try made.json()
      let id = try #require(payment["id"]?.string)
      #expect(payment["amount"] == "0.00006924" && payment["amount_minor"] == "6924")
      let quote = try #require(payment["quote"])
      #expect(
        quote == [
          "as_of": "2027-01-15T07:59:50.000Z", "currency": "USD", "price": "4.50",
          "price_minor": "450", "rate": "65000", "sources": 3,
          "valid_until": "2027-01-15T08:05:00.000Z",
        ])
      #expect(payment["expires_at"] == quote["valid_until"])
      try rates.set("BTC-USD", "1")
      #expect(try await gateway.payment(id)["quote"] == quote)
      try await gateway.chain.mine(.init(to: id, 6_924))
      try await gateway.chain.mineEmpty(6)
      let events = try await gateway.database.read {
        try EventLog.events(of: id, limit: 100, in: $0)
      }
      let published = try EventSchemaCheck()
      #expect(events.count >= 3)
      for event in events {
        #expect(try published.differences(event) == [], "\(event.json)")
        #expect(try JSONValue(parsing: Array(event.data.utf8))["quote"] == quote)
      }
      #expect(try await gateway.database.read { try ReplayCheck.differences(in: $0) } == [])
    }
  }

  @Test("who repeats a request gets the first quote, and also while there is no rate")
  func repeating() async throws {
    try await Self.run { gateway, rates in
      let first = try await gateway.create(Self.priced("o", "4.50"), key: "k")
      try rates.set("BTC-USD", "1")
      let second = try await gateway.create(Self.priced("o", "4.50"), key: "k")
      try rates.set("BTC-USD", nil)
      let third = try await gateway.create(Self.priced("o", "4.50"), key: "k")
      #expect(first.status == 201 && second.body == first.body && third.body == first.body)
      try expect(
        try await gateway.create(Self.priced("o", "4.51"), key: "k"), is: 409,
        "idempotency-key-reused")
      #expect(rates.asked == 1)
    }
  }

  @Test("without a rate nothing is made, and the problem says so")
  func outage() async throws {
    try await Self.run { gateway, rates in
      try rates.set("BTC-USD", nil)
      let refused = try await gateway.create(Self.priced("o", "4.50"))
      try expect(refused, is: 503, "rate-unavailable")
      #expect(refused.headers["retry-after"] == "10")
      try expect(
        try await Self.post(gateway, "/v1/quotes", Self.quote("4.50")), is: 503,
        "rate-unavailable")
      #expect(try await gateway.written() == [0, 0, 0, 0, 0])
      // Who names an amount needs none.
      #expect(try await gateway.create(TestGateway.order("o")).status == 201)
    }
  }

  @Test("what can't be used is refused by its field")
  func fields() async throws {
    try await Self.run { gateway, _ in
      let good = Self.priced("o", "4.50")
      for (part, other, field) in [
        ("\"USD\"", "\"usd\"", "price.currency"), ("\"USD\"", "\"CHF\"", "price.currency"),
        ("\"USD\"", "\"BTC\"", "price.currency"), ("4.50", "4.505", "price.amount"),
        ("4.50", "-1", "price.amount"), ("\"4.50\"", "4.5", "price.amount"),
        ("4.50", "0.01", "price.amount"), ("4.50", "0", "price.amount"),
        ("\"currency\"", "\"coin\"", "price.currency"),
        ("4.50\"", "4.50\",\"tip\":\"1\"", "price.tip"),
        ("\"price\"", "\"amount\":\"1\",\"price\"", "price"),
        ("\"order_id\"", "\"expires_in\":301,\"order_id\"", "expires_in"),
        ("\"order_id\"", "\"expires_in\":59,\"order_id\"", "expires_in"),
        ("\"order_id\"", "\"quote\":7,\"order_id\"", "quote"),
        ("\"order_id\"", "\"quote\":\"quo_1\",\"order_id\"", "quote"),
      ] {
        let body = good.replacing(part, with: other)
        #expect(body != good)
        try expect(
          try await gateway.create(body), is: 422, "invalid-field", field: field)
      }
      for (part, other, field) in [
        ("USD", "ZZZ", "currency"), ("USD", "CHF", "currency"), ("4.50", "4.505", "amount"),
        ("BTC", "ETH", "asset"), ("bitcoin-regtest", "moon", "chain"),
      ] {
        try expect(
          try await Self.post(
            gateway, "/v1/quotes", Self.quote("4.50").replacing(part, with: other)),
          is: 422, "invalid-field", field: field)
      }
      #expect(try await gateway.written() == [0, 0, 0, 0, 0])
    }
  }

  @Test("a quote is kept for a payment, which gets its amount whatever the rate is then")
  func using() async throws {
    try await Self.run { gateway, rates in
      let asked = try await Self.post(gateway, "/v1/quotes", Self.quote("65"), key: "q")
      #expect(asked.status == 201, "\(asked.body)")
      let quote = try asked.json()
      let id = try #require(quote["id"]?.string)
      #expect(quote["amount"] == "0.00100000" && quote["price"] == "65.00")
      try rates.set("BTC-USD", nil)
      #expect(
        try await Self.post(gateway, "/v1/quotes", Self.quote("65"), key: "q").body == asked.body)
      for (body, field) in [
        (#"{"order_id":"o","quote":"\#(id)","amount":"1"}"#, "quote"),
        (#"{"order_id":"o","quote":"\#(id)","asset":"ETH"}"#, "asset"),
        (#"{"order_id":"o","quote":"\#(id)","chain":"bitcoin"}"#, "chain"),
      ] {
        try expect(try await gateway.create(body), is: 422, "invalid-field", field: field)
      }
      let body = #"{"order_id":"o","quote":"\#(id)","tolerance":"0.0001"}"#
      try expect(
        try await gateway.create(body, as: TestGateway.otherTenant), is: 422, "invalid-field",
        field: "quote")
      let made = try await gateway.create(body, key: "k")
      #expect(made.status == 201, "\(made.body)")
      let payment = try made.json()
      #expect(payment["amount_minor"] == "100000" && payment["quote"]?["id"] == .string(id))
      #expect(payment["tolerance_minor"] == "10000")
      #expect(try await gateway.create(body, key: "k").body == made.body)
      let again = try await gateway.create(body.replacing("\"o\"", with: "\"p\""))
      try expect(again, is: 409, "quote-used")
      #expect(try again.json()["payment_id"] == payment["id"])
      #expect(
        try await gateway.get("/v1/quotes/\(id)").json()["payment_id"] == payment["id"])
      try expect(
        try await gateway.get("/v1/quotes/\(id)", as: TestGateway.otherTenant), is: 404,
        "not-found")
      #expect(try await gateway.database.read { try ReplayCheck.differences(in: $0) } == [])
    }
  }

  @Test("a quote that has expired makes no payment, and one that failed to can be used again")
  func expiring() async throws {
    try await Self.run(ready: 1) { gateway, _ in
      func asked() async throws -> String {
        let answer = try await Self.post(gateway, "/v1/quotes", Self.quote("65"))
        return try #require(answer.json()["id"]?.string)
      }
      let (late, second) = (try await asked(), try await asked())
      gateway.time.advance(seconds: 300)
      // At the last moment.
      #expect(try await gateway.create(#"{"order_id":"o","quote":"\#(second)"}"#).status == 201)
      gateway.time.advance(seconds: 1)
      try expect(
        try await gateway.create(#"{"order_id":"p","quote":"\#(late)"}"#), is: 409, "quote-expired")
      let kept = try await asked()
      try expect(
        try await gateway.create(#"{"order_id":"p","quote":"\#(kept)"}"#), is: 503,
        "no-address-ready")
      #expect(try await gateway.get("/v1/quotes/\(kept)").json()["payment_id"] == nil)
    }
  }

  @Test("of many payments at once for one quote one is made")
  func race() async throws {
    try await Self.run(ready: 24) { gateway, _ in
      for round in 0..<3 {
        let quote = try await Self.post(gateway, "/v1/quotes", Self.quote("65")).json()
        let id = try #require(quote["id"]?.string)
        let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
          for number in 0..<8 {
            group.addTask {
              try await gateway.create(#"{"order_id":"\#(round)-\#(number)","quote":"\#(id)"}"#)
            }
          }
          return try await group.reduce(into: [Answer]()) { $0.append($1) }
        }
        #expect(answers.count { $0.status == 201 } == 1)
        #expect(answers.count { $0.problemType == "quote-used" } == 7)
        let count = try await gateway.database.read {
          try $0.queryFirst("SELECT COUNT(*) AS n FROM payments")?.integer("n")
        }
        #expect(count == Int64(round + 1))
      }
      #expect(try await gateway.database.read { try ReplayCheck.differences(in: $0) } == [])
    }
  }

  @Test("the same request at once makes one payment and gets one answer, at one rate")
  func sameAtOnce() async throws {
    try await Self.run { gateway, _ in
      let bodies = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<6 {
          group.addTask { try await gateway.create(Self.priced("o", "4.50"), key: "k").body }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(bodies.count == 1)
    }
  }
}
