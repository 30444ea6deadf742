import Database
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Settlement
import Tenancy
import Testing

@Suite("Requests with tokens")
struct TokenRequestTests {
  @Test("a token lets its person in, a broken or a stranger's one doesn't, and says why")
  func letIn() async throws {
    try await AccessScene.run { scene in
      let gateway = scene.gateway
      let good = try gateway.token("anna", .shopManager)
      func send(_ headers: [String: String]) async throws -> Answer {
        try await TestConnection(port: gateway.port).send("GET", "/v1/orders", headers: headers)
      }
      #expect(try await send(good).status == 200)
      let text = try #require(good["Authorization"])
      for header in [text + "x", String(text.dropLast(3)), "Bearer a.b.c", "Bearer ..", "Bearer x"]
      {
        let answer = try await send(["Authorization": header])
        try expect(answer, is: 401, "unauthorized")
        #expect(answer.headers["www-authenticate"]?.hasPrefix("Bearer realm=") == true)
      }
      let forged = try await send(["Authorization": text + "x"])
      #expect(forged.headers["www-authenticate"]?.contains(#"error="invalid_token""#) == true)
      #expect(try forged.json()["detail"]?.string?.contains("key that is known here") == true)
      let tenant = try gateway.token("anna", .shopManager, for: "nowhere")
      let unknown = try await send(tenant)
      try expect(unknown, is: 401, "unauthorized")
      #expect(try unknown.json()["detail"]?.string?.contains("tenant") == true)
      let long = "Bearer a.\(String(repeating: "b", count: 9_000)).c"
      try expect(try await send(["Authorization": long]), is: 401, "unauthorized")
    }
  }

  @Test("a token that is remembered isn't believed beyond its end")
  func ends() async throws {
    try await AccessScene.run { scene in
      let gateway = scene.gateway
      let token = try gateway.token("anna", .barista, lifetimeSeconds: 3)
      func status() async throws -> Int {
        try await TestConnection(port: gateway.port)
          .send("GET", "/v1/orders", headers: token).status
      }
      #expect(try await status() == 200)
      gateway.time.advance(milliseconds: 2_900)
      #expect(try await status() == 200)
      gateway.time.advance(milliseconds: 100)
      #expect(try await status() == 401)
    }
  }

  @Test("a stream ends with the token it was opened with")
  func streams() async throws {
    try await AccessScene.run { scene in
      let gateway = scene.gateway
      let connection = try TestConnection(port: gateway.port)
      var headers = try gateway.token("anna", .shopManager, lifetimeSeconds: 60)
      headers["Accept"] = "text/event-stream"
      try await connection.request("GET", "/v1/events", headers: headers)
      #expect(try await connection.answer().status == 200)
      try await gateway.made("order-1")
      try await gateway.sequence()
      var first: String?
      repeat { first = try await connection.event() } while first?.contains("data:") == false
      #expect(first?.contains("payment.created") == true)
      gateway.time.advance(seconds: 61)
      try await gateway.made("order-2")
      try await gateway.sequence()
      #expect(try await connection.event() == nil)
    }
  }

  @Test("who may not do it is told who may")
  func forbidden() async throws {
    try await AccessScene.run { scene in
      let answer = try await scene.send(
        "POST", "/v1/orders/ord_x/ready", by: "ada", .customer, .auditor)
      try expect(answer, is: 403, "forbidden")
      #expect(try answer.json()["roles"] == ["barista", "shop_manager"])
      #expect(try answer.json()["api_key"] == true)
      #expect(answer.headers["www-authenticate"]?.contains("insufficient_scope") == true)
      let key = try await scene.gateway.get("/v1/audit")
      try expect(key, is: 403, "forbidden")
      #expect(try key.json()["roles"] == ["auditor"] && key.json()["api_key"] == false)
      // Before anything is looked at: there is no such order, and no body.
      #expect(
        try await scene.send("POST", "/v1/orders/ord_x/ready", by: "bo", .barista).status == 404)
    }
  }

  @Test("a person's idempotency keys are their own")
  func idempotency() async throws {
    try await AccessScene.run { scene in
      let key = ["Idempotency-Key": "k"]
      func place(_ name: String, _ body: String = AccessScene.order()) async throws -> Answer {
        scene.gateway.time.advance(milliseconds: 1)
        return try await scene.send(
          "POST", "/v1/orders", by: name, .shopManager, headers: key, body: body)
      }
      let (ada, bob, again) = (
        try await place("ada"), try await place("bob"), try await place("ada")
      )
      #expect(ada.status == 201 && bob.status == 201 && again.status == 201)
      #expect(try ada.json()["id"] == again.json()["id"])
      #expect(try ada.json()["id"] != bob.json()["id"])
      try expect(
        try await place("ada", AccessScene.order(#","expires_in":60"#)), is: 409,
        "idempotency-key-reused")
      let program = try await scene.gateway.send(
        "POST", "/v1/orders", headers: key, body: AccessScene.order())
      #expect(try program.json()["id"] != ada.json()["id"])
      for bad in ["", "a b", String(repeating: "k", count: 256)] {
        let answer = try await scene.send(
          "POST", "/v1/orders", by: "ada", .shopManager, headers: ["Idempotency-Key": bad],
          body: AccessScene.order())
        #expect(answer.status == 400, "\(bad)")
      }
    }
  }

  @Test("a refund is approved by a person in their own name, and by another than who asked for it")
  func approving() async throws {
    var options = TestGateway.Options()
    options.policy.refunds.approvals = 1
    try await TestGateway.run(options) { gateway in
      let scene = AccessScene(gateway: gateway)
      let payment = try await gateway.made("order-1")
      try await gateway.chain.mine(.init(to: payment, 100_000))
      try await gateway.chain.mineEmpty(5)
      let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
      let asked = try await scene.send(
        "POST", "/v1/payments/\(payment)/refunds", by: "anna", .shopManager,
        body: #"{"kind":"full","address":"\#(address)"}"#)
      try #require(asked.status == 201, "\(asked.body)")
      let id = try #require(asked.json()["id"]?.string)
      let path = "/v1/refunds/\(id)/approve"
      try expect(
        try await scene.send("POST", path, by: "anna", .shopManager, body: "{}"), is: 403,
        "forbidden")
      try expect(
        try await scene.send("POST", path, by: "anna", .finance, body: "{}"), is: 409,
        "same-approver")
      try expect(
        try await scene.send("POST", path, by: "finn", .finance, body: #"{"by":"bea"}"#),
        is: 422, "invalid-field", field: "by")
      let approved = try await scene.send("POST", path, by: "finn", .finance, body: "{}")
      #expect(approved.status == 200, "\(approved.body)")
      #expect(try approved.json()["status"] == "approved")
      #expect(
        try await scene.log() == [
          "user:anna refund.request \(id)", "user:finn refund.approve \(id)",
        ])
    }
  }
}
