package import ChainTypes
package import Database
internal import Synchronization

/// Rates as the database has them, which some process keeps up. Read at most once a second.
package final class StoredRates: PriceRates, Sendable {
  package let pairs: [CurrencyPair]
  package let quoteLifetimeSeconds: Int64
  /// For how long a rate may be used after enough sources agreed on it.
  package let maximumAgeSeconds: Int64
  private let database: any Database
  private let now: @Sendable () -> Timestamp
  private let memory = Mutex<Memory?>(nil)

  private struct Memory {
    let readAt: Timestamp
    let rates: [CurrencyPair: PriceRecords.StoredRate]
  }

  private static let memorySeconds: Int64 = 1

  package init(
    database: any Database, pairs: [CurrencyPair], maximumAgeSeconds: Int64,
    quoteLifetimeSeconds: Int64, now: @escaping @Sendable () -> Timestamp
  ) {
    self.database = database
    self.pairs = pairs.sorted()
    self.maximumAgeSeconds = maximumAgeSeconds
    self.quoteLifetimeSeconds = quoteLifetimeSeconds
    self.now = now
  }

  package func rate(of pair: CurrencyPair) async throws -> CurrentRate {
    guard pairs.contains(pair) else {
      throw RateRefusal.unknownPair(base: pair.base, quote: pair.quote, known: [])
    }
    let stored = try await rates()[pair]
    guard let stored, isUsable(stored, at: now()) else {
      throw RateRefusal.unavailable(pair, last: stored?.rate.asOf)
    }
    return stored.rate
  }

  package func isUsable(_ stored: PriceRecords.StoredRate, at now: Timestamp) -> Bool {
    stored.rate.isUsable(at: now, maximumAgeSeconds: maximumAgeSeconds)
  }

  /// The last rates of the configured pairs, however old.
  package func rates() async throws -> [CurrencyPair: PriceRecords.StoredRate] {
    let now = now()
    let known = memory.withLock { memory -> Memory? in
      guard let known = memory, known.readAt <= now,
        now < known.readAt.adding(seconds: Self.memorySeconds)
      else { return nil }
      return known
    }
    if let known { return known.rates }
    let stored = try await database.read { try PriceRecords().rates(in: $0) }
    var rates: [CurrencyPair: PriceRecords.StoredRate] = [:]
    for rate in stored where pairs.contains(rate.rate.pair) { rates[rate.rate.pair] = rate }
    memory.withLock { $0 = Memory(readAt: now, rates: rates) }
    return rates
  }
}
