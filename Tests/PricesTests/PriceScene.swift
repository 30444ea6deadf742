import ChainTypes
import Database
import Deployment
import EventLog
import LoopbackHTTP
import Prices
import SchemaChecking
import Synchronization
import TestDatabases
import Testing

/// A poller on a database of its own, whose sources say what a test wants.
final class PriceScene: Sendable {
  static let pair = "BTC-USD"

  let database: any Database
  let time = TestTime()
  let poller: PricePoller
  let rates: StoredRates
  let pair: CurrencyPair
  private let answers: Answers

  /// What each source says; nil where it doesn't answer.
  final class Answers: Sendable {
    let said = Mutex<[String: String]>([:])
  }

  init(
    sources: [String] = ["a", "b", "c"], rules: RateRules = RateRules(),
    fixed: [String: String] = [:]
  ) async throws {
    database = try await TestDatabase(.selected)
    try await Schema.migrate(database)
    let pair = try #require(CurrencyPair(Self.pair))
    self.pair = pair
    let (time, answers) = (time, Answers())
    self.answers = answers
    var said: [CurrencyPair: ExactDecimal] = [:]
    for (name, rate) in fixed { said[try #require(CurrencyPair(name))] = try ExactDecimal(rate) }
    let pairs = Set([pair] + said.keys).sorted()
    poller = PricePoller(
      PricePoller.Settings(
        pairs: pairs,
        feeds: sources.map { PriceFeed(name: $0, url: "", path: "x", pairs: [pair]) },
        fixed: said, rules: rules, historyDays: 1),
      database: database,
      ask: { (feed, _) async throws(FeedFailure) in
        guard let text = answers.said.withLock({ $0[feed.name] }) else {
          throw .unreachable("it didn't answer in time")
        }
        guard let rate = try? ExactDecimal(text) else { throw .notARate(text) }
        return Observation(
          source: feed.name, rate: rate, askedAt: time.now, freshSeconds: feed.freshSeconds)
      },
      now: { time.now }, onEvents: {})
    rates = StoredRates(
      database: database, pairs: pairs, maximumAgeSeconds: rules.maximumAgeSeconds,
      quoteLifetimeSeconds: 300, now: { time.now })
  }

  /// All sources are asked and say this; one that isn't named doesn't answer.
  func say(_ said: [String: String]) async throws {
    answers.said.withLock { $0 = said }
    for feed in poller.feeds { await poller.poll(feed) }
    try await poller.settle()
  }

  /// The rate that may be used; the refusal where there is none.
  func rate() async -> Result<CurrentRate, RateRefusal> {
    do {
      return .success(try await rates.rate(of: pair))
    } catch let refusal as RateRefusal {
      return .failure(refusal)
    } catch {
      return .failure(.unavailable(pair, last: Timestamp(seconds: -1)))
    }
  }

  func text() async -> String? { try? await rate().get().value.text }

  func words() async throws -> [String: String?] {
    let words = try await database.read { try PriceRecords().sources(in: $0) }
    return Dictionary(words.map { ($0.source, $0.verdict) }) { first, _ in first }
  }

  /// The pair's events, which must be as described.
  func events() async throws -> [CloudEvent] {
    let events = try await database.read {
      try EventLog.events(of: Self.pair, limit: 1_000, in: $0)
    }
    let published = try EventSchemaCheck()
    for event in events {
      #expect(try published.differences(event) == [], "\(event.json)")
      #expect(event.tenant == nil)
    }
    return events
  }
}
