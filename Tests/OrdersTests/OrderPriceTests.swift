import Aggregates
import Bytes
import ChainTypes
import Database
import EventLog
import GatewayFixtures
import JSON
import LoopbackHTTP
import Orders
import SchemaChecking
import Settlement
import Testing

@Suite("orders priced in money, paid at a rate")
struct OrderPriceTests {
  private static func run(_ body: (OrderScene, TestRates) async throws -> Void) async throws {
    let rates = try TestRates(["BTC-USD": "65000"])
    try await OrderScene.run(rates: rates) { scene in
      try await scene.keep("beans", 100)
      try await body(scene, rates)
    }
  }

  /// So many flat whites at 4.50 USD; `payment` is how they are paid.
  private static func body(
    _ cups: Int = 1, payment: String? = #"{"chain":"bitcoin-regtest","asset":"BTC"}"#
  ) -> String {
    let payment = payment.map { #","payment":\#($0)"# } ?? ""
    return """
      {"location":"old town","currency":"USD"\(payment),
       "items":[{"product":"flat white","quantity":\(cups),"unit_price":"4.50",
         "stock":[{"product":"beans","quantity":18}]}]}
      """
  }

  private static let pay = #"{"chain":"bitcoin-regtest","asset":"BTC"}"#

  @Test("the total is turned into an amount when the customer pays, and stays as it was quoted")
  func paying() async throws {
    try await Self.run { scene, rates in
      let id = try await scene.place(Self.body(2, payment: nil))
      let first = try await scene.post("/v1/orders/\(id)/pay", Self.pay)
      #expect(first.status == 200, "\(first.body)")
      let order = try first.json()
      #expect(order["payment"]?["amount_minor"] == "13847")
      #expect(order["payment"]?["quote"]?["price"] == "9.00")
      #expect(order["payment"]?["quote"]?["rate"] == "65000")
      try rates.set("BTC-USD", "1")
      let again = try await scene.post("/v1/orders/\(id)/pay", Self.pay).json()
      #expect(again["payment"] == order["payment"])
      try rates.set("BTC-USD", nil)
      #expect(try await scene.post("/v1/orders/\(id)/pay", Self.pay).json() == again)
      try expect(
        try await scene.post(
          "/v1/orders/\(id)/pay", #"{"chain":"bitcoin-regtest","asset":"BTC","expires_in":60}"#),
        is: 409, "order-not-payable")
      let payment = try await scene.gateway.payment(scene.payment(id))
      #expect(payment["amount_minor"] == "13847")
      #expect(payment["quote"]?["rate"] == "65000" && payment["quote"]?["price_minor"] == "900")
      try await scene.chain.mine(.init(to: scene.payment(id), 13_847))
      try await scene.chain.mineEmpty(1)
      try await scene.settle()
      #expect(try await scene.status(id) == "confirmed")
      let published = try EventSchemaCheck()
      for event in try await scene.events(id) {
        #expect(try published.differences(event) == [], "\(event.json)")
      }
      try await scene.expectSound()
      #expect(
        try await scene.gateway.database.read { try ReplayCheck.differences(in: $0) } == [])
    }
  }

  @Test("an order placed with its payment is quoted then, once for each request")
  func placing() async throws {
    try await Self.run { scene, rates in
      let key = ["Idempotency-Key": "k"]
      let first = try await scene.gateway.send(
        "POST", "/v1/orders", headers: key, body: Self.body())
      #expect(first.status == 201, "\(first.body)")
      #expect(try first.json()["payment"]?["amount"] == "0.00006924")
      try rates.set("BTC-USD", nil)
      let again = try await scene.gateway.send(
        "POST", "/v1/orders", headers: key, body: Self.body())
      #expect(try again.json()["payment"] == first.json()["payment"])
      try expect(
        try await scene.post("/v1/orders", Self.body()), is: 503, "rate-unavailable")
      #expect(try await scene.count("orders") == 1 && rates.asked == 2)
    }
  }

  @Test("an amount that is named counts, and where there is no such rate it must be")
  func naming() async throws {
    try await Self.run { scene, rates in
      let named = #"{"chain":"bitcoin-regtest","asset":"BTC","amount":"0.0002"}"#
      let order = try await scene.order(scene.place(Self.body(payment: named)))
      #expect(order["payment"]?["amount_minor"] == "20000" && order["payment"]?["quote"] == nil)
      #expect(rates.asked == 0)
      let euros = Self.body().replacing("USD", with: "EUR")
      try expect(
        try await scene.post("/v1/orders", euros), is: 422, "invalid-field",
        field: "payment.amount")
      let long = #"{"chain":"bitcoin-regtest","asset":"BTC","expires_in":301}"#
      try expect(
        try await scene.post("/v1/orders", Self.body(payment: long)), is: 422, "invalid-field",
        field: "payment.expires_in")
    }
  }

  @Test("a quote whose payment can't be made in time makes none, and the order ends")
  func waiting() async throws {
    let rates = try TestRates(["BTC-USD": "65000"])
    try await OrderScene.run(ready: 1, rates: rates) { scene in
      try await scene.keep("beans", 100)
      try await scene.place(Self.body())
      let id = try await scene.place(Self.body())
      #expect(try await scene.order(id)["payment"]?["id"] == nil)
      scene.time.advance(seconds: 301)
      try await scene.gateway.pool.fill(.bitcoin(.regtest))
      try await scene.chain.watchAll()
      try await scene.settle()
      let order = try await scene.order(id)
      #expect(order["status"] == "canceled")
      #expect(order["cancellation"]?["reason"] == "payment_refused")
    }
  }

  @Test("a choice from before there were quotes is the same text")
  func oldFacts() throws {
    let chain = try #require(ChainName("bitcoin-regtest"))
    let fact = OrderFact.paymentChosen(PaymentChoice(chain: chain, asset: .btc, amount: 7))
    let old =
      #"{"paymentChosen":{"_0":{"amount":"7","asset":{"decimals":8,"symbol":"BTC"},"#
      + #""chain":"bitcoin-regtest"}}}"#
    #expect(try CanonicalJSON.text(fact) == old)
    #expect(try CanonicalJSON.value(OrderFact.self, from: old) == fact)
  }
}
