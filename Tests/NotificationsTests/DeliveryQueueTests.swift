import ChainTypes
import Database
import EventLog
import LoopbackHTTP
import Notifications
import TestDatabases
import Testing

@Suite("The queues of deliveries")
struct DeliveryQueueTests {
  private static let ok = AttemptNote("accepted", code: 204)
  private static let trouble = AttemptNote("it answers 503", code: 503, answer: "busy")

  @Test("what is sent is told, keeps no content and is sent once")
  func sent() async throws {
    let scene = try await DeliveryScene()
    let id = try await scene.enqueue("e1", to: "a")
    let channel = ScriptedChannel { _ in .sent(Self.ok) }
    #expect(try await scene.work(scene.worker(channel)) == 1)
    #expect(try await scene.work(scene.worker(channel)) == 0)
    #expect(channel.attempts.map(\.content) == [#"{"event":"e1"}"#])
    let delivery = try await scene.delivery(id)
    #expect(delivery.status == .sent && delivery.content.isEmpty && delivery.attempts == 1)
    #expect(delivery.lastNote == Self.ok && delivery.finishedAt == scene.time.now)
    #expect(try await scene.told(id) == ["sent"])
    await #expect(throws: DeliveryRefusal.sent(delivery.id)) {
      let now = scene.time.now
      try await scene.database.write {
        try Deliveries.retry(delivery.id, tenant: nil, now: now, in: $0)
      }
    }
  }

  @Test("an event that is heard twice is one delivery to each target, also when heard at once")
  func duplicates() async throws {
    let scene = try await DeliveryScene()
    let ids = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<20 { group.addTask { try await scene.enqueue("e1", to: "a") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(ids.compactMap { $0 }.count == 1)
    try await scene.enqueue("e1", to: "b")
    try await scene.enqueue("e2", to: "a")
    let channel = ScriptedChannel { _ in .sent(Self.ok) }
    #expect(try await scene.work(scene.worker(channel)) == 3)
    // Neither is one that has arrived enqueued again.
    #expect(try await scene.enqueue("e1", to: "a") == nil)
    #expect(try await scene.all().count == 3)
  }

  @Test("bounds are kept")
  func bounds() async throws {
    let scene = try await DeliveryScene()
    let now = scene.time.now
    let target = DeliveryScene.target("a")
    let wrong = [
      NewDelivery(
        to: DeliveryScene.target(""), eventID: "e", eventType: "t", eventSubject: "s", position: 0,
        content: ""),
      NewDelivery(
        to: target, eventID: String(repeating: "e", count: 257), eventType: "t",
        eventSubject: "s", position: 0, content: ""),
      NewDelivery(
        to: target, eventID: "e", eventType: "t", eventSubject: "s", position: 0,
        content: String(repeating: "c", count: NewDelivery.maximumContentBytes + 1)),
    ]
    for new in wrong {
      await #expect(throws: DeliveryRefusal.self) {
        try await scene.database.write { try Deliveries.enqueue(new, now: now, in: $0) }
      }
    }
    #expect(try await scene.all() == [])
  }

  @Test("what fails is tried again, later each time, until it arrives")
  func retries() async throws {
    let scene = try await DeliveryScene()
    let id = try await scene.enqueue("e1", to: "a")
    let channel = ScriptedChannel {
      $0.attempts < 4 ? .retry(Self.trouble) : .sent(Self.ok)
    }
    let worker = scene.worker(channel)
    for pause: Int64 in [3_750, 15_000, 60_000] {
      #expect(try await scene.work(worker) == 1)
      #expect(try await scene.work(worker) == 0)
      let delivery = try await scene.delivery(id)
      #expect(delivery.status == .pending && delivery.lastNote == Self.trouble)
      scene.time.advance(milliseconds: pause - 1)
      #expect(try await scene.work(worker) == 0)
      scene.time.advance(milliseconds: 1)
    }
    #expect(try await scene.health("a").failures == 3)
    #expect(try await scene.work(worker) == 1)
    #expect(try await scene.delivery(id).status == .sent)
    #expect(try await scene.health("a") == TargetHealth())
    #expect(try await scene.told(id) == ["sent"])
    #expect(Set(channel.attempts.map(\.id)).count == 1)
  }

  @Test("a failed one doesn't block later ones, which come in the order of their positions")
  func order() async throws {
    let scene = try await DeliveryScene()
    for position: Int64 in [3, 1, 2] {
      try await scene.enqueue("e\(position)", to: "a", position: position)
    }
    let channel = ScriptedChannel {
      $0.eventID == "e1" ? .failed(AttemptNote("never")) : .sent(Self.ok)
    }
    var options = DeliveryWorkerOptions()
    options.perTarget = 1
    #expect(try await scene.work(scene.worker(channel, options: options)) == 3)
    #expect(channel.attempts.map(\.eventID) == ["e1", "e2", "e3"])
    #expect(try await scene.statuses("a") == [.failed: 1, .sent: 2])
  }

  @Test("what has failed for good is told, and goes on its way again when somebody says so")
  func failed() async throws {
    let scene = try await DeliveryScene()
    let id = try await scene.enqueue("e1", to: "a")
    let channel = ScriptedChannel {
      $0.attempts == 1 ? .failed(AttemptNote("never")) : .sent(Self.ok)
    }
    #expect(try await scene.work(scene.worker(channel)) == 1)
    #expect(try await scene.told(id) == ["failed"])
    scene.time.advance(seconds: 10 * 86_400)
    let now = scene.time.now
    let again = try await scene.database.write {
      try Deliveries.retry(#require(id), tenant: DeliveryScene.tenant, now: now, in: $0)
    }
    #expect(again.status == .pending && again.finishedAt == nil)
    #expect(again.expiresAt == now.adding(seconds: 3 * 86_400))
    #expect(try await scene.work(scene.worker(channel)) == 1)
    #expect(try await scene.told(id) == ["failed", "sent"])
    await #expect(throws: DeliveryRefusal.notFound("ntf_x")) {
      try await scene.database.write {
        try Deliveries.retry("ntf_x", tenant: nil, now: now, in: $0)
      }
    }
    await #expect(throws: DeliveryRefusal.self, "another tenant's isn't there") {
      try await scene.database.write {
        try Deliveries.retry(#require(id), tenant: "bakery", now: now, in: $0)
      }
    }
  }

  @Test("after three days a delivery fails for good, and its target gets nothing any more")
  func givingUp() async throws {
    let scene = try await DeliveryScene()
    let first = try await scene.enqueue("e0", to: "a")
    let channel = ScriptedChannel { _ in .retry(Self.trouble) }
    let worker = scene.worker(channel)
    let start = scene.time.now
    while try await scene.delivery(first).status == .pending {
      try await scene.work(worker)
      let due = try await scene.delivery(first).nextAttemptAt ?? scene.time.now
      let wait = max(0, due.microseconds - scene.time.now.microseconds) / 1_000
      scene.time.advance(milliseconds: max(wait, 10_000))
      if scene.time.now < start.adding(seconds: 60) {
        try await scene.enqueue("later", to: "a", position: 2)
      }
    }
    #expect(scene.time.now >= start.adding(seconds: 3 * 86_400))
    #expect(try await scene.told(first) == ["failed"])
    #expect(try await scene.retirements() == ["a failing"])
    try await scene.work(worker)
    #expect(try await scene.statuses("a") == [.failed: 1, .canceled: 1])
  }

  @Test("a target that is gone gets nothing any more: what waits is canceled, part by part")
  func gone() async throws {
    let scene = try await DeliveryScene()
    try await scene.enqueue(1_300, to: "a")
    try await scene.enqueue(2, to: "b")
    let channel = ScriptedChannel {
      $0.target.key == "a" ? .gone(AttemptNote("gone", code: 410)) : .sent(Self.ok)
    }
    let worker = scene.worker(channel)
    for _ in 0..<6 { try await scene.work(worker) }
    #expect(channel.attempts(to: "a").count == 4)
    #expect(try await scene.statuses("a") == [.failed: 4, .canceled: 1_296])
    #expect(try await scene.statuses("b") == [.sent: 2])
    #expect(try await scene.retirements() == ["a gone"])
    // What comes later all the same is canceled, too.
    let late = try await scene.enqueue("late", to: "a")
    try await scene.work(worker)
    #expect(try await scene.delivery(late).status == .canceled)
    await #expect(throws: DeliveryRefusal.self) {
      let now = scene.time.now
      try await scene.database.write {
        try Deliveries.retry(#require(late), tenant: nil, now: now, in: $0)
      }
    }
    let now = scene.time.now
    try await scene.database.write { connection in
      try Deliveries.restore(DeliveryScene.target("a"), now: now, in: connection)
      _ = try Deliveries.retry(#require(late), tenant: nil, now: now, in: connection)
    }
    try await scene.work(worker)
    #expect(channel.attempts(to: "a").count == 5)
  }

  @Test("what a channel knows nobody wants is canceled and told nowhere")
  func canceled() async throws {
    let scene = try await DeliveryScene()
    let id = try await scene.enqueue("e1", to: "a")
    let channel = ScriptedChannel { _ in .canceled(AttemptNote("unsubscribed")) }
    try await scene.work(scene.worker(channel))
    #expect(try await scene.delivery(id).status == .canceled)
    #expect(try await scene.told(id) == [])
    #expect(try await scene.health("a") == TargetHealth())
  }

  @Test("deliveries on a channel that nobody serves stay where they are")
  func otherChannels() async throws {
    let scene = try await DeliveryScene()
    let id = try await scene.enqueue("e1", to: "a")
    let mail = ScriptedChannel(.email) { _ in .sent(Self.ok) }
    #expect(try await scene.work(scene.worker(mail)) == 0)
    #expect(try await scene.delivery(id).status == .pending)
    let waiting = try await scene.database.read { try Deliveries.waiting(in: $0) }
    #expect(waiting[.webhook]?.count == 1 && waiting[.email] == nil)
  }

  @Test("pages end where the delivery behind which they begin is forgotten, and say so")
  func forgottenCursor() async throws {
    let scene = try await DeliveryScene()
    try await scene.enqueue(2, to: "a")
    let ids = try await scene.all().map(\.id)
    try await scene.work(scene.worker(ScriptedChannel { _ in .sent(Self.ok) }))
    @Sendable func page(after id: String, of tenant: String = DeliveryScene.tenant) async throws {
      try await scene.database.read {
        _ = try Deliveries.page(tenant: tenant, after: id, limit: 10, in: $0)
      }
    }
    try await page(after: ids[0])
    await #expect(throws: DeliveryRefusal.forgotten(ids[0])) {
      try await page(after: ids[0], of: "bakery")
    }
    scene.time.advance(seconds: 1)
    let before = scene.time.now
    try await scene.database.write {
      try Deliveries.forget(before: before, limit: 10, in: $0)
    }
    await #expect(throws: DeliveryRefusal.forgotten(ids[0])) { try await page(after: ids[0]) }
  }

  @Test("what ended long ago is forgotten, what waits never")
  func forgetting() async throws {
    let scene = try await DeliveryScene()
    try await scene.enqueue(5, to: "a")
    let waiting = try await scene.enqueue("e1", to: "b")
    let channel = ScriptedChannel {
      $0.target.key == "a" ? .sent(Self.ok) : .retry(Self.trouble)
    }
    try await scene.work(scene.worker(channel))
    func forget(_ limit: Int) async throws -> Int {
      let before = scene.time.now
      return try await scene.database.write {
        try Deliveries.forget(before: before, limit: limit, in: $0)
      }
    }
    #expect(try await forget(3) == 0)
    scene.time.advance(seconds: 1)
    #expect(try await forget(3) == 3)
    #expect(try await forget(3) == 2)
    #expect(try await scene.all().map(\.id) == [try #require(waiting)])
    #expect(try await scene.health("b").failures == 1)
    let targets = try await scene.database.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM delivery_targets")?.integer("n")
    }
    #expect(targets == 1)
    let attempts = try await scene.database.read {
      try $0.query("SELECT delivery_id FROM delivery_attempts").map { try $0.text("delivery_id") }
    }
    #expect(attempts == [try #require(waiting)])
  }
}
