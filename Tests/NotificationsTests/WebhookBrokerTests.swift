import Database
import EventLog
import GatewayFixtures
import JSON
import LoopbackHTTP
import Notifications
import Testing

@Suite("Webhooks that hear of events from brokers")
struct WebhookBrokerTests {
  /// Lets the webhooks hear all of the log as a broker's partition has it, whose offsets count from
  /// `first`.
  private static func hear(_ scene: WebhookScene, from first: Int64) async throws {
    try await scene.gateway.sequence()
    let time = scene.gateway.time
    let events = WebhookEvents(now: { time.now })
    let partition = EventPartition(topic: "payment-events", number: 2)
    try await scene.gateway.database.write { connection in
      let page = try EventLog.page(after: 0, limit: 100, in: connection)
      for (number, positioned) in page.events.enumerated()
      where positioned.event.type.hasPrefix("payment.") {
        let place = EventPlace(partition, first + Int64(number))
        try events.handle(ReceivedEvent(positioned.event, at: place), in: connection)
      }
    }
  }

  @Test(
    "get what is told after they were made, wherever the log and the partition stand",
    arguments: [Int64(0), 1_000_000])
  func offsets(first: Int64) async throws {
    try await WebhookScene.run { scene in
      for number in 1...3 { try await scene.gateway.made("before-\(number)") }
      try await scene.gateway.sequence()
      scene.gateway.time.advance(seconds: 3_600)
      let (id, _) = try await scene.made("http://127.0.0.1:9/")
      let payment = try await scene.gateway.made("after")
      for _ in 0..<2 { try await Self.hear(scene, from: first) }
      let subjects = try await scene.deliveries(id).map { $0["event_subject"]?.string }
      #expect(subjects == [payment])
    }
  }

  @Test("get what somebody told afterwards whose clock is behind")
  func skew() async throws {
    try await WebhookScene.run { scene in
      let payment = try await scene.gateway.made("slow clock")
      scene.gateway.time.advance(seconds: 60)
      let (id, _) = try await scene.made("http://127.0.0.1:9/")
      try await Self.hear(scene, from: 0)
      #expect(try await scene.deliveries(id).map { $0["event_subject"]?.string } == [payment])
    }
  }
}
