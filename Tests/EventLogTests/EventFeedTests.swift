import Database
import EventLog
import TestSupport
import Testing

@Suite("The event feed")
struct EventFeedTests {
  @Test("every reader hears how far the log reaches, now and after each step")
  func broadcast() async throws {
    let database = try await EventFixtures.database()
    let feed = EventFeed()
    let sequencer = Sequencer(database: database, feed: feed)
    let streams = (0..<50).map { _ in feed.changes() }
    try await database.write {
      try EventLog.append(
        [EventFixtures.draft("x.y", "a"), EventFixtures.draft("x.z", "a")], in: $0)
    }
    try await sequencer.step()
    for stream in streams {
      // The position at the start was never taken, so the newer one stands in its place.
      #expect(await stream.first { _ in true } == 2)
    }
    #expect(feed.position == 2)
  }

  @Test("a slow reader keeps one position and holds up nobody")
  func slowReader() async {
    let feed = EventFeed(position: 5)
    let slow = feed.changes()
    let waiting = Task { await feed.waitForPosition(after: 9_999) }
    for position in 6...10_000 { feed.advance(to: Int64(position)) }
    #expect(await waiting.value == 10_000)
    var iterator = slow.makeAsyncIterator()
    #expect(await iterator.next() == 10_000)
    feed.finish()
    #expect(await iterator.next() == nil)
  }

  @Test("positions only move forward")
  func forward() async {
    let feed = EventFeed(position: 7)
    feed.advance(to: 3)
    #expect(feed.position == 7)
    #expect(await feed.waitForPosition(after: 6) == 7)
  }

  @Test("readers that leave are forgotten, and a finished feed ends all others")
  func leaving() async throws {
    let feed = EventFeed()
    let task = Task { await feed.waitForPosition(after: 10) }
    try await waitUntil { feed.readerCount != 0 }
    task.cancel()
    #expect(await task.value == nil)
    try await waitUntil { feed.readerCount == 0 }
    do {
      _ = feed.changes()
    }
    #expect(feed.readerCount == 0)
    let waiting = Task { await feed.waitForPosition(after: 10) }
    try await waitUntil { feed.readerCount != 0 }
    feed.finish()
    #expect(await waiting.value == nil)
    #expect(await feed.waitForPosition(after: -1) == nil)
  }

  @Test("a running sequencer takes up what is appended when it is woken")
  func running() async throws {
    let database = try await EventFixtures.database()
    let feed = EventFeed()
    let sequencer = Sequencer(database: database, feed: feed)
    // An hour between its own looks: only the wake can bring the event in time.
    let run = Task {
      try await sequencer.run(every: .seconds(3_600), clock: ContinuousClock()) {
        Issue.record("unexpected \($0)")
      }
    }
    for number in 1...3 {
      try await database.groupedWrite {
        try EventLog.append([EventFixtures.draft("x.y", "a", fact: "\(number)")], in: $0)
      }
      sequencer.wake()
      #expect(await feed.waitForPosition(after: Int64(number - 1)) == Int64(number))
    }
    run.cancel()
    try await run.value
  }
}
