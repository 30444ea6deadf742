import Audit
import Bytes
import Database
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import SchemaChecking
import Tenancy
import Testing

@Suite("What staff do is recorded")
struct AuditedActionTests {
  @Test("each action of staff and of the tenant's programs, once, with who did it")
  func actions() async throws {
    try await AccessScene.run { scene in
      let gateway = scene.gateway
      let made = try await scene.send(
        "POST", "/v1/supplies", by: "anna", .shopManager,
        body: #"{"location":"old town","product":"beans","unit":"g","on_hand":10}"#)
      try #require(made.status == 201, "\(made.body)")
      let supply = try #require(made.json()["id"]?.string)
      for body in [#"{"change":-3,"reason":"waste"}"#, #"{"counted":6}"#, #"{"counted":6}"#] {
        let adjusted = try await scene.send(
          "POST", "/v1/supplies/\(supply)/adjust", by: "bo", .barista, body: body)
        #expect(adjusted.status == 200, "\(adjusted.body)")
      }
      let patched = try await gateway.send(
        "PATCH", "/v1/supplies/\(supply)", body: #"{"name":"House blend"}"#)
      #expect(patched.status == 200, "\(patched.body)")
      let payment = try await gateway.made("order-1")
      for _ in 0..<2 {
        let canceled = try await scene.send(
          "POST", "/v1/payments/\(payment)/cancel", by: "anna", .shopManager)
        #expect(canceled.status == 200)
      }
      let refused = try await scene.send(
        "POST", "/v1/payments/\(payment)/resolve", by: "anna", .shopManager,
        body: #"{"action":"accept","due_minor":"1"}"#)
      #expect(refused.status == 409)
      let order = try await scene.send(
        "POST", "/v1/orders", by: "anna", .shopManager, body: AccessScene.order())
      let id = try #require(order.json()["id"]?.string)
      #expect(try await gateway.send("POST", "/v1/orders/\(id)/cancel", body: "{}").status == 200)
      let key = try #require(gateway.keys[TestGateway.tenant]?.digest.hex.prefix(12))
      let expected = [
        "user:anna supply.create \(supply)", "user:bo supply.adjust \(supply)",
        "user:bo supply.adjust \(supply)",
        "key:\(key) supply.update \(supply)", "user:anna payment.cancel \(payment)",
        "user:anna order.place \(id)", "key:\(key) order.cancel \(id)",
      ]
      #expect(try await scene.log() == expected)
      let broken = try await gateway.database.read {
        try AuditVerification().verify(TestGateway.tenant, in: $0).broken
      }
      #expect(broken == nil)
    }
  }

  @Test("what is refused or repeated leaves no record")
  func nothing() async throws {
    try await AccessScene.run { scene in
      let id = try await scene.place(by: "ada")
      for step in ["prepare", "ready", "complete"] {
        let answer = try await scene.send("POST", "/v1/orders/\(id)/\(step)", by: "bo", .barista)
        #expect(answer.status == 409)
      }
      #expect(try await scene.log() == [])
      for _ in 0..<3 {
        let answer = try await scene.send(
          "POST", "/v1/orders/\(id)/cancel", by: "anna", .shopManager, body: "{}")
        #expect(answer.status == 200)
      }
      #expect(try await scene.log() == ["user:anna order.cancel \(id)"])
    }
  }

  @Test("of many decisions at once each that held is recorded, and the chain holds")
  func races() async throws {
    try await AccessScene.run { scene in
      var ids: [String] = []
      for _ in 0..<12 { ids.append(try await scene.place(by: "ada")) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for id in ids {
          for name in ["anna", "bea", "cleo"] {
            group.addTask {
              let answer = try await scene.send(
                "POST", "/v1/orders/\(id)/cancel", by: name, .shopManager, body: "{}")
              #expect(answer.status == 200, "\(answer.body)")
            }
          }
        }
        try await group.waitForAll()
      }
      let log = try await scene.log()
      #expect(log.count == ids.count)
      #expect(Set(log.compactMap { $0.split(separator: " ").last.map(String.init) }) == Set(ids))
      let broken = try await scene.gateway.database.read {
        try AuditVerification().verify(TestGateway.tenant, in: $0).broken
      }
      #expect(broken == nil)
    }
  }

  @Test("the tenant's auditors read it page by page, as it is described")
  func reading() async throws {
    try await AccessScene.run { scene in
      let gateway = scene.gateway
      for number in 0..<5 {
        let payment = try await gateway.made("order-\(number)")
        _ = try await scene.send(
          "POST", "/v1/payments/\(payment)/cancel", by: number == 3 ? "bea" : "anna", .shopManager)
      }
      let check = SchemaCheck(document: try await gateway.get("/openapi.json").json())
      let schema = try #require(
        check.document["paths"]?["/v1/audit"]?["get"]?["responses"]?["200"]?["content"]?[
          "application/json"]?["schema"])
      var positions: [JSONValue?] = []
      var after = "0"
      while true {
        let answer = try await scene.send(
          "GET", "/v1/audit?limit=2&after=\(after)", by: "otto", .auditor)
        try #require(answer.status == 200, "\(answer.body)")
        #expect(check.differences(try answer.json(), from: schema) == [])
        let records = try answer.json()["data"]?.elements ?? []
        if records.isEmpty { break }
        positions += records.map { $0["position"] }
        after = try #require(answer.json()["next_after"]?.string)
      }
      #expect(positions == [1, 2, 3, 4, 5])
      let bea = try await scene.send("GET", "/v1/audit?actor=user:bea", by: "otto", .auditor)
      #expect(try bea.json()["data"]?.elements?.count == 1)
      let stranger = try gateway.token("otto", .auditor, for: TestGateway.otherTenant)
      let theirs = try await TestConnection(port: gateway.port)
        .send("GET", "/v1/audit", headers: stranger)
      #expect(try theirs.json()["data"] == [])
      for query in ["after=x", "after=-1", "limit=0", "x=y"] {
        let answer = try await scene.send("GET", "/v1/audit?\(query)", by: "otto", .auditor)
        #expect(answer.status == 422, "\(query)")
      }
    }
  }
}
