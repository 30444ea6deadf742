package import ChainTypes
internal import GRPCCore
package import Prices
internal import Synchronization

/// Rates that another process keeps up. Asked for at most once a second each; while that process
/// gives no answer, the last one is used as long as a rate may be.
package final class RemoteRates: PriceRates, Sendable {
  private typealias Service = Paywatch_Prices_V1_Rates

  package let pairs: [CurrencyPair]
  package let quoteLifetimeSeconds: Int64
  private let maximumAgeSeconds: Int64
  private let connection: ServiceConnection
  private let now: @Sendable () -> Timestamp
  private let memory = Mutex<[CurrencyPair: Memory]>([:])

  private struct Memory {
    let askedAt: Timestamp
    let rate: CurrentRate
  }

  private static let memorySeconds: Int64 = 1

  /// - Parameter maximumAgeSeconds: for how long a rate may be used after enough sources agreed
  package init(
    _ connection: ServiceConnection, pairs: [CurrencyPair], maximumAgeSeconds: Int64,
    quoteLifetimeSeconds: Int64, now: @escaping @Sendable () -> Timestamp
  ) {
    self.connection = connection
    self.pairs = pairs.sorted()
    self.maximumAgeSeconds = maximumAgeSeconds
    self.quoteLifetimeSeconds = quoteLifetimeSeconds
    self.now = now
  }

  package func rate(of pair: CurrencyPair) async throws -> CurrentRate {
    guard pairs.contains(pair) else {
      throw RateRefusal.unknownPair(base: pair.base, quote: pair.quote, known: [])
    }
    let asked = now()
    let known = memory.withLock { $0[pair] }
    if let known, known.askedAt <= asked,
      asked < known.askedAt.adding(seconds: Self.memorySeconds)
    {
      return try usable(known.rate)
    }
    let reply: RateReply
    do {
      reply = try await ask(pair)
    } catch {
      // Counted where calls are.
      guard let known else { throw RateRefusal.unavailable(pair, last: nil) }
      return try usable(known.rate)
    }
    switch reply {
    case .current(let rate):
      memory.withLock { $0[pair] = Memory(askedAt: asked, rate: rate) }
      return try usable(rate)
    case .unknown: throw RateRefusal.unknownPair(base: pair.base, quote: pair.quote, known: [])
    case .stale(let last): throw RateRefusal.unavailable(pair, last: last)
    }
  }

  /// The rate, where it may be used yet.
  private func usable(_ rate: CurrentRate) throws(RateRefusal) -> CurrentRate {
    guard rate.isUsable(at: now(), maximumAgeSeconds: maximumAgeSeconds) else {
      throw .unavailable(rate.pair, last: rate.asOf)
    }
    return rate
  }

  private func ask(_ pair: CurrencyPair) async throws(CallFailure) -> RateReply {
    try await connection.call(Service.Method.GetRate.descriptor) { client, metadata, options in
      try await Service.Client(wrapping: client).getRate(
        pair.message, metadata: metadata, options: options)
    } reading: { reply throws(CallFieldError) in
      try RateReply(reply, of: pair)
    }
  }
}
