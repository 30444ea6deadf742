import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import SchemaChecking
import Testing

@Suite("the gateway's description of itself")
struct DescriptionTests {
  private static let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  private func check(_ gateway: TestGateway) async throws -> SchemaCheck {
    SchemaCheck(document: try await gateway.get("/openapi.json").json())
  }

  @Test("every route is described and answers, and every reference leads somewhere")
  func routes() async throws {
    try await TestGateway.run { gateway in
      let check = try await check(gateway)
      let paths = try #require(check.document["paths"])
      var operations: [String] = []
      for path in paths.members {
        for operation in path.value.members {
          operations.append("\(operation.name) \(path.name)")
          // Whatever it says of an unknown payment, it isn't that there is no such route.
          let answer = try await gateway.send(
            operation.name.uppercased(), path.name.replacing("{id}", with: "pay_x"))
          #expect(!answer.body.contains("No route"), "\(path.name)")
          #expect(answer.status != 405, "\(path.name)")
        }
      }
      #expect(
        Set(operations) == [
          "post /v1/payments", "get /v1/payments", "get /v1/payments/{id}",
          "post /v1/payments/{id}/cancel", "post /v1/payments/{id}/resolve",
          "get /v1/payments/{id}/events", "get /v1/payments/{id}/qr.svg",
          "get /v1/payments/{id}/proof", "get /v1/events",
          "post /v1/payments/{id}/refunds", "get /v1/refunds", "get /v1/refunds/{id}",
          "post /v1/refunds/{id}/cancel", "post /v1/refunds/{id}/approve",
          "get /api/health/live", "get /api/health/ready", "get /api/health",
          "get /api/health/database", "get /metrics", "get /openapi.json",
        ])
      #expect(check.references.contains("#/components/schemas/Payment"))
      for reference in check.references {
        #expect(check.resolve(reference) != nil, "\(reference)")
      }
      let content = paths["/v1/events"]?["get"]?["responses"]?["200"]?["content"]
      #expect(content?.names == ["application/json", "text/event-stream"])
    }
  }

  @Test("a payment has exactly the members that its schema names, and always the required ones")
  func payment() async throws {
    try await TestGateway.run { gateway in
      let check = try await check(gateway)
      let schema = try #require(check.resolve("#/components/schemas/Payment"))
      let transfer = try #require(check.resolve("#/components/schemas/Transfer"))
      func required(_ schema: JSONValue) -> Set<String> {
        Set((schema["required"]?.elements ?? []).compactMap(\.string))
      }
      let bare = try await gateway.made("order-1")
      #expect(try await gateway.payment(bare).names == required(schema))

      let body = TestGateway.order(
        "order-2", more: #","metadata":{"a":1},"refund_address":"\#(Self.address)""#)
      let full = try #require(try await gateway.create(body).json()["id"]?.string)
      try await gateway.chain.look(.init(to: full, 2_000, in: "first"))
      try await gateway.chain.mine(.init(to: full, 1_000, in: "second"))
      #expect(
        try await gateway.decide("resolve", full, #"{"action":"close","reason":"x"}"#).status
          == 200)
      let payment = try await gateway.payment(full)
      // Payments on EVM chains have these besides, and those of a price.
      let names = payment.names.union(["chain_id", "contract", "quote"])
      #expect(names == schema["properties"]?.names)
      let transfers = payment["transfers"]?.elements ?? []
      try #require(transfers.count == 2)
      // Bitcoin's have `vout`, those of EVM chains `position`.
      #expect(transfers[0].names == required(transfer).union(["vout"]))
      #expect(transfers[1].names.union(["position"]) == transfer["properties"]?.names)
    }
  }

  @Test("what the routes take and answer is as described")
  func answers() async throws {
    try await TestGateway.run { gateway in
      let check = try await check(gateway)
      let paths = try #require(check.document["paths"])
      func schema(_ method: String, _ path: String, _ answer: Answer) throws -> JSONValue {
        let responses = paths[path]?[method]?["responses"]
        let response = responses?["\(answer.status)"] ?? responses?["default"]
        let type = try #require(answer.headers["content-type"])
        return try #require(response?["content"]?[type]?["schema"])
      }
      func expectDescribed(_ method: String, _ path: String, _ answer: Answer) throws {
        let differences = check.differences(
          try answer.json(), from: try schema(method, path, answer))
        #expect(differences == [], "\(method) \(path)")
      }
      let body = TestGateway.order(
        "o", more: #","tolerance":"0.0001","expires_in":60,"metadata":{}"#)
      let wanted = try #require(
        paths["/v1/payments"]?["post"]?["requestBody"]?["content"]?["application/json"]?[
          "schema"])
      #expect(check.differences(try JSONValue(parsing: Array(body.utf8)), from: wanted) == [])
      let created = try await gateway.create(body)
      try expectDescribed("post", "/v1/payments", created)
      try expectDescribed("post", "/v1/payments", try await gateway.create(body))
      try expectDescribed("post", "/v1/payments", try await gateway.create("{}"))
      let id = try #require(created.json()["id"]?.string)
      try await gateway.chain.look(.init(to: id, 50_000))
      _ = try await gateway.chain.mineProved(.init(to: id, 50_000))
      try await gateway.chain.look(.init(to: id, 40_000, in: "second"))
      try await gateway.sequence()
      for (path, query) in [
        ("/v1/payments", ""), ("/v1/payments", "?limit=x"), ("/v1/events", ""),
        ("/v1/payments/{id}", ""), ("/v1/payments/{id}/events", ""),
        ("/v1/payments/{id}/proof", ""), ("/v1/payments/{id}/proof", "?after=x"),
        ("/api/health", ""),
        ("/api/health/database", ""), ("/openapi.json", ""),
      ] {
        let answer = try await gateway.get(path.replacing("{id}", with: id) + query)
        try expectDescribed("get", path, answer)
      }
      let resolution = try #require(
        paths["/v1/payments/{id}/resolve"]?["post"]?["requestBody"]?["content"]?[
          "application/json"]?["schema"])
      for body in [
        #"{"action":"accept","due_minor":"50000"}"#, #"{"action":"close","reason":"x"}"#,
      ] {
        #expect(check.differences(try JSONValue(parsing: Array(body.utf8)), from: resolution) == [])
        try expectDescribed(
          "post", "/v1/payments/{id}/resolve", try await gateway.decide("resolve", id, body))
      }
      try expectDescribed(
        "post", "/v1/payments/{id}/cancel", try await gateway.decide("cancel", id))
    }
  }

  @Test("what the routes of refunds take and answer is as described")
  func refunds() async throws {
    try await TestGateway.run { gateway in
      let check = try await check(gateway)
      let paths = try #require(check.document["paths"])
      func expectDescribed(_ method: String, _ path: String, _ answer: Answer) throws {
        let responses = paths[path]?[method]?["responses"]
        let response = responses?["\(answer.status)"] ?? responses?["default"]
        let type = try #require(answer.headers["content-type"])
        let schema = try #require(response?["content"]?[type]?["schema"])
        #expect(check.differences(try answer.json(), from: schema) == [], "\(method) \(path)")
      }
      let id = try await gateway.made("order-1")
      try await gateway.chain.mine(.init(to: id, 100_000))
      try await gateway.chain.mineEmpty(5)
      let body =
        #"{"kind":"partial","amount":"0.0005","address":"\#(Self.address)","reason":"x"}"#
      let route = "/v1/payments/{id}/refunds"
      let wanted = try #require(
        paths[route]?["post"]?["requestBody"]?["content"]?["application/json"]?["schema"])
      #expect(check.differences(try JSONValue(parsing: Array(body.utf8)), from: wanted) == [])
      let made = try await gateway.refund(id, body)
      #expect(made.status == 201)
      try expectDescribed("post", route, made)
      try expectDescribed("post", route, try await gateway.refund(id, "{}"))
      try expectDescribed("post", route, try await gateway.refund("pay_x", body))
      try expectDescribed(
        "post", route,
        try await gateway.refund(
          id, #"{"kind":"partial","amount":"1","address":"\#(Self.address)"}"#))
      try expectDescribed("get", "/v1/refunds", try await gateway.get("/v1/refunds?limit=1"))
      let refund = try #require(made.json()["id"]?.string)
      try expectDescribed("get", "/v1/refunds/{id}", try await gateway.get("/v1/refunds/\(refund)"))
      for _ in 0..<2 {
        try expectDescribed(
          "post", "/v1/refunds/{id}/cancel",
          try await gateway.send("POST", "/v1/refunds/\(refund)/cancel"))
      }
      let schema = try #require(check.resolve("#/components/schemas/Refund"))
      let required = Set((schema["required"]?.elements ?? []).compactMap(\.string))
      #expect(try made.json().names == required.union(["order_id", "reason"]))
    }
  }

  @Test("an event holds the payment as its own route shows it, and the step")
  func eventData() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let payment = try await gateway.payment(id)
      let event = try #require(
        try await gateway.get("/v1/payments/\(id)/events").json()["data"]?.elements?.first)
      let data = try #require(event["data"])
      #expect(data.names == payment.names.union(["from", "to"]))
      for member in payment.members { #expect(data[member.name] == member.value) }
    }
  }
}
