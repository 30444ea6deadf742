import Database
import EventLog
import Synchronization
import TestSupport
import Testing

@Suite("Waiting for events about something")
struct EventNewsTests {
  /// A log of one tenant's events, and how often it was looked into.
  private struct Scene: Sendable {
    let database: any Database
    let feed = EventFeed()

    func tell(_ drafts: EventDraft...) async throws {
      try await database.write { _ = try EventLog.append(drafts, in: $0) }
      try await Sequencer(database: database, feed: feed).step()
    }

    func wait(for key: EventKey, after position: Int64 = 0) -> Task<Int64?, Never> {
      Task { await feed.news.wait(for: key, after: position, of: feed, in: database) }
    }

    func waiting(_ count: Int) async throws {
      try await waitUntil("\(count) wait") { feed.news.waiterCount == count }
    }
  }

  private static func scene() async throws -> Scene {
    Scene(database: try await EventFixtures.database())
  }

  @Test("who waits for a subject is woken by its event, and by no other's")
  func woken() async throws {
    let scene = try await Self.scene()
    let (a, b) = (scene.wait(for: .subject("a")), scene.wait(for: .subject("b")))
    try await scene.waiting(2)
    try await scene.tell(EventFixtures.draft("x.y", "c"), EventFixtures.draft("x.y", "b"))
    // Behind what came before it.
    #expect(await b.value == 1)
    try await scene.waiting(1)
    try await scene.tell(EventFixtures.draft("x.y", "a"))
    #expect(await a.value == 2)
    try await scene.waiting(0)
    try await waitUntil("nobody reads") { scene.feed.readerCount == 0 }
  }

  @Test("what came before somebody waits, and hasn't been looked for, is looked for at once")
  func before() async throws {
    let scene = try await Self.scene()
    try await scene.tell(EventFixtures.draft("x.y", "a"), EventFixtures.draft("x.y", "b"))
    let last = scene.wait(for: .subject("z"), after: 2)
    try await scene.waiting(1)
    // Nothing is known of what came before.
    #expect(await scene.wait(for: .subject("a"), after: 0).value == 0)
    try await scene.tell(EventFixtures.draft("x.y", "c"), EventFixtures.draft("x.y", "d"))
    #expect(await scene.wait(for: .subject("c"), after: 2).value == 2)
    let next = scene.wait(for: .subject("c"), after: 4)
    try await scene.waiting(2)
    for task in [last, next] { task.cancel() }
    #expect(await last.value == nil)
    #expect(await next.value == nil)
  }

  @Test("who is told at once has nobody read the log")
  func nobody() async throws {
    let scene = try await Self.scene()
    try await scene.tell(EventFixtures.draft("x.y", "a"), EventFixtures.draft("x.y", "b"))
    #expect(await scene.wait(for: .subject("a"), after: 0).value == 0)
    for _ in 0..<20 { await Task.yield() }
    #expect(scene.feed.readerCount == 0)
  }

  @Test("a payment's event is its order's as well")
  func orders() async throws {
    let scene = try await Self.scene()
    let order = scene.wait(for: .subject("ord_1"))
    try await scene.waiting(1)
    try await scene.tell(
      EventFixtures.draft("payment.created", "pay_2", data: #"{"order_id":"ord_2"}"#),
      EventFixtures.draft("payment.created", "pay_1", data: #"{"order_id":"ord_1"}"#))
    #expect(await order.value == 1)
  }

  @Test("many events at once are seen, also where none is a payment's and so none is read")
  func others() async throws {
    let scene = try await Self.scene()
    let waiting = scene.wait(for: .subject("s30"))
    try await scene.waiting(1)
    let drafts = (0..<40).map { EventFixtures.draft("x.y", "s\($0)") }
    try await scene.database.write { _ = try EventLog.append(drafts, in: $0) }
    try await Sequencer(database: scene.database, feed: scene.feed).step()
    try await scene.waiting(0)
    #expect(await waiting.value == 30)
  }

  @Test("thousands wait, and the log is read once for all")
  func many() async throws {
    let scene = try await Self.scene()
    let tasks = (0..<2_000).map { scene.wait(for: .subject("s\($0)")) }
    try await scene.waiting(2_000)
    try await waitUntil("the log is read") { scene.feed.readerCount == 1 }
    for number in [7, 1_999] {
      try await scene.tell(EventFixtures.draft("x.y", "s\(number)"))
    }
    #expect(await tasks[7].value == 0)
    #expect(await tasks[1_999].value == 1)
    try await scene.waiting(1_998)
    scene.feed.finish()
    for (number, task) in tasks.enumerated() where ![7, 1_999].contains(number) {
      #expect(await task.value == nil)
    }
    #expect(await scene.wait(for: .subject("s1")).value == nil)
  }
}
