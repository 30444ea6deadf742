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
