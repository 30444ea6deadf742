import Database
import GatewayFixtures
import HTTPClient
import JSON
import LoopbackHTTP
import Notifications
import TestSupport
import Testing

@Suite("Events on their way to webhooks")
struct WebhookDeliveryTests {
  @Test("events that a webhook wants arrive as the API shows them, signed, each once")
  func arrival() async throws {
    try await WebhookScene.run { scene in
      try await scene.gateway.made("before")
      try await scene.gateway.sequence()
      let (all, some) = (try Receiver(), try Receiver())
      let (first, secret) = try await scene.made(all.server.url + "/hook")
      _ = try await scene.made(some.server.url, ["payment.canceled", "order.*"])
      _ = try await scene.made(all.server.url + "/other", as: TestGateway.otherTenant)
      let payment = try await scene.gateway.made("o1")
      #expect(try await scene.gateway.decide("cancel", payment).status == 200)
      for _ in 0..<3 { try await scene.hear() }
      #expect(try await scene.work() == 3)
      #expect(try await scene.work() == 0)
      let page = try await scene.gateway.get("/v1/events?limit=100").json()
      let events = try #require(page["data"]?.elements).filter {
        $0["subject"]?.string == payment
      }
      let told = try all.events(signedBy: secret)
      #expect(told.count == 2 && Set(told.map(\.json)) == Set(events.map(\.json)))
      #expect(Set(all.requests.map(\.path)) == ["/hook"])
      let request = all.requests[0]
      #expect(request.method == "POST" && request.headers["webhook-id"]?.hasPrefix("ntf_") == true)
      #expect(
        request.headers["content-type"] == "application/cloudevents+json; charset=UTF-8")
      #expect(some.requests.count == 1)
      let deliveries = try await scene.deliveries(first)
      #expect(Set(deliveries.compactMap { $0["event_type"]?.string }).count == 2)
      for delivery in deliveries {
        #expect(delivery["status"] == "sent" && delivery["last_attempt"]?["code"] == 204)
        #expect(try await scene.told(#require(delivery["id"]?.string)) == ["notification.sent"])
      }
    }
  }

  @Test("for a day after a rotation the former secret signs, too")
  func rotation() async throws {
    try await WebhookScene.run { scene in
      let receiver = try Receiver()
      let (id, former) = try await scene.made(receiver.server.url)
      let rotated = try await scene.post("/v1/webhooks/\(id)/rotate").json()
      let new = try #require(rotated["secret"]?.string.flatMap(WebhookSecret.init))
      _ = try await scene.post("/v1/webhooks/\(id)/test")
      try await scene.work()
      #expect(try receiver.events(signedBy: new).count == 1)
      #expect(try receiver.events(signedBy: former).map { $0["type"] } == ["webhook.test"])
      scene.gateway.time.advance(seconds: 86_400)
      _ = try await scene.post("/v1/webhooks/\(id)/test")
      try await scene.work()
      #expect(receiver.requests.count == 2)
      let signatures = receiver.requests.map {
        $0.headers["webhook-signature"]?.split(separator: " ").count
      }
      #expect(signatures == [2, 1])
      #expect(try receiver.events(signedBy: new).count == 2)
    }
  }

  @Test("410 disables a webhook, which says so, and cancels what waits for it")
  func gone() async throws {
    try await WebhookScene.run { scene in
      let receiver = try Receiver(.response(status: 410, body: Array("moved away".utf8)))
      let (id, _) = try await scene.made(receiver.server.url)
      for _ in 0..<10 { _ = try await scene.post("/v1/webhooks/\(id)/test") }
      try await scene.work()
      try await scene.work()
      let webhook = try await scene.webhook(id)
      #expect(webhook["status"] == "disabled" && webhook["disabled_reason"] == "gone")
      #expect(try await scene.told(id) == ["webhook.created", "webhook.disabled"])
      let statuses = try await scene.statuses(id)
      #expect(statuses.filter { $0 == "failed" }.count == receiver.requests.count)
      #expect(Set(statuses) == ["failed", "canceled"] && statuses.count == 10)
      let failed = try await scene.deliveries(id).first { $0["status"] == "failed" }
      #expect(failed?["last_attempt"]?["answer"] == "moved away")
      let delivery = try #require(failed?["id"]?.string)
      try expect(
        try await scene.post("/v1/deliveries/\(delivery)/retry"), is: 409, "target-disabled")
      receiver.answer(.response(status: 200, body: []))
      _ = try await scene.gateway.send(
        "PATCH", "/v1/webhooks/\(id)", body: #"{"enabled":true}"#)
      let again = try await scene.post("/v1/deliveries/\(delivery)/retry")
      #expect(try again.json()["status"] == "pending")
      try await scene.work()
      let sent = try await scene.gateway.get("/v1/deliveries/\(delivery)").json()
      #expect(sent["status"] == "sent")
      let log = try #require(sent["log"]?.elements)
      #expect(log.map { $0["outcome"]?.string } == ["gone", "sent"])
      #expect(log.map { $0["code"] } == [410, 200] && log.map { $0["number"] } == [1, 2])
      #expect(log.first?["answer"] == "moved away")
      #expect(try await scene.told(delivery) == ["notification.failed", "notification.sent"])
      try expect(
        try await scene.post("/v1/deliveries/\(delivery)/retry"), is: 409, "delivery-sent")
    }
  }

  @Test("after three days of failures a webhook is disabled")
  func failing() async throws {
    try await WebhookScene.run { scene in
      let receiver = try Receiver(.response(status: 500, body: []))
      let (id, _) = try await scene.made(receiver.server.url)
      _ = try await scene.post("/v1/webhooks/\(id)/test")
      for _ in 0..<4 {
        try await scene.work()
        scene.gateway.time.advance(seconds: 86_400)
      }
      #expect(try await scene.webhook(id)["disabled_reason"] == "failing")
      #expect(try await scene.statuses(id) == ["failed"])
    }
  }

  @Test("an endpoint that never answers, with much queued, doesn't hold one that does")
  func stuck() async throws {
    try await WebhookScene.run { scene in
      let (stuck, healthy) = (try Receiver(.never), try Receiver())
      let (slow, _) = try await scene.made(stuck.server.url)
      let (quick, secret) = try await scene.made(healthy.server.url)
      let now = scene.gateway.time.now
      try await scene.gateway.database.write { connection in
        for (webhook, count) in [(slow, 3_000), (quick, 300)] {
          for number in 1...count {
            try Deliveries.enqueue(
              NewDelivery(
                to: DeliveryTarget(
                  tenant: TestGateway.tenant, channel: .webhook, key: webhook),
                eventID: "e\(number)", eventType: "payment.paid", eventSubject: "pay_1",
                position: Int64(number), content: #"{"number":\#(number)}"#),
              now: now, in: connection)
          }
        }
      }
      let worker = scene.worker()
      let running = Task {
        try await worker.run(
          clock: ContinuousClock(), isFinal: { _ in false }, onError: { Issue.record("\($0)") })
      }
      try await waitUntil("all has arrived at the healthy one") {
        healthy.requests.count >= 300
      }
      // Four at first, and one by one once they have timed out.
      #expect(stuck.requests.count <= 8)
      running.cancel()
      _ = await running.result
      let numbers = try healthy.events(signedBy: secret).compactMap {
        $0["number"]?.integer(Int.self)
      }
      #expect(numbers.sorted() == Array(1...300))
    }
  }

  @Test("no redirect is followed, and what answers otherwise than with 2xx is tried again")
  func redirects() async throws {
    try await WebhookScene.run { scene in
      let elsewhere = try Receiver()
      let receiver = try Receiver(
        .response(status: 302, headers: ["Location: \(elsewhere.server.url)"], body: []))
      let (id, _) = try await scene.made(receiver.server.url)
      _ = try await scene.post("/v1/webhooks/\(id)/test")
      try await scene.work()
      receiver.answer(.response(status: 429, headers: ["Retry-After: 3600"], body: []))
      scene.gateway.time.advance(seconds: 10)
      try await scene.work()
      scene.gateway.time.advance(seconds: 3_599)
      #expect(try await scene.work() == 0)
      receiver.answer(.response(status: 200, body: [UInt8](repeating: 0x61, count: 100_000)))
      scene.gateway.time.advance(seconds: 1)
      #expect(try await scene.work() == 1)
      #expect(elsewhere.requests.isEmpty && receiver.requests.count == 3)
      let delivery = try #require(try await scene.deliveries(id).first)
      #expect(delivery["status"] == "sent" && delivery["attempts"] == 3)
      #expect(delivery["last_attempt"]?["answer"]?.string?.utf8.count == 1_024)
      #expect(Set(receiver.requests.compactMap { $0.headers["webhook-id"] }).count == 1)
    }
  }
}
