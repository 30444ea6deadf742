import ChainTypes
import Database
import EventLog
import JSON
import LoopbackHTTP
import Prices
import Testing

@Suite("rates kept up")
struct PollingTests {
  private struct LeaseGone: Error {}

  @Test("sources that agree make a rate, which is told, and told again only when there is news")
  func telling() async throws {
    let scene = try await PriceScene()
    try await scene.say(["a": "65000", "b": "65010", "c": "65020"])
    #expect(await scene.text() == "65010")
    scene.time.advance(seconds: 15)
    try await scene.say(["a": "65020", "b": "65020", "c": "65020"])
    #expect(await scene.text() == "65020")
    #expect(try await scene.events().count == 1)
    scene.time.advance(seconds: 15)
    try await scene.say(["a": "66000", "b": "66000", "c": "66000"])
    let events = try await scene.events()
    #expect(events.map(\.type) == ["price.updated", "price.updated"])
    #expect(events.map(\.sequence) == [1, 2])
    let data = try JSONValue(parsing: Array(try #require(events.last).data.utf8))
    #expect(data["rate"] == "66000" && data["previous"] == "65010" && data["sources"] == 3)
    #expect(data["base"] == "BTC" && data["currency"] == "USD")
    // Nothing moves, and after a while that is told.
    for _ in 0..<20 {
      scene.time.advance(seconds: 15)
      try await scene.say(["a": "66000", "b": "66000", "c": "66000"])
    }
    #expect(try await scene.events().count == 3)
  }

  @Test("a source that lies or fails is seen, and moves nothing")
  func lying() async throws {
    let scene = try await PriceScene()
    try await scene.say(["a": "65000", "b": "65010", "c": "1"])
    #expect(await scene.text() == "65005")
    #expect(try await scene.words() == ["a": "agrees", "b": "agrees", "c": "outlier"])
    scene.time.advance(seconds: 15)
    try await scene.say(["a": "65000", "b": "65010", "c": "lots"])
    #expect(await scene.text() == "65005")
    let words = try await scene.database.read { try PriceRecords().sources(in: $0) }
    #expect(words.first { $0.source == "c" }?.failure == "lots is no rate")
    #expect(words.first { $0.source == "c" }?.rate == "1")
  }

  @Test("in an outage the last good rate serves within its bound; then none, until sources return")
  func outage() async throws {
    let scene = try await PriceScene(rules: RateRules(maximumAgeSeconds: 120))
    try await scene.say(["a": "65000", "b": "65000", "c": "65000"])
    let began = scene.time.now
    scene.time.advance(seconds: 60)
    try await scene.say(["a": "70000"])
    // One alone is no majority, and the others' words are too old to speak against it.
    #expect(await scene.text() == "65000")
    let stored = try await scene.database.read { try PriceRecords().rates(in: $0) }
    #expect(stored.first?.agreeing == 1 && stored.first?.needed == 2)
    scene.time.advance(seconds: 60)
    try await scene.say([:])
    #expect(await scene.text() == "65000")
    scene.time.advance(seconds: 1)
    try await scene.say([:])
    #expect(await scene.rate() == .failure(.unavailable(scene.pair, last: began)))
    #expect(try await scene.words() == ["a": "stale", "b": "stale", "c": "stale"])
    try await scene.say(["a": "70000", "c": "70000"])
    scene.time.advance(seconds: 1)
    #expect(await scene.text() == "70000")
    #expect(try await scene.events().count == 2)
  }

  @Test("a rate of a moment to come isn't used, unless a clock is but a little ahead")
  func future() async throws {
    let scene = try await PriceScene()
    try await scene.say(["a": "65000", "b": "65000", "c": "65000"])
    let asOf = scene.time.now
    scene.time.advance(seconds: -60)
    #expect(await scene.text() == "65000")
    scene.time.advance(seconds: -1)
    #expect(await scene.rate() == .failure(.unavailable(scene.pair, last: asOf)))
  }

  @Test(
    "a process that takes over keeps the newer rate of the one before, and goes on with its own")
  func takeover() async throws {
    let scene = try await PriceScene()
    try await scene.say(["a": "65000", "b": "65000", "c": "65000"])
    let now = scene.time.now
    let next = PricePoller(
      PricePoller.Settings(
        pairs: [scene.pair],
        feeds: [PriceFeed(name: "a", url: "", path: "x", pairs: [scene.pair])]),
      database: scene.database,
      ask: { (feed, _) async throws(FeedFailure) in
        guard let rate = try? ExactDecimal("1") else { throw .notARate("") }
        return Observation(
          source: "a", rate: rate, askedAt: now.adding(seconds: -5), freshSeconds: 50)
      }, now: { now }, onEvents: {})
    await next.poll(next.feeds[0])
    try await next.settle()
    scene.time.advance(seconds: 1)
    #expect(await scene.text() == "65000")
  }

  @Test("who has lost the lease writes nothing")
  func fencing() async throws {
    let scene = try await PriceScene()
    await #expect(throws: LeaseGone.self) {
      try await scene.poller.settle { _ in throw LeaseGone() }
    }
    for feed in scene.poller.feeds { await scene.poller.poll(feed) }
    #expect(try await scene.events() == [])
    #expect(try await scene.words() == [:])
  }

  @Test("rates that are said in the configuration are always there")
  func fixed() async throws {
    let scene = try await PriceScene(sources: [], fixed: ["BTC-USD": "65000", "USDC-USD": "1"])
    try await scene.poller.settle()
    #expect(await scene.text() == "65000")
    scene.time.advance(seconds: 86_400)
    #expect(await scene.text() == nil)
    try await scene.poller.settle()
    scene.time.advance(seconds: 1)
    #expect(await scene.text() == "65000")
    #expect(try await scene.words() == ["fixed": "agrees"])
  }

  @Test("history is kept for its time, and a clock that was set back stops nothing")
  func history() async throws {
    let scene = try await PriceScene(sources: [], fixed: ["BTC-USD": "65000"])
    for _ in 0..<4 {
      try await scene.poller.settle()
      scene.time.advance(seconds: 43_200)
    }
    func numbers() async throws -> [Int64] {
      let pair = scene.pair
      return try await scene.database.read {
        try PriceRecords().history(of: pair, before: nil, limit: 10, in: $0).map(\.number)
      }
    }
    #expect(try await numbers() == [4, 3, 2, 1])
    try await scene.poller.forget()
    #expect(try await numbers() == [4, 3])
    scene.time.advance(seconds: -10 * 86_400)
    try await scene.poller.settle()
    scene.time.advance(seconds: 2)
    #expect(await scene.text() == "65000")
  }
}
