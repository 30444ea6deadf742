import Database
import Digests
import EventLog
import GatewayFixtures
import JSON
import LoopbackHTTP
import Orders
import SchemaChecking
import Supply
import Testing

@Suite("Orders that somebody sees to")
struct ResolutionTests {
  /// A paid order whose stock somebody else has got meanwhile, and the beans' supply.
  private static func missing(
    _ body: (OrderScene, _ order: String, _ beans: String) async throws -> Void
  ) async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 18)
      let id = try await scene.place()
      // Its reservation has ended, as none for a payment should, and nothing is left.
      try await scene.gateway.database.write {
        _ = try $0.execute(
          "UPDATE reservations SET expires_at = 1 WHERE order_id = $1", [.text(id)])
      }
      #expect(try await scene.services.stock.expire(limit: 10) == 1)
      let counted = try await scene.post("/v1/supplies/\(beans)/adjust", #"{"counted":0}"#)
      try #require(counted.status == 200, "\(counted.body)")
      try await scene.pay(id)
      #expect(try await scene.post("/v1/orders/\(id)/prepare").status == 200)
      #expect(try await scene.order(id)["attention"] == "stock_missing")
      try await body(scene, id, beans)
      try await scene.expectSound()
    }
  }

  private static func resolve(
    _ scene: OrderScene, _ id: String, _ body: String
  ) async throws -> JSONValue {
    try await scene.post("/v1/orders/\(id)/resolve", body).json()
  }

  @Test("missing stock is asked for again until it is there")
  func reserving() async throws {
    try await Self.missing { scene, id, beans in
      let refused = try await Self.resolve(scene, id, #"{"action":"reserve"}"#)
      #expect(refused["status"] == "held" && refused["attention"] == "stock_missing")
      #expect(
        refused["shortages"] == [["available": 0, "product": "beans", "wanted": 18]])
      _ = try await scene.post(
        "/v1/supplies/\(beans)/adjust", #"{"change":50,"reason":"delivery"}"#)
      let order = try await Self.resolve(scene, id, #"{"action":"reserve","note":"it came"}"#)
      #expect(order["status"] == "preparing" && order["stock"] == "consumed")
      #expect(order["attention"] == nil)
      #expect(try await scene.stock(beans) == [32, 0])
      try expect(
        try await scene.post("/v1/orders/\(id)/resolve", #"{"action":"reserve"}"#), is: 409,
        "order-not-resolvable")
    }
  }

  @Test("a number that supply has seen already is refused, and the next one isn't")
  func overtaken() async throws {
    try await Self.missing { scene, id, beans in
      _ = try await scene.services.stock.release(
        ReleaseStock(tenant: TestGateway.tenant, order: id, revision: 2))
      _ = try await scene.post(
        "/v1/supplies/\(beans)/adjust", #"{"change":50,"reason":"delivery"}"#)
      let refused = try await Self.resolve(scene, id, #"{"action":"reserve"}"#)
      #expect(refused["attention"] == "stock_missing")
      let order = try await Self.resolve(scene, id, #"{"action":"reserve"}"#)
      #expect(order["status"] == "preparing")
      #expect(try await scene.stock(beans) == [32, 0])
    }
  }

  @Test("something else is made, at the same total")
  func substituting() async throws {
    try await Self.missing { scene, id, _ in
      let tea = try await scene.keep("tea", 5)
      func items(_ price: String) -> String {
        #"[{"product":"tea","quantity":1,"unit_price":"\#(price)"}]"#
      }
      try expect(
        try await scene.post(
          "/v1/orders/\(id)/resolve", #"{"action":"substitute","items":\#(items("0.0002"))}"#),
        is: 422, "invalid-field", field: "items")
      let order = try await Self.resolve(
        scene, id, #"{"action":"substitute","items":\#(items("0.0001"))}"#)
      #expect(order["status"] == "preparing", "\(order.json)")
      #expect(order["items"]?.elements?.first?["product"] == "tea")
      #expect(try await scene.stock(tea) == [4, 0])
      let shown = try await scene.gateway.get("/v1/orders/\(id)/items").json()
      #expect(shown["items"] == order["items"] && shown["total"] == order["total"])
    }
  }

  @Test("it is made of what is at hand, and no stock counts it")
  func accepting() async throws {
    try await Self.missing { scene, id, beans in
      let order = try await Self.resolve(scene, id, #"{"action":"accept","note":"a neighbour's"}"#)
      #expect(order["status"] == "preparing" && order["stock"] == "waived")
      #expect(try await scene.stock(beans) == [0, 0])
      #expect(try await scene.post("/v1/orders/\(id)/ready").status == 200)
      for (body, field) in [("{}", "action"), (#"{"action":"x"}"#, "action")] {
        try expect(
          try await scene.post("/v1/orders/\(id)/resolve", body), is: 422, "invalid-field",
          field: field)
      }
    }
  }

  // MARK: Money

  /// A canceled order that was paid for good, its payment, and a refund of all that came.
  private static func owed(
    _ body: (OrderScene, _ order: String, _ refund: JSONValue) async throws -> Void
  ) async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      let id = try await scene.place()
      try await scene.pay(id)
      try await scene.chain.mineEmpty(5)
      #expect(try await scene.post("/v1/orders/\(id)/cancel", "{}").status == 200)
      try await scene.settle()
      let order = try await scene.order(id)
      #expect(order["attention"] == "refund_due")
      #expect(order["payment"]?["received_minor"] == "10000")
      let payment = try await scene.payment(id)
      let refund = try await scene.post(
        "/v1/payments/\(payment)/refunds",
        #"{"kind":"full","address":"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"}"#)
      try #require(refund.status == 201, "\(refund.body)")
      try await body(scene, id, try refund.json())
      try await scene.expectSound()
    }
  }

  /// What a refund's watcher tells of it, told by hand.
  private static func tell(_ scene: OrderScene, _ type: String, _ refund: JSONValue) async throws {
    let (id, data, now) = (try #require(refund["id"]?.string), refund.json, scene.time.now)
    try await scene.gateway.database.write { connection in
      let last = try EventLog.lastSequence(of: id, in: connection)
      try EventLog.append(
        [
          EventDraft(
            type: type, subject: id, tenant: TestGateway.tenant,
            cause: SHA256.hash(Array("\(type)\(last)".utf8)), time: now, data: data)
        ], in: connection)
    }
    try await scene.settle()
  }

  @Test("a refund that is final settles what was owed; one that a reorg takes back doesn't")
  func refunds() async throws {
    try await Self.owed { scene, id, refund in
      try await scene.settle()
      #expect(try await scene.order(id)["attention"] == "refund_due", "it is only requested")
      try await Self.tell(scene, "refund.final", refund)
      let order = try await scene.order(id)
      #expect(order["attention"] == nil && order["payment"]?["refunded_minor"] == "10000")
      try await Self.tell(scene, "refund.broadcast", refund)
      #expect(try await scene.order(id)["attention"] == "refund_due")
      try await Self.tell(scene, "refund.final", refund)
      #expect(try await scene.order(id)["attention"] == nil)
      let published = try EventSchemaCheck()
      for event in try await scene.events(id) {
        #expect(try published.differences(event) == [], "\(event.json)")
      }
    }
  }

  @Test("an order whose money goes back is held, and goes on where nothing does")
  func refunding() async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      let id = try await scene.place()
      try await scene.pay(id)
      try await scene.chain.mineEmpty(5)
      try await scene.settle()
      #expect(try await scene.post("/v1/orders/\(id)/prepare").status == 200)
      let asked = try await scene.post(
        "/v1/payments/\(scene.payment(id))/refunds",
        #"{"kind":"full","address":"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"}"#)
      try #require(asked.status == 201, "\(asked.body)")
      let refund = try asked.json()
      try await scene.settle()
      let held = try await scene.order(id)
      #expect(held["status"] == "held" && held["attention"] == "refunding")
      try expect(try await scene.post("/v1/orders/\(id)/ready"), is: 409, "order-not-ready")
      try await Self.tell(scene, "refund.canceled", refund)
      #expect(try await scene.status(id) == "preparing")
      try await Self.tell(scene, "refund.final", refund)
      #expect(try await scene.order(id)["attention"] == "refunding")
      let order = try await Self.resolve(scene, id, #"{"action":"waive","note":"our fault"}"#)
      #expect(order["status"] == "preparing" && order["attention"] == nil)
      let published = try EventSchemaCheck()
      for event in try await scene.events(id) {
        #expect(try published.differences(event) == [], "\(event.json)")
      }
      try await scene.expectSound()
    }
  }

  @Test("somebody can take for settled what doesn't go back")
  func waiving() async throws {
    try await Self.owed { scene, id, _ in
      let order = try await Self.resolve(scene, id, #"{"action":"waive","note":"a voucher"}"#)
      #expect(order["attention"] == nil && order["status"] == "canceled")
    }
  }

  // MARK: Forgetting

  @Test("an ended order's words about people are forgotten: in rows, facts and lists")
  func forgetting() async throws {
    try await OrderScene.run { scene in
      let gateway = scene.gateway
      try await scene.keep("beans", 100)
      let id = try await scene.place(OrderScene.body(more: #","metadata":{"seat":"window"}"#))
      try expect(
        try await gateway.send("DELETE", "/v1/orders/\(id)"), is: 409, "order-not-forgettable")
      #expect(
        try await scene.post("/v1/orders/\(id)/cancel", #"{"note":"missed a train"}"#).status == 200
      )
      try await scene.settle()
      let words = ["ada", "window", "missed a train"]
      func found(_ sql: String) async throws -> String {
        try await gateway.database.read { connection in
          try connection.query(sql, [.text(id)]).map { try $0.text("text") }.joined()
        }
      }
      let facts = "SELECT fact AS text FROM order_facts WHERE order_id = $1"
      let apart = "SELECT words AS text FROM order_words WHERE order_id = $1"
      for word in words {
        #expect(!(try await found(facts)).contains(word))
        #expect(try await found(apart).contains(word))
      }
      let before = try await scene.order(id)
      #expect(before["customer"] == "ada" && before["metadata"] == ["seat": "window"])
      try await scene.expectSound()
      for _ in 0..<2 {
        let answer = try await gateway.send("DELETE", "/v1/orders/\(id)")
        #expect(answer.status == 200)
        let order = try answer.json()
        #expect(order["forgotten"] == true && order["total"] == before["total"])
        for word in words { #expect(!answer.body.contains(word)) }
      }
      #expect(try await found(apart) == "")
      let row = try await found(
        "SELECT state || COALESCE(customer, '') AS text FROM orders WHERE order_id = $1")
      for word in words { #expect(!row.contains(word)) }
      #expect(try await gateway.all("/v1/orders?customer=ada", limit: 5) == [])
      let told = try await scene.events(id)
      #expect(told.last?.type == "order.deleted")
      #expect(told.filter { $0.type == "order.deleted" }.count == 1)
      for word in words { #expect(told.last?.data.contains(word) == false) }
      let published = try EventSchemaCheck()
      for event in told { #expect(try published.differences(event) == [], "\(event.json)") }
      try expect(
        try await gateway.send("DELETE", "/v1/orders/\(id)", as: TestGateway.otherTenant), is: 404,
        "not-found")
      try await scene.expectSound()
      // Money that came nevertheless, and what somebody notes of it, can be forgotten, too.
      try await scene.chain.mine(.init(to: scene.payment(id), 10_000))
      try await scene.chain.mineEmpty(1)
      try await scene.settle()
      let waived = try await Self.resolve(
        scene, id, #"{"action":"waive","note":"ada gave it up"}"#)
      #expect(waived["attention"] == nil, "\(waived.json)")
      #expect(try await found(apart).contains("ada gave it up"))
      #expect(try await gateway.send("DELETE", "/v1/orders/\(id)").status == 200)
      #expect(try await found(apart) == "")
      try await scene.expectSound()
    }
  }
}
