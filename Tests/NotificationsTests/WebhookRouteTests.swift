import Aggregates
import Database
import GatewayFixtures
import JSON
import LoopbackHTTP
import Notifications
import Testing

@Suite("Webhooks over HTTP")
struct WebhookRouteTests {
  private static let url = "https://hooks.shop.example/paywatch?key=abc"

  @Test("made, read, changed, disabled, enabled and deleted, each told without the URL's keys")
  func life() async throws {
    try await WebhookScene.run(policy: WebhookPolicy()) { scene in
      let made = try await scene.post(
        "/v1/webhooks",
        #"{"url":"\#(Self.url)","events":["payment.*","payment.*"],"description":"till"}"#)
      #expect(made.status == 201 && made.headers["cache-control"] == "no-store")
      let id = try #require(made.json()["id"]?.string)
      #expect(try made.json()["secret"]?.string?.hasPrefix("whsec_") == true)
      let webhook = try await scene.webhook(id)
      #expect(webhook["secret"] == nil && webhook["url"]?.string == Self.url)
      #expect(webhook["events"] == ["payment.*"] && webhook["status"] == "enabled")
      let path = "/v1/webhooks/\(id)"
      let changed = try await scene.gateway.send(
        "PATCH", path, body: #"{"events":["order.ready"],"enabled":false}"#
      ).json()
      #expect(changed["status"] == "disabled" && changed["disabled_reason"] == "requested")
      #expect(changed["description"] == "till" && changed["events"] == ["order.ready"])
      try expect(try await scene.post(path + "/test"), is: 409, "webhook-disabled")
      let enabled = try await scene.gateway.send("PATCH", path, body: #"{"enabled":true}"#).json()
      #expect(enabled["status"] == "enabled" && enabled["disabled_at"] == nil)
      #expect(try await scene.gateway.send("DELETE", path).json()["status"] == "deleted")
      try expect(try await scene.gateway.get(path), is: 404, "not-found")
      try expect(try await scene.post(path + "/rotate"), is: 404, "not-found")
      #expect(try await scene.gateway.all("/v1/webhooks", limit: 5) == [])
      #expect(
        try await scene.told(id) == [
          "webhook.created", "webhook.updated", "webhook.disabled", "webhook.updated",
          "webhook.deleted",
        ])
      let texts = try await scene.gateway.database.read { connection in
        let rows =
          try connection.query("SELECT data FROM events")
          + connection.query("SELECT data FROM outbox")
        return try rows.map { try $0.text("data") }
      }
      #expect(texts.allSatisfy { !$0.contains("key=abc") && !$0.contains("whsec_") })
      let left = try await scene.gateway.database.read {
        try $0.queryFirst("SELECT COUNT(*) AS n FROM webhook_secrets")?.integer("n")
      }
      #expect(left == 0)
      let actions = try await scene.gateway.database.read {
        try $0.query("SELECT action FROM audit_log ORDER BY position").map { try $0.text("action") }
      }
      #expect(actions == ["webhook.create", "webhook.update", "webhook.update", "webhook.delete"])
      let report = try await WebhookService.rebuild(scene.gateway.database, writing: false)
      #expect(report.records == 1 && report.differing == [])
    }
  }

  @Test("a test event, and a page behind a delivery that is gone")
  func audited() async throws {
    try await WebhookScene.run(policy: WebhookPolicy()) { scene in
      let body = WebhookScene.body(Self.url)
      let webhook = try await scene.post("/v1/webhooks", body).json()
      let id = try #require(webhook["id"]?.string)
      for _ in 0..<2 {
        #expect(try await scene.post("/v1/webhooks/\(id)/test", key: "same").status == 202)
      }
      let actions = try await scene.gateway.database.read {
        try $0.query("SELECT action FROM audit_log ORDER BY position").map { try $0.text("action") }
      }
      #expect(actions == ["webhook.create", "webhook.test"])
      let gone = "ntf_01jz0000000000000000000000"
      for path in ["/v1/deliveries", "/v1/webhooks/\(id)/deliveries"] {
        try expect(
          try await scene.gateway.get("\(path)?after=\(gone)"), is: 410, "cursor-expired")
      }
    }
  }

  @Test("a secret is shown once: who repeats the request gets the same webhook without")
  func shownOnce() async throws {
    try await WebhookScene.run(policy: WebhookPolicy()) { scene in
      let body = WebhookScene.body(Self.url)
      let first = try await scene.post("/v1/webhooks", body, key: "k1").json()
      let second = try await scene.post("/v1/webhooks", body, key: "k1")
      #expect(second.status == 201)
      #expect(try second.json()["id"] == first["id"] && second.json()["secret"] == nil)
      #expect(try await scene.gateway.all("/v1/webhooks", limit: 5).count == 1)
      let id = try #require(first["id"]?.string)
      let rotated = try await scene.post("/v1/webhooks/\(id)/rotate", key: "k2")
      #expect(rotated.status == 200)
      #expect(try rotated.json()["secret"] != first["secret"])
      #expect(try await scene.post("/v1/webhooks/\(id)/rotate", key: "k2").json()["secret"] == nil)
      let count = try await scene.gateway.database.read {
        try $0.queryFirst("SELECT COUNT(*) AS n FROM webhook_secrets")?.integer("n")
      }
      #expect(count == 2)
    }
  }

  @Test(
    "what can't be used is refused, with the field",
    arguments: [
      (#"{"url":"http://a.example","events":["*"]}"#, "url"),
      (#"{"url":"https://169.254.169.254/latest","events":["*"]}"#, "url"),
      (#"{"url":"https://[::1]/","events":["*"]}"#, "url"),
      (#"{"url":"https://a.example@b.example","events":["*"]}"#, "url"),
      (#"{"events":["*"]}"#, "url"),
      (#"{"url":"https://a.example"}"#, "events"),
      (#"{"url":"https://a.example","events":[]}"#, "events"),
      (#"{"url":"https://a.example","events":"*"}"#, "events"),
      (#"{"url":"https://a.example","events":["*","notification.*"]}"#, "events[1]"),
      (#"{"url":"https://a.example","events":[1]}"#, "events[0]"),
      (#"{"url":"https://a.example","events":["*"],"secret":"x"}"#, "secret"),
    ])
  func refusals(body: String, field: String) async throws {
    try await WebhookScene.run(policy: WebhookPolicy()) { scene in
      try expect(
        try await scene.post("/v1/webhooks", body), is: 422, "invalid-field", field: field)
      #expect(try await scene.gateway.all("/v1/webhooks", limit: 5) == [])
    }
  }

  @Test("a tenant has its own webhooks and deliveries, up to fifty webhooks")
  func tenants() async throws {
    try await WebhookScene.run(policy: WebhookPolicy()) { scene in
      let (id, _) = try await scene.made(Self.url)
      let tested = try await scene.post("/v1/webhooks/\(id)/test")
      #expect(tested.status == 202)
      let delivery = try #require(tested.json()["id"]?.string)
      let other = TestGateway.otherTenant
      for path in ["/v1/webhooks/\(id)", "/v1/deliveries/\(delivery)"] {
        #expect(try await scene.gateway.get(path).status == 200)
        try expect(try await scene.gateway.get(path, as: other), is: 404, "not-found")
      }
      try expect(
        try await scene.post("/v1/deliveries/\(delivery)/retry", as: other), is: 404, "not-found")
      try expect(try await scene.post("/v1/webhooks/\(id)/rotate", as: other), is: 404, "not-found")
      for path in ["/v1/webhooks", "/v1/deliveries", "/v1/webhooks/\(id)/deliveries"] {
        #expect(try await scene.gateway.all(path, limit: 5, as: other) == [])
        #expect(try await scene.gateway.all(path, limit: 5).count == 1)
      }
      for _ in 2...WebhookService.maximumCount { _ = try await scene.made(Self.url) }
      try expect(
        try await scene.post("/v1/webhooks", WebhookScene.body(Self.url)), is: 409,
        "too-many-webhooks")
      #expect(try await scene.gateway.all("/v1/webhooks", limit: 7).count == 50)
      _ = try await scene.made(Self.url, as: other)
    }
  }
}
