import Foundation
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Tenancy
import TestDatabases
import Testing

@Suite("Customers see and change only what is theirs")
struct CustomerTests {
  private func ids(_ answer: Answer) throws -> [String] {
    (try answer.json()["data"]?.elements ?? []).compactMap { $0["id"]?.string }
  }

  @Test("their orders are listed and shown to them, others' aren't there")
  func reading() async throws {
    try await AccessScene.run { scene in
      let (ada, bob) = (try await scene.place(by: "ada"), try await scene.place(by: "bob"))
      let nobody = try await scene.gateway.send(
        "POST", "/v1/orders", headers: ["Idempotency-Key": "n"], body: AccessScene.order())
      let open = try #require(nobody.json()["id"]?.string)
      func list(_ query: String = "") async throws -> [String] {
        try await scene.gateway.database.settle()
        return try ids(
          try await scene.send("GET", "/v1/orders\(query)", by: "ada", .customer))
      }
      #expect(try await list() == [ada])
      #expect(try await list("?customer=ada") == [ada])
      #expect(try await list("?customer=bob") == [])
      #expect(try await list("?status=pending&limit=1") == [ada])
      let own = try await scene.send("GET", "/v1/orders/\(ada)", by: "ada", .customer)
      #expect(own.status == 200)
      #expect(try own.json()["customer"] == "ada")
      let none = try await scene.send("GET", "/v1/orders/ord_x", by: "ada", .customer)
      for other in [bob, open] {
        let answer = try await scene.send("GET", "/v1/orders/\(other)", by: "ada", .customer)
        try expect(answer, is: 404, "not-found")
        // Just as one that isn't there at all.
        #expect(
          try answer.json()["detail"]?.string?.replacing(other, with: "ord_x")
            == none.json()["detail"]?.string)
      }
      // Who is more than a customer sees more.
      let both = try await scene.send("GET", "/v1/orders", by: "ada", .customer, .barista)
      #expect(try ids(both).count == 3)
    }
  }

  @Test("an order is paid and canceled by its customer, and by no other one")
  func deciding() async throws {
    try await AccessScene.run { scene in
      let id = try await scene.place(by: "ada")
      let path = "/v1/orders/\(id)"
      let before = try await scene.gateway.get(path).body
      let payment = #"{"chain":"bitcoin-regtest","asset":"BTC"}"#
      for (part, body) in [("/pay", payment), ("/cancel", "{}")] {
        try expect(
          try await scene.send("POST", path + part, by: "bob", .customer, body: body), is: 404,
          "not-found")
      }
      #expect(try await scene.gateway.get(path).body == before)
      for step in ["prepare", "ready", "complete"] {
        try expect(
          try await scene.send("POST", "\(path)/\(step)", by: "ada", .customer), is: 403,
          "forbidden")
      }
      for (part, body) in [("/pay", payment), ("/cancel", #"{"note":"x"}"#)] {
        let answer = try await scene.send("POST", path + part, by: "ada", .customer, body: body)
        #expect(answer.status == 200, "\(part): \(answer.body)")
      }
      let order = try await scene.gateway.get(path).json()
      #expect(order["status"] == "canceled")
      #expect(order["cancellation"]?["by"] == "ada")
      // Customers' own doings are no staff's.
      #expect(try await scene.log() == [])
    }
  }

  @Test("no customer says what something costs")
  func pricing() async throws {
    try await AccessScene.run { scene in
      let cheap = #"{"items":[{"product":"tea","quantity":1,"unit_price":"0","stock":[]}]}"#
      let id = try await scene.place(by: "ada")
      for (method, path, body) in [
        ("POST", "/v1/orders", AccessScene.order()), ("PATCH", "/v1/orders/\(id)", cheap),
      ] {
        let answer = try await scene.send(method, path, by: "ada", .customer, body: body)
        try expect(answer, is: 403, "forbidden")
      }
      let placed = try await scene.send(
        "POST", "/v1/orders", by: "anna", .shopManager,
        body: #"{"location":"l","customer":"ada","currency":"USD","#
          + #""items":[{"product":"tea","quantity":1,"unit_price":"4.50","stock":[]}]}"#)
      let priced = try #require(try placed.json()["id"]?.string)
      func pay(_ more: String, _ roles: UserRole) async throws -> Answer {
        try await scene.send(
          "POST", "/v1/orders/\(priced)/pay", by: "ada", roles,
          body: #"{"chain":"bitcoin-regtest","asset":"BTC"\#(more)}"#)
      }
      let named = #","amount":"0.00000001""#
      try expect(
        try await pay(named, .customer), is: 422, "invalid-field", field: "amount")
      // Nobody knows a rate here.
      try expect(try await pay("", .customer), is: 422, "invalid-field", field: "asset")
      try expect(try await pay("", .shopManager), is: 422, "invalid-field", field: "amount")
      #expect(try await pay(named, .shopManager).status == 200)
    }
  }

  @Test("names that only look alike are different customers'")
  func lookalikes() async throws {
    try await AccessScene.run { scene in
      let (composed, decomposed) = ("jos\u{e9}", "jose\u{301}")
      #expect(composed == decomposed)
      let id = try await scene.place(by: composed)
      let path = "/v1/orders/\(id)"
      #expect(try await scene.send("GET", path, by: composed, .customer).status == 200)
      try expect(
        try await scene.send("GET", path, by: decomposed, .customer), is: 404, "not-found")
      try expect(
        try await scene.send("POST", "\(path)/cancel", by: decomposed, .customer, body: "{}"),
        is: 404, "not-found")
      try await scene.gateway.database.settle()
      for name in [composed, decomposed] {
        let query = try #require(
          name.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let list = try await scene.send(
          "GET", "/v1/orders?customer=\(query)", by: decomposed, .customer)
        #expect(try ids(list) == [])
      }
    }
  }

  @Test("a customer's stock isn't kept from others for longer than the shop allows")
  func expiry() async throws {
    try await AccessScene.run { scene in
      func pay(_ id: String, _ seconds: Int, _ role: UserRole) async throws -> Answer {
        try await scene.send(
          "POST", "/v1/orders/\(id)/pay", by: "ada", role,
          body: #"{"chain":"bitcoin-regtest","asset":"BTC","expires_in":\#(seconds)}"#)
      }
      let id = try await scene.place(by: "ada")
      for seconds in [901, 86_400] {
        try expect(
          try await pay(id, seconds, .customer), is: 422, "invalid-field", field: "expires_in")
      }
      #expect(try await pay(id, 900, .customer).status == 200)
      // The shop itself may say so, and may give a customer longer.
      #expect(try await pay(scene.place(by: "ada"), 86_400, .shopManager).status == 200)
      let placed = try await scene.send(
        "POST", "/v1/orders", by: "anna", .shopManager,
        body: AccessScene.order(#","customer":"ada","expires_in":3600"#))
      let longer = try #require(placed.json()["id"]?.string)
      #expect(try await pay(longer, 3_600, .customer).status == 200)
    }
  }

  @Test("one customer can't use up how often all may pay")
  func limits() async throws {
    let limits = RouteLimits(
      perTenant: RateLimiter(RateLimit(burst: 4, perMinute: 4)),
      perCustomer: RateLimiter(RateLimit(burst: 2, perMinute: 1)))
    try await AccessScene.run(limits: limits) { scene in
      func pay(_ name: String) async throws -> Answer {
        try await scene.send("POST", "/v1/orders/ord_x/pay", by: name, .customer, body: "{}")
      }
      for status in [404, 404, 429, 429, 429] {
        #expect(try await pay("mallory").status == status)
      }
      let refused = try await pay("mallory")
      #expect(refused.headers["retry-after"] == "60")
      // What was refused took nothing of the tenant's.
      #expect(try await pay("ada").status == 404)
      #expect(
        try await scene.send(
          "POST", "/v1/orders/ord_x/pay", by: "anna", .shopManager, body: "{}"
        ).status == 404)
      #expect(try await pay("ada").status == 429)
    }
  }

  @Test("a customer of one tenant is nobody at another")
  func tenants() async throws {
    try await AccessScene.run { scene in
      let id = try await scene.place(by: "ada")
      let stranger = try scene.gateway.token("ada", .customer, for: TestGateway.otherTenant)
      let answer = try await TestConnection(port: scene.gateway.port)
        .send("GET", "/v1/orders/\(id)", headers: stranger)
      try expect(answer, is: 404, "not-found")
      let manager = try scene.gateway.token("m", .shopManager, for: TestGateway.otherTenant)
      let list = try await TestConnection(port: scene.gateway.port)
        .send("GET", "/v1/orders", headers: manager)
      #expect(try ids(list) == [])
    }
  }
}
