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

  @Test("larger units are taken in adjustments and counts, and shown")
  func units() async throws {
    try await Self.run { gateway, _ in
      let made = try await Self.post(
        gateway, Self.body(more: #","units":{"kg":1000,"bag":250}"#))
      #expect(try made.json()["units"] == ["bag": 250, "kg": 1000])
      let id = try #require(made.json()["id"]?.string)
      let path = "/v1/supplies/\(id)"
      func adjusted(_ body: String) async throws -> JSONValue? {
        try await Self.post(gateway, body, to: "\(path)/adjust").json()["on_hand"]
      }
      #expect(try await adjusted(#"{"change":3,"unit":"kg","reason":"delivery"}"#) == 3_000)
      #expect(try await adjusted(#"{"change":-1,"unit":"bag","reason":"waste"}"#) == 2_750)
      #expect(try await adjusted(#"{"counted":4,"unit":"bag"}"#) == 1_000)
      for (body, field) in [
        (#"{"counted":4,"unit":"lb"}"#, "unit"),
        (#"{"counted":1000000000000000,"unit":"kg"}"#, "change"),
      ] {
        try expect(
          try await Self.post(gateway, body, to: "\(path)/adjust"), is: 422, "invalid-field",
          field: field)
      }
      // A case may come to hold more: what is on hand stays.
      let patched = try await gateway.send("PATCH", path, body: #"{"units":{"bag":300}}"#).json()
      #expect(patched["units"] == ["bag": 300] && patched["on_hand"] == 1_000)
      #expect(try await gateway.send("PATCH", path, body: #"{"units":{}}"#).json()["units"] == nil)
      for (units, field) in [
        (#"{"g":10}"#, "units"), (#"{"kg":1}"#, "units.kg"), (#"{"kg":1.5}"#, "units.kg"),
        (#"["kg"]"#, "units"), (#"{"":10}"#, "units"),
      ] {
        try expect(
          try await gateway.send("PATCH", path, body: #"{"units":\#(units)}"#), is: 422,
          "invalid-field", field: field)
      }
    }
  }

  @Test("what runs short is asked for once, ordered, and received")
  func reorders() async throws {
    try await Self.run { gateway, _ in
      let more = #","on_hand":50,"reorder_at":20,"reorder_quantity":100,"units":{"kg":1000}"#
      let made = try await Self.post(gateway, Self.body(more: more))
      let id = try #require(made.json()["id"]?.string)
      let path = "/v1/supplies/\(id)"
      func say(_ body: String) async throws -> Answer {
        try await Self.post(gateway, body, to: "\(path)/reorder")
      }
      try expect(try await say(#"{"status":"received"}"#), is: 409, "supply-not-reordered")
      _ = try await Self.post(gateway, #"{"change":-30,"reason":"waste"}"#, to: "\(path)/adjust")
      let open = try await gateway.get(path).json()["reorder"]
      #expect(open?["status"] == "open" && open?["quantity"] == 100)
      #expect(try await gateway.all("/v1/supplies?reorder=open", limit: 5).count == 1)
      let placed = try await say(
        #"{"status":"ordered","quantity":2,"unit":"kg","reference":"PO 7"}"#)
      #expect(
        try placed.json()["reorder"]
          == [
            "quantity": 2_000, "reference": "PO 7", "since": open?["since"] ?? "",
            "status": "ordered",
          ])
      let received = try await say(#"{"status":"received","note":"on time"}"#).json()
      #expect(received["reorder"] == nil && received["on_hand"] == 2_020)
      #expect(try await gateway.all("/v1/supplies?reorder=open", limit: 5) == [])
      for (body, field) in [
        (#"{"status":"lost"}"#, "status"), (#"{"status":"ordered","quantity":0}"#, "quantity"),
        (#"{"status":"ordered","unit":"lb","quantity":1}"#, "unit"), ("{}", "status"),
      ] {
        try expect(try await say(body), is: 422, "invalid-field", field: field)
      }
      let events = try await gateway.database.read {
        try EventLog.events(of: id, limit: 100, in: $0)
      }
      #expect(
        events.map(\.type) == [
          "supply.created", "supply.updated", "supply.reordered", "supply.updated",
          "supply.updated",
        ])
      let published = try EventSchemaCheck()
      for event in events { #expect(try published.differences(event) == [], "\(event.json)") }
    }
  }

  @Test("how stock moved can be read page by page, the latest first")
  func movements() async throws {
    try await Self.run { gateway, service in
      let check = SchemaCheck(document: try await gateway.get("/openapi.json").json())
      let made = try await Self.post(gateway, Self.body(more: #","on_hand":10"#))
      let id = try #require(made.json()["id"]?.string)
      let path = "/v1/supplies/\(id)"
      for body in [
        #"{"change":-4,"reason":"waste","note":"mould"}"#, #"{"counted":9}"#,
      ] { _ = try await Self.post(gateway, body, to: "\(path)/adjust") }
      _ = try await gateway.send("PATCH", path, body: #"{"owner":"ada"}"#)
      for (order, revision) in [("o", Int64(1)), ("p", 1)] {
        _ = try await service.reserve(
          ReserveStock(
            tenant: TestGateway.tenant, order: order, location: "old town", revision: revision,
            lines: [StockLine(product: "beans", quantity: 2)], until: nil))
      }
      _ = try await service.consume(ConsumeStock(tenant: TestGateway.tenant, order: "o"))
      for order in ["o", "p"] {
        _ = try await service.release(
          ReleaseStock(tenant: TestGateway.tenant, order: order, revision: 2))
      }
      for limit in [1, 2, 3, 100] {
        let moved = try await gateway.all("\(path)/movements", limit: limit)
        #expect(
          moved.map { $0["kind"]?.string }
            == [
              "released", "returned", "consumed", "reserved", "reserved", "counted", "adjusted",
              "founded",
            ].map(Optional.some), "\(limit)")
        #expect(moved.first?["order_id"] == "p" && moved.first?["quantity"] == 2)
        #expect(moved[6]["note"] == "mould" && moved[6]["quantity"] == -4)
        #expect(moved[6]["by"] == "tenant:roastery" && moved[5]["on_hand"] == 9)
      }
      let page = try await gateway.get("\(path)/movements?limit=3")
      let schema = try #require(
        check.document["paths"]?["/v1/supplies/{id}/movements"]?["get"]?["responses"]?["200"]?[
          "content"]?["application/json"]?["schema"])
      #expect(check.differences(try page.json(), from: schema) == [])
      try expect(
        try await gateway.get("\(path)/movements?after=x"), is: 422, "invalid-field",
        field: "after")
      try expect(
        try await gateway.get("\(path)/movements", as: TestGateway.otherTenant), is: 404,
        "not-found")
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
      let patched = try await gateway.send(
        "PATCH", "/v1/supplies/\(ids[2] ?? "")", body: #"{"owner":"bo"}"#)
      #expect(patched.status == 200)
      #expect(try await found("?owner=bo") == [ids[2]])
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
