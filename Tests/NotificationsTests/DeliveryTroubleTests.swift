import ChainTypes
import Database
import GatewayFixtures
import HTTPClient
import JSON
import LoopbackHTTP
import Notifications
import TestDatabases
import TestSupport
import Testing

/// What keeps deliveries from being sent though their targets are well.
@Suite("Troubles that aren't a target's")
struct DeliveryTroubleTests {
  private static let ok = AttemptNote("accepted", code: 200)

  @Test("leave its health as it was, and the delivery is tried again")
  func postponed() async throws {
    let scene = try await DeliveryScene()
    let id = try await scene.enqueue("e1", to: "a")
    let channel = ScriptedChannel {
      $0.attempts < 8
        ? .postponed(AttemptNote("not now"), afterSeconds: 3, cause: "disk full") : .sent(Self.ok)
    }
    for attempt in 1...7 {
      #expect(try await scene.work(scene.worker(channel)) == 1)
      let delivery = try await scene.delivery(id)
      #expect(delivery.status == .pending && delivery.attempts == attempt)
      #expect(delivery.lastNote == AttemptNote("not now"))
      #expect(try await scene.health("a") == TargetHealth())
      scene.time.advance(seconds: 30_000)
    }
    #expect(try await scene.work(scene.worker(channel)) == 1)
    #expect(try await scene.told(id) == ["sent"])
    let log = try await scene.database.read { try RecordedAttempt.latest(of: #require(id), in: $0) }
    #expect(log.map(\.outcome) == Array(repeating: "postponed", count: 7) + ["sent"])
    #expect(!"\(log)".contains("disk full"))
  }

  @Test("give no target up, however long they last")
  func days() async throws {
    let scene = try await DeliveryScene()
    let id = try await scene.enqueue("e1", to: "a")
    let channel = ScriptedChannel { _ in .postponed(AttemptNote("not now")) }
    while try await scene.delivery(id).status == .pending {
      try await scene.work(scene.worker(channel))
      scene.time.advance(seconds: 10_000)
    }
    #expect(try await scene.delivery(id).status == .failed)
    #expect(try await scene.retirements() == [])
  }

  @Test("a database that can't be read is no word to the tenant, nor the webhook's fault")
  func database() async throws {
    try await WebhookScene.run { scene in
      let (id, _) = try await scene.made("http://hooks.example/")
      let answer = try await scene.post("/v1/webhooks/\(id)/test").json()
      let delivery = try await scene.gateway.database.read {
        try Deliveries.load(
          #require(answer["id"]?.string), tenant: TestGateway.tenant, in: $0)
      }
      let time = scene.gateway.time
      let dead = DyingDatabase(scene.gateway.database, at: 0, afterCommit: false)
      let channel = WebhookChannel(
        database: dead, client: scene.client, resolver: scene.names, now: { time.now })
      let outcome = await channel.attempt(try #require(delivery))
      guard case .postponed(let note, _, let cause) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(note == AttemptNote("The webhook can't be read now."))
      #expect(cause?.contains("Death") == true)
    }
  }

  @Test("too many names that are being looked up aren't the webhook's fault, an unknown name is")
  func names() async throws {
    try await WebhookScene.run { scene in
      let (id, _) = try await scene.made("http://hooks.example/")
      let answer = try await scene.post("/v1/webhooks/\(id)/test").json()
      let delivery = try await scene.gateway.database.read {
        try Deliveries.load(
          #require(answer["id"]?.string), tenant: TestGateway.tenant, in: $0)
      }
      let time = scene.gateway.time
      for (error, name) in [
        (HostResolutionError.busy, "postponed"), (.failed("no such name"), "retry"),
      ] {
        let channel = WebhookChannel(
          database: scene.gateway.database, client: scene.client,
          resolver: FailingResolver(error: error), now: { time.now })
        #expect(await channel.attempt(try #require(delivery)).name == name)
      }
    }
  }

  private struct FailingResolver: HostResolver {
    let error: HostResolutionError

    func addresses(of host: String) async throws(HostResolutionError) -> [IPAddress] {
      throw error
    }
  }

  @Test("a channel that hangs for hundreds of targets leaves others their room")
  func channels() async throws {
    let scene = try await DeliveryScene()
    let (database, now) = (scene.database, scene.time.now)
    try await database.write { connection in
      for number in 1...400 {
        try Deliveries.enqueue(
          DeliveryScene.new("e\(number)", to: "customer-\(number)", channel: .email), now: now,
          in: connection)
      }
    }
    let gate = Gate()
    let mail = ScriptedChannel(.email) { _ in
      await gate.wait()
      return .sent(Self.ok)
    }
    let hooks = ScriptedChannel { _ in .sent(Self.ok) }
    let worker = scene.worker(mail, hooks)
    let task = Task {
      try await worker.run(clock: ContinuousClock(), isFinal: { _ in false }) {
        Issue.record("\($0)")
      }
    }
    try await waitUntil("the mail server hangs") { mail.attempts.count == 256 }
    try await scene.enqueue(50, to: "hook")
    worker.wake()
    try await waitUntil("the webhook has all") {
      try await scene.statuses("hook") == [.sent: 50]
    }
    #expect(mail.attempts.count == 256)
    gate.open()
    try await waitUntil("and then all mails are sent") { mail.attempts.count == 400 }
    task.cancel()
    _ = await task.result
  }
}
