import Database
import EventLog
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import SchemaChecking
import Supply
import Testing

@Suite("Supplies over HTTP")
struct SupplyRouteTests {
  private static func run(_ body: (TestGateway, SupplyService) async throws -> Void) async throws {
    let options = TestGateway.Options(more: { surroundings, router in
      SupplyRoutes(service: service(surroundings)).register(on: router)
    })
    try await TestGateway.run(options) { gateway in
      try await body(gateway, service(gateway.surroundings))
    }
  }

  private static func service(_ surroundings: TestGateway.Surroundings) -> SupplyService {
    let time = surroundings.time
    return SupplyService(
      database: surroundings.database, now: { time.now }, onEvents: surroundings.onEvents)
  }

  private static func body(_ product: String = "beans", more: String = "") -> String {
    #"{"location":"old town","product":"\#(product)","unit":"g"\#(more)}"#
  }

  private static func post(
    _ gateway: TestGateway, _ body: String, to path: String = "/v1/supplies",
    key: String = "key-\(UInt64.random(in: .min ... .max))", as tenant: String = TestGateway.tenant
  ) async throws -> Answer {
    gateway.time.advance(milliseconds: 1)
    return try await gateway.send(
      "POST", path, as: tenant, headers: ["Idempotency-Key": key], body: body)
  }

