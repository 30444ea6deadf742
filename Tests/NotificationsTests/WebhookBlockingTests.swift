import Database
import GatewayFixtures
import HTTPClient
import JSON
import LoopbackHTTP
import Notifications
import Testing

@Suite("Webhooks to places inside")
struct WebhookBlockingTests {
  private func note(_ scene: WebhookScene, _ id: String) async throws -> (String?, String?) {
    let delivery = try #require(try await scene.deliveries(id).last)
    return (delivery["status"]?.string, delivery["last_attempt"]?["detail"]?.string)
  }

  @Test(
    "a host that leads to a place inside is blocked, also where other addresses are public",
    arguments: [
      ["169.254.169.254"], ["127.0.0.1"], ["93.184.216.34", "10.0.0.7"], ["::1"],
      ["2606:4700::1111", "::ffff:169.254.169.254"], ["100.64.0.1"],
    ])
  func inside(addresses: [String]) async throws {
    try await WebhookScene.run { scene in
      var scene = scene
      scene.allows = { AddressScope.isPublic($0) }
      let receiver = try Receiver()
      scene.names.set("hooks.example", addresses)
      let (id, _) = try await scene.made("http://hooks.example:\(receiver.server.port)/")
      _ = try await scene.post("/v1/webhooks/\(id)/test")
      #expect(try await scene.work() == 1)
      let (status, detail) = try await note(scene, id)
      #expect(status == "failed" && detail?.hasPrefix("Blocked: ") == true, "\(detail ?? "")")
      #expect(receiver.server.connectionCount == 0)
      scene.gateway.time.advance(seconds: 86_400)
      #expect(try await scene.work() == 0)
    }
  }

  @Test("an address in the URL is checked at each attempt, too")
  func literal() async throws {
    try await WebhookScene.run { scene in
      var scene = scene
      scene.allows = { AddressScope.isPublic($0) }
      let receiver = try Receiver()
      let (id, _) = try await scene.made(receiver.server.url)
      _ = try await scene.post("/v1/webhooks/\(id)/test")
      try await scene.work()
      #expect(try await note(scene, id).1?.contains("loopback") == true)
      #expect(receiver.server.connectionCount == 0)
    }
  }

  @Test("a host that rebinds between check and connection is reached where it was checked, or not")
  func rebinding() async throws {
    try await WebhookScene.run { scene in
      var scene = scene
      // 127.0.0.2 stands for the public internet here, 127.0.0.1 for a place inside.
      scene.allows = { $0 == IPAddress("127.0.0.2") }
      let outside = try Receiver(host: "127.0.0.2")
      let port = outside.server.port
      let inside = try LoopbackServer(host: "127.0.0.1", port: port) { _ in
        .response(status: 200, body: [])
      }
      defer { inside.stop() }
      scene.names.set("hooks.example", ["127.0.0.2"], ["127.0.0.1"])
      let (id, secret) = try await scene.made("http://hooks.example:\(port)/")
      _ = try await scene.post("/v1/webhooks/\(id)/test")
      try await scene.work()
      // Asked once; the connection went where the first answer said.
      #expect(scene.names.questions == ["hooks.example"])
      #expect(try outside.events(signedBy: secret).count == 1)
      _ = try await scene.post("/v1/webhooks/\(id)/test")
      try await scene.work()
      let (status, detail) = try await note(scene, id)
      #expect(status == "failed" && detail?.hasPrefix("Blocked: 127.0.0.1") == true)
      #expect(outside.requests.count == 1 && inside.connectionCount == 0)
    }
  }

  @Test("a name that isn't known is looked for again later")
  func unknown() async throws {
    try await WebhookScene.run { scene in
      let receiver = try Receiver()
      let (id, _) = try await scene.made("http://hooks.example:\(receiver.server.port)/")
      _ = try await scene.post("/v1/webhooks/\(id)/test")
      try await scene.work()
      #expect(try await note(scene, id).0 == "pending")
      scene.names.set("hooks.example", ["127.0.0.1"])
      scene.gateway.time.advance(seconds: 10)
      try await scene.work()
      #expect(try await note(scene, id).0 == "sent")
    }
  }
}
