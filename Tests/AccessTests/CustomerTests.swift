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

  @Test("an order is placed, paid and canceled by its customer, and by no other one")
  func deciding() async throws {
    try await AccessScene.run { scene in
      let id = try await scene.place(by: "ada")
      let path = "/v1/orders/\(id)"
      let before = try await scene.gateway.get(path).body
      let payment = #"{"chain":"bitcoin-regtest","asset":"BTC"}"#
      let change = #"{"items":[{"product":"tea","quantity":1,"unit_price":"0.0002","stock":[]}]}"#
      for (method, part, body) in [
        ("PATCH", "", change), ("POST", "/pay", payment), ("POST", "/cancel", "{}"),
      ] {
        try expect(
          try await scene.send(method, path + part, by: "bob", .customer, body: body), is: 404,
          "not-found")
      }
      #expect(try await scene.gateway.get(path).body == before)
      for step in ["prepare", "ready", "complete"] {
        try expect(
          try await scene.send("POST", "\(path)/\(step)", by: "ada", .customer), is: 403,
          "forbidden")
      }
      for (method, part, body) in [
        ("PATCH", "", change), ("POST", "/pay", payment), ("POST", "/cancel", #"{"note":"x"}"#),
      ] {
        let answer = try await scene.send(method, path + part, by: "ada", .customer, body: body)
        #expect(answer.status == 200, "\(method) \(part): \(answer.body)")
      }
      let order = try await scene.gateway.get(path).json()
      #expect(order["status"] == "canceled")
      #expect(order["cancellation"]?["by"] == "ada")
      // Customers' own doings are no staff's.
      #expect(try await scene.log() == [])
    }
  }

  @Test("nobody places an order in another's name")
  func naming() async throws {
    try await AccessScene.run { scene in
      func place(_ more: String) async throws -> Answer {
        try await scene.send(
          "POST", "/v1/orders", by: "ada", .customer, body: AccessScene.order(more))
      }
      try expect(
        try await place(#","customer":"bob""#), is: 422, "invalid-field", field: "customer")
      #expect(try await place(#","customer":"ada""#).json()["customer"] == "ada")
      let staff = try await scene.send(
        "POST", "/v1/orders", by: "anna", .shopManager,
        body: AccessScene.order(#","customer":"bob""#))
      #expect(try staff.json()["customer"] == "bob")
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