  @Test("made, read, changed, adjusted, counted and deleted")
  func life() async throws {
    try await Self.run { gateway, _ in
      let more =
        #","on_hand":500,"low_at":100,"name":"House blend","owner":"bo","amount":"0.018","currency":"EUR""#
      let made = try await Self.post(gateway, Self.body(more: more))
      #expect(made.status == 201)
      let supply = try made.json()
      let id = try #require(supply["id"]?.string)
      #expect(id.hasPrefix("sup_") && id.utf8.count == 30)
      let expected: [String: JSONValue] = [
        "location": "old town", "product": "beans", "unit": "g", "on_hand": 500, "reserved": 0,
        "available": 500, "low_at": 100, "name": "House blend", "owner": "bo", "amount": "0.018",
        "currency": "EUR", "status": "available", "version": 1,
      ]
      for (name, value) in expected { #expect(supply[name] == value, "\(name)") }
      let path = "/v1/supplies/\(id)"
      #expect(try await gateway.get(path).body == made.body)
      let patched = try await gateway.send("PATCH", path, body: #"{"owner":"ada"}"#).json()
      #expect(patched["owner"] == "ada" && patched["name"] == "House blend")
      let less = try await Self.post(
        gateway, #"{"change":-400,"reason":"waste","note":"mould"}"#, to: "\(path)/adjust")
      #expect(try less.json()["status"] == "low")
      let counted = try await Self.post(gateway, #"{"counted":0}"#, to: "\(path)/adjust")
      #expect(try counted.json()["status"] == "out")
      let deleted = try await gateway.send("DELETE", path)
      #expect(try deleted.json()["status"] == "deleted")
      try expect(try await gateway.get(path), is: 404, "not-found")
      try expect(try await gateway.send("DELETE", path), is: 404, "not-found")
      #expect(try await gateway.all("/v1/supplies", limit: 5) == [])
      // The place is free again.
      #expect(try await Self.post(gateway, Self.body()).status == 201)
      let events = try await gateway.database.read {
        try EventLog.events(of: id, limit: 100, in: $0)
      }
      #expect(
        events.map(\.type) == [
          "supply.created", "supply.updated", "supply.updated", "supply.low_stock",
          "supply.updated", "supply.deleted",
        ])
      let published = try EventSchemaCheck()
      for event in events { #expect(try published.differences(event) == [], "\(event.json)") }
      let change = try JSONValue(parsing: Array(events[2].data.utf8))["change"]
      #expect(change?["quantity"] == -400 && change?["note"] == "mould")
    }
  }

  @Test("a repeated request adjusts once")
  func idempotency() async throws {
    try await Self.run { gateway, _ in
      let made = try await Self.post(gateway, Self.body(), key: "k1")
      #expect(try await Self.post(gateway, Self.body(), key: "k1").body == made.body)
      let id = try #require(made.json()["id"]?.string)
      let delivery = #"{"change":7,"reason":"delivery"}"#
      for _ in 0..<3 {
        let answer = try await Self.post(
          gateway, delivery, to: "/v1/supplies/\(id)/adjust", key: "k2")
        #expect(try answer.json()["on_hand"] == 7)
      }
      #expect(try await gateway.get("/v1/supplies/\(id)").json()["on_hand"] == 7)
    }
  }

  @Test("a location keeps a product once, also when many ask for it at once")
  func rivals() async throws {
    try await Self.run { gateway, _ in
      let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
        for _ in 0..<12 { group.addTask { try await Self.post(gateway, Self.body()) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let made = answers.filter { $0.status == 201 }
      #expect(made.count == 1)
      let id = try #require(made.first?.json()["id"])
      for answer in answers where answer.status != 201 {
        try expect(answer, is: 409, "supply-exists")
        #expect(try answer.json()["supply_id"] == id)
      }
      #expect(
        try await Self.post(gateway, Self.body(), as: TestGateway.otherTenant).status == 201)
    }
  }

  @Test("what orders hold can be neither counted away nor deleted")
  func reserved() async throws {
    try await Self.run { gateway, service in
      let made = try await Self.post(gateway, Self.body(more: #","on_hand":10"#))
      let id = try #require(made.json()["id"]?.string)
      let reply = try await service.reserve(
        ReserveStock(
          tenant: TestGateway.tenant, order: "o", location: "old town", revision: 1,
          lines: [StockLine(product: "beans", quantity: 6)], until: nil))
      #expect(reply == .reserved)
      let path = "/v1/supplies/\(id)"
      for body in [#"{"counted":5}"#, #"{"change":-5,"reason":"waste"}"#] {
        try expect(
          try await Self.post(gateway, body, to: "\(path)/adjust"), is: 409, "supply-reserved")
      }
      try expect(try await gateway.send("DELETE", path), is: 409, "supply-reserved")
      #expect(try await Self.post(gateway, #"{"counted":6}"#, to: "\(path)/adjust").status == 200)
      #expect(try await gateway.get(path).json()["available"] == 0)
    }
  }

  @Test(
    "what can't be used is refused by its field",
    arguments: [
      (#","on_hand":-1"#, "on_hand"), (#","on_hand":1000000000000001"#, "on_hand"),
      (#","on_hand":1.5"#, "on_hand"), (#","amount":"cheap""#, "amount"),
      (#","low_at":"10""#, "low_at"), (#","unit":"""#, ""), (#","colour":"red""#, "colour"),
    ])
  func fields(more: String, field: String) async throws {
    try await Self.run { gateway, _ in
      let answer = try await Self.post(gateway, Self.body(more: more))
      if field.isEmpty {
        // A name that occurs twice isn't JSON here.
        try expect(answer, is: 400, "invalid-json")
      } else {
        try expect(answer, is: 422, "invalid-field", field: field)
      }
    }
  }

  @Test("an adjustment is a change with its reason or a count, within what there can be")
  func adjustments() async throws {
    try await Self.run { gateway, _ in
      let made = try await Self.post(gateway, Self.body(more: #","on_hand":10"#))
      let id = try #require(made.json()["id"]?.string)
      for (body, field) in [
        ("{}", "change"), (#"{"change":1,"counted":1,"reason":"waste"}"#, "change"),
        (#"{"change":0,"reason":"waste"}"#, "change"), (#"{"change":1}"#, "reason"),
        (#"{"change":1,"reason":"luck"}"#, "reason"),
        (#"{"counted":1,"reason":"waste"}"#, "reason"),
        (#"{"change":-11,"reason":"waste"}"#, "change"),
        (#"{"change":1000000000000000,"reason":"delivery"}"#, "change"),
        (#"{"change":9223372036854775807,"reason":"delivery"}"#, "change"),
      ] {
        try expect(
          try await Self.post(gateway, body, to: "/v1/supplies/\(id)/adjust"), is: 422,
          "invalid-field", field: field)
      }
      #expect(try await gateway.get("/v1/supplies/\(id)").json()["version"] == 1)
    }
  }

  @Test("lists go page by page, by location, product and status, and answers are as described")
  func lists() async throws {
    try await Self.run { gateway, _ in
      let check = SchemaCheck(document: try await gateway.get("/openapi.json").json())
      var ids: [String?] = []
      for product in ["beans", "milk", "cups"] {
        let more = product == "milk" ? #","on_hand":5"# : ""
        ids.append(
          try await Self.post(gateway, Self.body(product, more: more)).json()["id"]?.string)
      }
      func found(_ query: String) async throws -> [String?] {
        try await gateway.all("/v1/supplies\(query)", limit: 2).map { $0["id"]?.string }
      }
      #expect(try await found("") == ids)
      #expect(try await found("?product=milk") == [ids[1]])
      #expect(try await found("?status=out&location=old%20town") == [ids[0], ids[2]])
      #expect(try await found("?location=nowhere") == [])
      let other = TestGateway.otherTenant
      #expect(try await gateway.all("/v1/supplies", limit: 2, as: other) == [])
      try expect(
        try await gateway.get("/v1/supplies/\(ids[0] ?? "")", as: other), is: 404, "not-found")
      let page = try await gateway.get("/v1/supplies?limit=1")
      let schema = try #require(
        check.document["paths"]?["/v1/supplies"]?["get"]?["responses"]?["200"]?["content"]?[
          "application/json"]?["schema"])
      #expect(check.differences(try page.json(), from: schema) == [])
    }
  }
}
