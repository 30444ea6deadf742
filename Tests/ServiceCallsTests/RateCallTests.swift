import ChainTypes
import GRPCCore
import Prices
import ServiceCalls
import SwiftProtobuf
import Synchronization
import Testing

@Suite("Rates that another process keeps up")
struct RateCallTests {
  private static let start = Timestamp(microseconds: 1_800_000_000_123_456)

  /// A moment that a test moves.
  private final class Moment: Sendable {
    private let moment = Mutex(RateCallTests.start)

    var now: Timestamp { moment.withLock(\.self) }

    func advance(seconds: Int64) { moment.withLock { $0 = $0.adding(seconds: seconds) } }
  }

  private let moment = Moment()
  private let pair: CurrencyPair
  private let current: CurrentRate

  init() throws {
    pair = try #require(CurrencyPair("BTC-USD"))
    current = CurrentRate(
      pair: pair, value: try ExactDecimal("65000.000000000000000000000000000000001"), sources: 3,
      asOf: Self.start)
  }

  private func remote(_ connection: ServiceConnection) -> RemoteRates {
    let moment = moment
    return RemoteRates(
      connection, pairs: [pair], maximumAgeSeconds: 300, quoteLifetimeSeconds: 60,
      now: { moment.now })
  }

  @Test("a rate arrives whole, and is asked for once a second at most")
  func whole() async throws {
    let rates = ScriptedRates(.success(current))
    try await CallScene.run(rates: rates) { scene in
      try await scene.connected { connection in
        let remote = remote(connection)
        #expect(remote.pairs == [pair] && remote.quoteLifetimeSeconds == 60)
        for _ in 0..<3 {
          let rate = try await remote.rate(of: pair)
          #expect(rate == current)
        }
        #expect(rates.asked == [pair])
        moment.advance(seconds: 1)
        let least = CurrentRate(
          pair: pair, value: try ExactDecimal("0.000000000000000000000000000000000001"),
          sources: 0, asOf: moment.now)
        rates.answer = .success(least)
        #expect(try await remote.rate(of: pair) == least)
        #expect(rates.asked.count == 2)
      }
      #expect(scene.failures.all == [])
    }
  }

  @Test("refusals are answers")
  func refusals() async throws {
    let rates = ScriptedRates(.success(nil))
    try await CallScene.run(rates: rates) { scene in
      try await scene.connected { connection in
        let remote = remote(connection)
        await #expect(
          throws: RateRefusal.unknownPair(base: "BTC", quote: "USD", known: [])
        ) { try await remote.rate(of: pair) }
        for last in [Self.start, nil] {
          rates.answer = .failure(.unavailable(pair, last: last))
          await #expect(throws: RateRefusal.unavailable(pair, last: last)) {
            try await remote.rate(of: pair)
          }
        }
      }
      #expect(scene.failures.all == [])
    }
  }

  @Test("while the other process is gone the last rate is used, as long as a rate may be")
  func gone() async throws {
    let running = try await CallScene.start(rates: ScriptedRates(.success(current)))
    try await running.scene.connected { connection in
      let remote = remote(connection)
      _ = try await remote.rate(of: pair)
      await running.end()
      moment.advance(seconds: 300)
      let last = try await remote.rate(of: pair)
      #expect(last == current)
      moment.advance(seconds: 1)
      await #expect(throws: RateRefusal.unavailable(pair, last: Self.start)) {
        try await remote.rate(of: pair)
      }
      let other = self.remote(connection)
      await #expect(throws: RateRefusal.unavailable(pair, last: nil)) {
        try await other.rate(of: pair)
      }
    }
  }

  @Test("a rate that is older than this process allows isn't used, whatever the other one says")
  func stale() async throws {
    moment.advance(seconds: 301)
    try await CallScene.run(rates: ScriptedRates(.success(current))) { scene in
      try await scene.connected { connection in
        let remote = remote(connection)
        await #expect(throws: RateRefusal.unavailable(pair, last: Self.start)) {
          try await remote.rate(of: pair)
        }
      }
    }
  }

  @Test("a rate of a moment to come isn't used, unless a clock is but a little ahead")
  func future() async throws {
    for (seconds, isUsed) in [(Int64(60), true), (61, false)] {
      let asOf = Self.start.adding(seconds: seconds)
      let rate = CurrentRate(pair: pair, value: current.value, sources: 3, asOf: asOf)
      try await CallScene.run(rates: ScriptedRates(.success(rate))) { scene in
        try await scene.connected { connection in
          let remote = remote(connection)
          if isUsed {
            let used = try await remote.rate(of: pair)
            #expect(used == rate)
          } else {
            await #expect(throws: RateRefusal.unavailable(pair, last: asOf)) {
              try await remote.rate(of: pair)
            }
          }
        }
      }
    }
  }

  @Test(
    "what is no pair is refused, and nobody asked",
    arguments: [
      ("", "USD"), ("BTC", ""), ("BTC", "BTC"), ("B-C", "USD"), ("BTC", "U\0D"),
      (String(repeating: "x", count: 21), "USD"), ("БТЦ", "USD"),
    ])
  func wrong(base: String, quote: String) async throws {
    let rates = ScriptedRates(.success(current))
    try await CallScene.run(rates: rates) { scene in
      try await scene.client { client, metadata in
        let service = Paywatch_Prices_V1_Rates.Client(wrapping: client)
        let error = await #expect(throws: RPCError.self) {
          _ = try await service.getRate(
            .with {
              $0.base = base
              $0.quote = quote
            }, metadata: metadata)
        }
        #expect(error?.code == .invalidArgument)
      }
      #expect(rates.asked == [])
    }
  }
}
