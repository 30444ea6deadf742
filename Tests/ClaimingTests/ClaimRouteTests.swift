import Claiming
import Database
import EventLog
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import SchemaChecking
import TestDatabases
import Testing

@Suite("Claims over HTTP")
struct ClaimRouteTests {
  @Test("the same key gives the same answer; everybody else learns that it was handed over")
  func idempotency() async throws {
    try await ClaimScene.run { scene in
      let (_, claim) = try await scene.claimed()
      let code = try await scene.code(claim)
      let first = try await scene.show(code, for: claim, key: "k")
      let again = try await scene.show(code, for: claim, key: "k")
      #expect(first.status == 200 && again.status == 200 && first.body == again.body)
      try expect(try await scene.show(code, for: claim), is: 409, "claim-processed")
      try expect(
        try await scene.show(wrongCode(1, not: code), for: claim, key: "k"), is: 409,
        "idempotency-key-reused")
      let missing = try await scene.gateway.send(
        "POST", "/v1/claims/\(claim)/process", body: #"{"code":"\#(code)"}"#)
      try expect(missing, is: 400, "idempotency-key-missing")
      #expect(try await scene.types(claim) == ["claim.created", "claim.processed"])
    }
  }

  @Test("hundreds at once over HTTP: one is handed the order")
  func race() async throws {
    try await ClaimScene.run { scene in
      let (_, claim) = try await scene.claimed()
      let code = try await scene.code(claim)
      let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
        // Half of them repeat another's request.
        for number in 0..<200 {
          group.addTask { try await scene.show(code, for: claim, key: "key-\(number / 2)") }
        }
        return try await group.reduce(into: [Answer]()) { $0.append($1) }
      }
      // The winner and who repeated its request.
      #expect(answers.count { $0.status == 200 } == 2)
      #expect(answers.count { $0.status == 409 } == 198)
      #expect(try await scene.types(claim) == ["claim.created", "claim.processed"])
    }
  }

  @Test("wrong codes are counted, once for each request, and lock the claim until it is renewed")
  func attempts() async throws {
    try await ClaimScene.run { scene in
      let (_, claim) = try await scene.claimed()
      let code = try await scene.code(claim)
      for number in 1...5 {
        let wrong = wrongCode(number, not: code)
        for _ in 0..<2 {
          let answer = try await scene.show(wrong, for: claim, key: "wrong-\(number)")
          try expect(answer, is: 403, "claim-code-wrong")
          #expect(try answer.json()["attempts_left"] == .integer(5 - number))
        }
      }
      let locked = try await scene.claim(claim)
      #expect(locked["locked"] == true && locked["status"] == "open")
      try expect(try await scene.show(code, for: claim), is: 409, "claim-locked")
      let renewed = try await scene.post("/v1/claims/\(claim)/renew")
      #expect(renewed.status == 200)
      #expect(try renewed.json()["locked"] == false)
      #expect(try renewed.json()["attempts_left"] == 5)
      let other = try await scene.code(claim)
      #expect(other != code)
      try expect(try await scene.show(code, for: claim), is: 403, "claim-code-wrong")
      // As somebody types it.
      let typed = other.lowercased().replacing("-", with: "").replacing("0", with: "o")
        .replacing("1", with: "l")
      #expect(try await scene.show(typed, for: claim).status == 200)
      try expect(
        try await scene.post("/v1/claims/\(claim)/renew"), is: 409, "claim-processed")
      try await scene.expectSound()
    }
  }

