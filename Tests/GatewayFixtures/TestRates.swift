package import ChainTypes
package import Prices
internal import Synchronization
internal import Testing

/// Rates that a test says.
package final class TestRates: PriceRates, Sendable {
  package let pairs: [CurrencyPair]
  package let quoteLifetimeSeconds: Int64
  private let state: Mutex<(rates: [CurrencyPair: CurrentRate], asked: Int)>

  package init(
    _ rates: [String: String], at time: Timestamp = TestRates.asOf, lifetimeSeconds: Int64 = 300
  ) throws {
    quoteLifetimeSeconds = lifetimeSeconds
    var known: [CurrencyPair: CurrentRate] = [:]
    for (text, rate) in rates {
      let pair = try #require(CurrencyPair(text))
      known[pair] = CurrentRate(pair: pair, value: try ExactDecimal(rate), sources: 3, asOf: time)
    }
    pairs = known.keys.sorted()
    state = Mutex((known, 0))
  }

  package static let asOf = Timestamp(seconds: 1_799_999_990)

  package func rate(of pair: CurrencyPair) async throws -> CurrentRate {
    let rate = state.withLock { state in
      state.asked += 1
      return state.rates[pair]
    }
    guard let rate else { throw RateRefusal.unavailable(pair, last: nil) }
    return rate
  }

  /// How often a rate was asked for.
  package var asked: Int { state.withLock { $0.asked } }

  /// The sources agree on another rate, or no longer.
  package func set(_ text: String, _ rate: String?) throws {
    let pair = try #require(CurrencyPair(text))
    let value = try rate.map { try ExactDecimal($0) }
    state.withLock { state in
      state.rates[pair] = value.map {
        CurrentRate(pair: pair, value: $0, sources: 2, asOf: Self.asOf.adding(seconds: 5))
      }
    }
  }
}
