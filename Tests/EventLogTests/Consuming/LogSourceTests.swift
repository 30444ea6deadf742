import Database
import Synchronization
import TestDatabases
import TestSupport
import Testing

@testable import EventLog

@Suite("Consumers of the embedded log")
struct LogSourceTests {
  private func append(_ scene: ConsumerScene, _ subject: String, count: Int = 1) async throws {
    try await scene.database.write { connection in
      let last = try EventLog.lastSequence(of: subject, in: connection)
      try EventLog.append(
        (0..<count).map {
          EventFixtures.draft("payment.paid", subject, fact: "\(last)+\($0)")
        }, in: connection)
    }
  }

  /// Sequences everything, also where PostgreSQL waits for transactions of other tests.
  private func drain(_ sequencer: Sequencer, _ scene: ConsumerScene) async throws {
    try await waitUntil {
      try await sequencer.drain()
      return try await scene.database.read {
        try $0.queryFirst("SELECT 1 AS found FROM outbox LIMIT 1")
      } == nil
    }
  }

  @Test("every event of the log has one effect, through pages and restarts")
  func log() async throws {
    let scene = try await ConsumerScene()
    let feed = EventFeed()
    let sequencer = Sequencer(database: scene.database, feed: feed)
    var options = ConsumerOptions()
    options.batchLimit = 10
    for round in 1...3 {
      for subject in ["a", "b", "c"] { try await append(scene, subject, count: 15) }
      try await drain(sequencer, scene)
      let source = LogSource(database: scene.database, feed: feed)
      try await scene.consumer(of: source, options: options).drain()
      #expect(try await scene.effects().count == round * 45)
    }
    let events = try await EventFixtures.all(scene.database).map(\.event.id)
    #expect(try await scene.effects().map(\.id) == events)
  }

  @Test("topics that aren't wanted cost neither handling nor memory of their subjects")
  func topics() async throws {
    let scene = try await ConsumerScene()
    let feed = EventFeed()
    try await scene.database.write { connection in
      try EventLog.append(
        [
          EventFixtures.draft("payment.paid", "a"), EventFixtures.draft("chain.halted", "x"),
          EventFixtures.draft("payments.other", "y"), EventFixtures.draft("payment.settled", "a"),
        ], in: connection)
    }
    try await drain(Sequencer(database: scene.database, feed: feed), scene)
    let source = LogSource(database: scene.database, feed: feed, topics: [.payment])
    try await scene.consumer(of: source).drain()
    #expect(try await scene.effects().map(\.description) == ["a#1", "a#2"])
    let places = try await scene.database.read { try Inbox.consumers(in: $0) }.first?.places
    #expect(places == [.log: 5])
  }

  @Test("a consumer from now begins behind what the log has")
  func fromNow() async throws {
    let scene = try await ConsumerScene()
    let feed = EventFeed()
    let sequencer = Sequencer(database: scene.database, feed: feed)
    try await append(scene, "a", count: 3)
    try await drain(sequencer, scene)
    let source = LogSource(database: scene.database, feed: feed)
    let consumer = try scene.consumer(of: source, start: .now)
    try await consumer.drain()
    try await append(scene, "a", count: 2)
    try await drain(sequencer, scene)
    try await consumer.drain()
    #expect(try await scene.sequences(of: "a") == [4, 5])
  }

  @Test("what another process has sequenced is found without the feed")
  func unfed() async throws {
    let scene = try await ConsumerScene()
    let source = LogSource(database: scene.database, feed: EventFeed())
    _ = try await source.open(at: [:], otherwise: .beginning)
    for _ in 1...2 {
      try await append(scene, "a")
      try await drain(Sequencer(database: scene.database), scene)
      let batch = try await source.next(limit: 10, waiting: .milliseconds(20))
      #expect(batch?.messages.count == 1)
    }
  }

  @Test("a running consumer is woken by the feed and ends with it")
  func running() async throws {
    let scene = try await ConsumerScene()
    let feed = EventFeed()
    let sequencer = Sequencer(database: scene.database, feed: feed)
    var options = ConsumerOptions()
    // Longer than any test may take: only the feed can wake it.
    options.waiting = .seconds(3_600)
    let source = LogSource(database: scene.database, feed: feed)
    let consumer = try scene.consumer(of: source, options: options)
    let running = Task {
      await consumer.run(
        pausing: .milliseconds(1), clock: ContinuousClock(), onNotice: { _ in },
        onError: { Issue.record($0) })
    }
    for round in 1...3 {
      try await append(scene, "a")
      try await drain(sequencer, scene)
      try await waitUntil { try await scene.effects().count >= round }
    }
    feed.finish()
    await running.value
    #expect(try await scene.sequences(of: "a") == [1, 2, 3])
  }

  @Test("a running consumer reports what fails, tries again, and ends when it is cancelled")
  func failing() async throws {
    struct Lost: Error {}
    let scene = try await ConsumerScene()
    let feed = EventFeed()
    try await append(scene, "a")
    try await drain(Sequencer(database: scene.database, feed: feed), scene)
    let failures = Switch()
    let consumer = try scene.consumer(
      of: LogSource(database: scene.database, feed: feed),
      check: { _ in if failures.value < 3 { throw Lost() } })
    let running = Task {
      await consumer.run(
        pausing: .microseconds(10), clock: ContinuousClock(), onNotice: { _ in },
        onError: { _ in failures.value += 1 })
    }
    try await waitUntil { try await !(scene.effects().isEmpty) }
    running.cancel()
    await running.value
    #expect(failures.value == 3)
  }
}
