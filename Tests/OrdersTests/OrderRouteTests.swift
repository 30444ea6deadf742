import EventLog
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Orders
import SchemaChecking
import TestDatabases
import Testing

@Suite("Orders over HTTP")
struct OrderRouteTests {
  @Test("the same key gives the same order, and another body under it is refused")
  func idempotency() async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let key = ["Idempotency-Key": "k"]
      let first = try await scene.gateway.send(
        "POST", "/v1/orders", headers: key, body: OrderScene.body())
      let again = try await scene.gateway.send(
        "POST", "/v1/orders", headers: key, body: OrderScene.body())
      #expect(first.status == 201 && again.status == 201)
      #expect(try first.json()["id"] == again.json()["id"])
      try expect(
        try await scene.gateway.send(
          "POST", "/v1/orders", headers: key, body: OrderScene.body(2)),
        is: 409, "idempotency-key-reused")
      #expect(try await scene.stock(beans) == [100, 18])
      #expect(try await scene.count("orders") == 1)
      let missing = try await scene.gateway.send("POST", "/v1/orders", body: OrderScene.body())
      try expect(missing, is: 400, "idempotency-key-missing")
    }
  }

  @Test(
    "what can't be used is refused by its field",
    arguments: [
      (#""currency":"BTC""#, #""currency":"ZZZ""#, "currency"),
      (#""currency":"BTC""#, #""currency":"USD""#, "items[0].unit_price"),
      (#""currency":"BTC""#, #""currency":"CLF""#, "currency"),
      (#""asset":"BTC""#, #""asset":"BTC","amount":"0.0002""#, "payment.amount"),
      (#""asset":"BTC""#, #""asset":"USDC""#, "payment.asset"),
      (#""asset":"BTC""#, #""asset":"BTC","refund_address":"nowhere""#, "payment.refund_address"),
      (#""chain":"bitcoin-regtest""#, #""chain":"moon""#, "payment.chain"),
      (#""quantity":1,"#, #""quantity":0,"#, "items[0].quantity"),
      (#""quantity":1,"#, #""quantity":1.5,"#, "items[0].quantity"),
      (#""quantity":1,"#, #""quantity":10001,"#, "items[0].quantity"),
      (#""unit_price":"0.0001""#, #""unit_price":"-1""#, "items[0].unit_price"),
      (#""unit_price":"0.0001""#, #""unit_price":"0.000000001""#, "items[0].unit_price"),
      (
        #""unit_price":"0.0001""#,
        #""unit_price":"1","customizations":[{"name":"x","cost":"1"}]"#,
        "items[0].customizations[0].cost"
      ),
      (#""quantity":18"#, #""quantity":-18"#, "items[0].stock[0].quantity"),
      (#""quantity":18"#, #""quantity":9223372036854775808"#, "items[0].stock[0].quantity"),
      (#""location""#, #""place""#, "location"),
      (#""customer":"ada""#, #""customer":7"#, "customer"),
      (#""customer":"ada""#, #""expires_in":1"#, "expires_in"),
    ])
  func fields(part: String, other: String, field: String) async throws {
    try await OrderScene.run { scene in
      let body = OrderScene.body().replacing(part, with: other)
      #expect(body != OrderScene.body())
      try expect(
        try await scene.post("/v1/orders", body), is: 422, "invalid-field", field: field)
      #expect(try await scene.count("orders") == 0)
    }
  }

  @Test("numbers of items, and what they take, are bounded before anything is kept")
  func bounds() async throws {
    try await OrderScene.run { scene in
      for (items, field) in [
        ("[]", "items"),
        ("[\(Array(repeating: OrderScene.item(1), count: 101).joined(separator: ","))]", "items"),
        (
          #"[{"product":"p","quantity":10000,"unit_price":"0.1","stock":[{"product":"beans","quantity":1000000000000000}]}]"#,
          "items"
        ),
      ] {
        let body = #"{"location":"l","currency":"USD","items":\#(items)}"#
        try expect(
          try await scene.post("/v1/orders", body), is: 422, "invalid-field", field: field)
      }
    }
  }

  @Test("an order priced in money is paid in the coin and the amount that the customer names")
  func fiat() async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      let body = """
        {"location":"old town","currency":"USD","payment":
          {"chain":"bitcoin-regtest","asset":"BTC","amount":"0.00007"},
         "metadata":{"table":7},
         "items":[{"product":"flat white","name":"Flat white","quantity":3,"unit_price":"4.50",
           "stock":[{"product":"beans","quantity":18}],
           "customizations":[{"name":"oat milk","price":"0.60"}]}]}
        """
      try expect(
        try await scene.post("/v1/orders", body.replacing(#","amount":"0.00007""#, with: "")),
        is: 422, "invalid-field", field: "payment.amount")
      let order = try await scene.order(scene.place(body))
      #expect(order["total"] == "15.30")
      #expect(order["items"]?.elements?.first?["total"] == "15.30")
      #expect(order["payment"]?["amount_minor"] == "7000")
      #expect(order["metadata"] == ["table": 7])
      #expect(
        try await scene.gateway.payment(scene.payment(try #require(order["id"]?.string)))["amount"]
          == "0.00007000")
    }
  }

  @Test("lists go page by page in the order of placing, and by what orders are")
  func lists() async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 54)
      var ids: [String?] = []
      for number in 0..<5 {
        let body = OrderScene.body().replacing("ada", with: number == 3 ? "bo" : "ada")
        ids.append(try await scene.place(body))
      }
      let gateway = scene.gateway
      func found(_ query: String) async throws -> [String?] {
        try await gateway.all("/v1/orders\(query)", limit: 2).map { $0["id"]?.string }
      }
      #expect(try await found("") == ids)
      #expect(try await found("?status=canceled") == Array(ids[3...]))
      #expect(try await found("?customer=bo") == [ids[3]])
      #expect(try await found("?customer=bo&status=pending") == [])
      #expect(try await found("?location=nowhere") == [])
      for (query, field) in [
        ("after=pay_1", "after"), ("status=x", "status"), ("attention=x", "attention"),
        ("limit=0", "limit"),
      ] {
        try expect(
          try await gateway.get("/v1/orders?\(query)"), is: 422, "invalid-field", field: field)
      }
    }
  }

  @Test("orders count towards the payments that a tenant may make")
  func limits() async throws {
    let limits = RouteLimits(perTenant: RateLimiter(RateLimit(burst: 2, perMinute: 6)))
    try await OrderScene.run(limits: limits) { scene in
      try await scene.keep("beans", 100)
      for _ in 0..<2 { try await scene.place() }
      try expect(
        try await scene.post("/v1/orders", OrderScene.body()), is: 429, "too-many-requests")
      #expect(try await scene.count("orders") == 2)
    }
  }

  @Test("another tenant's orders aren't there")
  func tenants() async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      let id = try await scene.place()
      let other = TestGateway.otherTenant
      let gateway = scene.gateway
      try expect(try await gateway.get("/v1/orders/\(id)", as: other), is: 404, "not-found")
      try expect(
        try await gateway.send("POST", "/v1/orders/\(id)/cancel", as: other, body: "{}"),
        is: 404, "not-found")
      #expect(try await gateway.all("/v1/orders", limit: 5, as: other) == [])
      #expect(try await scene.status(id) == "pending")
      let open = try await TestConnection(port: gateway.port).send(
        "GET", "/v1/orders/\(id)", headers: [:])
      try expect(open, is: 401, "unauthorized")
    }
  }

  @Test("what the routes take and answer, and what is told, is as described")
  func described() async throws {
    try await OrderScene.run { scene in
      let gateway = scene.gateway
      let check = SchemaCheck(document: try await gateway.get("/openapi.json").json())
      let paths = try #require(check.document["paths"])
      func expectDescribed(_ method: String, _ path: String, _ answer: Answer) throws {
        let responses = paths[path]?[method]?["responses"]
        let response = responses?["\(answer.status)"] ?? responses?["default"]
        let type = try #require(answer.headers["content-type"])
        let schema = try #require(response?["content"]?[type]?["schema"])
        #expect(check.differences(try answer.json(), from: schema) == [], "\(method) \(path)")
      }
      func expectTaken(_ method: String, _ path: String, _ body: String) throws {
        let schema = try #require(
          paths[path]?[method]?["requestBody"]?["content"]?["application/json"]?["schema"])
        #expect(check.differences(try JSONValue(parsing: Array(body.utf8)), from: schema) == [])
      }
      let supply = try await scene.keep("beans", 100, lowAt: 90)
      let body = OrderScene.body(more: #","metadata":{},"expires_in":600"#)
      try expectTaken("post", "/v1/orders", body)
      let made = try await scene.post("/v1/orders", body)
      try expectDescribed("post", "/v1/orders", made)
      try expectDescribed("post", "/v1/orders", try await scene.post("/v1/orders", "{}"))
      let id = try #require(made.json()["id"]?.string)
      try await scene.chain.mine(.init(to: scene.payment(id), 10_000))
      try await scene.chain.mineEmpty(1)
      try await scene.settle()
      let route = "/v1/orders/{id}"
      try expectDescribed("get", route, try await gateway.get("/v1/orders/\(id)"))
      try expectDescribed("get", route, try await gateway.get("/v1/orders/x"))
      try expectDescribed(
        "get", "\(route)/events", try await gateway.get("/v1/orders/\(id)/events"))
      for word in ["prepare", "ready", "complete", "complete", "prepare"] {
        try expectDescribed(
          "post", "\(route)/\(word)", try await scene.post("/v1/orders/\(id)/\(word)"))
      }
      let big = try await scene.post(
        "/v1/orders", OrderScene.body(50, paid: false))
      let other = try #require(big.json()["id"]?.string)
      let change = #"{"items":[\#(OrderScene.item(1))]}"#
      try expectTaken("patch", route, change)
      try expectDescribed(
        "patch", route, try await gateway.send("PATCH", "/v1/orders/\(other)", body: change))
      let open = try await scene.place(OrderScene.body(paid: false))
      try expectDescribed(
        "patch", route, try await gateway.send("PATCH", "/v1/orders/\(open)", body: change))
      let pay = #"{"chain":"bitcoin-regtest","asset":"BTC","amount":"0.0001","expires_in":600}"#
      try expectTaken("post", "\(route)/pay", pay)
      try expectDescribed(
        "post", "\(route)/pay", try await scene.post("/v1/orders/\(open)/pay", pay))
      let cancel = #"{"note":"x"}"#
      try expectTaken("post", "\(route)/cancel", cancel)
      try expectDescribed(
        "post", "\(route)/cancel", try await scene.post("/v1/orders/\(open)/cancel", cancel))
      try await gateway.database.settle()
      try expectDescribed("get", "/v1/orders", try await gateway.get("/v1/orders?limit=1"))

      let published = try EventSchemaCheck()
      var told: Set<String> = []
      for subject in [id, other, open, supply] {
        for event in try await scene.events(subject) {
          #expect(try published.differences(event) == [], "\(event.json)")
          told.insert(event.type)
        }
      }
      #expect(
        told == [
          "order.created", "order.updated", "order.confirmed", "order.preparing", "order.ready",
          "order.completed", "order.canceled", "supply.created", "supply.updated",
          "supply.low_stock",
        ])
    }
  }
}