  @Test("what can't be a code is no attempt")
  func fields() async throws {
    try await ClaimScene.run { scene in
      let (_, claim) = try await scene.claimed()
      let path = "/v1/claims/\(claim)/process"
      for (body, field) in [
        (#"{"code":"U123-4567-89AB-CDEF"}"#, "code"), (#"{"code":"123"}"#, "code"),
        (#"{"code":""}"#, "code"), (#"{"code":7}"#, "code"), ("{}", "code"),
        (#"{"code":"0123-4567-89AB-CDEF","by":""}"#, "by"),
        (#"{"code":"0123-4567-89AB-CDEF","who":"bo"}"#, "who"),
      ] {
        try expect(
          try await scene.post(path, body), is: 422, "invalid-field", field: field)
      }
      for (body, field) in [
        (#"{"courier":"cy"}"#, "address"), (#"{"address":"here"}"#, "courier"),
        (#"{"courier":"","address":"here"}"#, "courier"),
      ] {
        try expect(
          try await scene.post("/v1/claims/\(claim)/delivery", body), is: 422, "invalid-field",
          field: field)
      }
      #expect(try await scene.claim(claim)["attempts_left"] == 5)
      try expect(
        try await scene.show("0123-4567-89AB-CDEF", for: "clm_x"), is: 404, "not-found")
      #expect(try await scene.count("idempotency_keys") > 0)
    }
  }

  @Test("a courier is named, sets out, and delivers with the code; the address goes with the claim")
  func delivery() async throws {
    try await ClaimScene.run { scene in
      let (_, claim) = try await scene.claimed()
      let path = "/v1/claims/\(claim)/delivery"
      try expect(try await scene.post("\(path)/pickup"), is: 409, "claim-not-delivered")
      try expect(try await scene.gateway.get(path), is: 409, "claim-not-delivered")
      let body = #"{"courier":"cy","address":"Elm Street 5, third floor"}"#
      let named = try await scene.post(path, body)
      #expect(named.status == 200 && !named.body.contains("Elm"))
      #expect(try named.json()["how"] == "delivery")
      #expect(try await scene.post(path, body).json()["version"] == named.json()["version"])
      let moved = try await scene.post(path, body.replacing("5", with: "6"))
      #expect(try moved.json()["delivery"]?["revision"] == 2)
      let place = try await scene.gateway.get(path)
      #expect(try place.json()["address"] == "Elm Street 6, third floor")
      #expect(place.headers["cache-control"] == "no-store")

      let back = try await scene.gateway.send("DELETE", path)
      #expect(try back.json()["how"] == "pickup")
      #expect(try await scene.count("claim_addresses") == 0)
      _ = try await scene.post(path, body)
      #expect(
        try await scene.post("\(path)/pickup").json()["delivery"]?["status"] == "picked_up")
      let delivered = try await scene.show(scene.code(claim), for: claim)
      #expect(try delivered.json()["delivery"]?["status"] == "delivered")
      #expect(try await scene.count("claim_addresses") == 0)
      for event in try await scene.events(claim) { #expect(!event.json.contains("Elm")) }
      try expect(try await scene.post(path, body), is: 409, "claim-processed")
      try await scene.expectSound()
    }
  }

  @Test("only its home region decides about a claim; others read it")
  func regions() async throws {
    try await ClaimScene.run { scene in
      let (order, here) = try await scene.claimed()
      let now = scene.time.now
      let there = try await scene.database.write { connection in
        try ClaimRecords().issue(
          ClaimTerms(
            id: "clm_us", tenant: TestGateway.tenant, order: "ord_us", location: "bay",
            region: "us"),
          ClaimCode(random: (1, 1)), sequence: 1, now: now, in: connection
        ).id
      }
      let path = "/v1/claims/\(there)"
      let code = try await scene.code(there)
      for answer in [
        try await scene.show(code, for: there), try await scene.post("\(path)/renew"),
        try await scene.post("\(path)/delivery", #"{"courier":"c","address":"a"}"#),
        try await scene.post("\(path)/delivery/pickup"),
        try await scene.gateway.send("DELETE", "\(path)/delivery"),
      ] {
        try expect(answer, is: 421, "claim-elsewhere")
        #expect(try answer.json()["region"] == "us")
      }
      #expect(try await scene.claim(there)["version"] == 1)
      #expect(try await scene.claim(ofOrder: order)["id"] == .string(here))
    }
  }

  @Test("another tenant's claims aren't there, nor their codes")
  func tenants() async throws {
    try await ClaimScene.run { scene in
      let (order, claim) = try await scene.claimed()
      let (gateway, other) = (scene.gateway, TestGateway.otherTenant)
      let code = try await scene.code(claim)
      for path in [
        "/v1/claims/\(claim)", "/v1/claims/\(claim)/code", "/v1/claims/\(claim)/qr.svg",
        "/v1/claims/\(claim)/delivery", "/v1/orders/\(order)/claim",
      ] {
        try expect(try await gateway.get(path, as: other), is: 404, "not-found")
        let open = try await TestConnection(port: gateway.port).send("GET", path, headers: [:])
        try expect(open, is: 401, "unauthorized")
      }
      try expect(
        try await scene.post(
          "/v1/claims/\(claim)/process", #"{"code":"\#(code)"}"#, as: other), is: 404,
        "not-found")
      try expect(
        try await scene.post("/v1/claims/\(claim)/renew", as: other), is: 404, "not-found")
      #expect(try await gateway.all("/v1/claims", limit: 5, as: other) == [])
      #expect(try await scene.claim(claim)["version"] == 1)
    }
  }

  @Test("lists go page by page in the order of issuing, and by what claims are")
  func lists() async throws {
    try await ClaimScene.run { scene in
      for number in 1...5 {
        scene.time.advance(milliseconds: 1)
        try await scene.tell("ready", of: "ord_\(number)")
        if number == 4 { try await scene.tell("canceled", of: "ord_4") }
        try await scene.hearOrders()
      }
      let gateway = scene.gateway
      func found(_ query: String) async throws -> [String?] {
        try await gateway.all("/v1/claims\(query)", limit: 2).map { $0["order_id"]?.string }
      }
      #expect(try await found("") == (1...5).map { "ord_\($0)" })
      #expect(try await found("?status=canceled") == ["ord_4"])
      #expect(try await found("?status=open").count == 4)
      #expect(try await found("?location=nowhere") == [])
      for (query, field) in [
        ("after=ord_1", "after"), ("status=x", "status"), ("limit=0", "limit"),
      ] {
        try expect(
          try await gateway.get("/v1/claims?\(query)"), is: 422, "invalid-field", field: field)
      }
    }
  }

  @Test("what the routes take and answer, and what is told, is as described")
  func described() async throws {
    try await ClaimScene.run { scene in
      let gateway = scene.gateway
      let check = SchemaCheck(document: try await gateway.get("/openapi.json").json())
      let paths = try #require(check.document["paths"])
      func expectDescribed(_ method: String, _ path: String, _ answer: Answer) throws {
        let responses = paths[path]?[method]?["responses"]
        let response = responses?["\(answer.status)"] ?? responses?["default"]
        let type = try #require(answer.headers["content-type"])
        let content = try #require(
          response?["content"]?[type], "\(method) \(path) \(answer.status)")
        guard let schema = content["schema"], type.contains("json") else { return }
        #expect(check.differences(try answer.json(), from: schema) == [], "\(method) \(path)")
      }
      func expectTaken(_ path: String, _ body: String) throws {
        let schema = try #require(
          paths[path]?["post"]?["requestBody"]?["content"]?["application/json"]?["schema"])
        #expect(check.differences(try JSONValue(parsing: Array(body.utf8)), from: schema) == [])
      }
      let (order, claim) = try await scene.claimed()
      let (path, route) = ("/v1/claims/\(claim)", "/v1/claims/{id}")
      try await gateway.database.settle()
      try expectDescribed("get", "/v1/claims", try await gateway.get("/v1/claims?limit=1"))
      try expectDescribed("get", route, try await gateway.get(path))
      try expectDescribed("get", route, try await gateway.get("/v1/claims/x"))
      try expectDescribed(
        "get", "/v1/orders/{id}/claim", try await gateway.get("/v1/orders/\(order)/claim"))
      let told = try await gateway.get("\(path)/code")
      try expectDescribed("get", "\(route)/code", told)
      #expect(told.headers["cache-control"] == "no-store")
      let image = try await gateway.get("\(path)/qr.svg")
      try expectDescribed("get", "\(route)/qr.svg", image)
      #expect(image.headers["cache-control"] == "no-store")
      #expect(image.body.hasPrefix("<svg"))

      let delivery = #"{"courier":"cy","address":"Elm Street 5"}"#
      try expectTaken("\(route)/delivery", delivery)
      try expectDescribed(
        "post", "\(route)/delivery", try await scene.post("\(path)/delivery", delivery))
      try expectDescribed("get", "\(route)/delivery", try await gateway.get("\(path)/delivery"))
      try expectDescribed(
        "post", "\(route)/delivery/pickup", try await scene.post("\(path)/delivery/pickup"))
      try expectDescribed(
        "delete", "\(route)/delivery", try await gateway.send("DELETE", "\(path)/delivery"))
      try expectDescribed("get", "\(route)/delivery", try await gateway.get("\(path)/delivery"))

      let code = try await scene.code(claim)
      try expectTaken("\(route)/process", #"{"code":"\#(code)","by":"bo"}"#)
      let process = "\(route)/process"
      try expectDescribed(
        "post", process, try await scene.show(wrongCode(1, not: code), for: claim))
      try expectDescribed("post", "\(route)/renew", try await scene.post("\(path)/renew"))
      try expectDescribed(
        "post", process, try await scene.show(try await scene.code(claim), for: claim))
      try expectDescribed("post", process, try await scene.show(code, for: claim))
      try expectDescribed("post", "\(route)/renew", try await scene.post("\(path)/renew"))
      try expectDescribed("get", "\(route)/code", try await gateway.get("\(path)/code"))
      try await scene.hear()
      let (_, other) = try await scene.claimed()
      try await scene.tell(
        "canceled",
        of: try #require(
          try await scene.claim(other)["order_id"]?.string))
      try await scene.hearOrders()
      try expectDescribed("get", route, try await gateway.get("/v1/claims/\(other)"))

      let published = try EventSchemaCheck()
      var types: Set<String> = []
      for subject in [claim, other] {
        for event in try await scene.events(subject) {
          #expect(try published.differences(event) == [], "\(event.json)")
          types.insert(event.type)
        }
      }
      #expect(types == ["claim.created", "claim.updated", "claim.processed", "claim.canceled"])
      let last = try await scene.events(order).suffix(2)
      #expect(last.map(\.type) == ["order.claimed", "order.completed"])
      for event in last { #expect(try published.differences(event) == [], "\(event.json)") }
    }
  }
}
