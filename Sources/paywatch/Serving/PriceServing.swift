internal import ChainTypes
internal import Database
internal import Deployment
internal import HTTPClient
internal import HTTPServer
internal import Leases
internal import Logging
internal import Prices
internal import Settings
internal import Settlement
internal import Telemetry
internal import Watching

/// Rates as this process keeps them up and serves them.
struct PriceServing: Sendable {
  let surroundings: Surroundings
  let client: HTTPClient
  /// Nil where no prices are configured.
  let rates: StoredRates?
  /// Called after transactions that appended events.
  let onEvents: @Sendable () -> Void

  private static let observingInterval = Duration.seconds(5)

  private var settings: PriceSettings? { surroundings.plan.configuration.prices }
  private var now: @Sendable () -> Timestamp { { SystemTime().now } }

  init(
    surroundings: Surroundings, client: HTTPClient, onEvents: @escaping @Sendable () -> Void
  ) {
    self.surroundings = surroundings
    self.client = client
    self.onEvents = onEvents
    rates = surroundings.plan.configuration.prices?.rates(in: surroundings.database) {
      SystemTime().now
    }
  }

  /// - Parameter limits: those of requests that make payments
  func register(on router: APIRouter, _ payments: PaymentService, limits: RouteLimits) {
    PriceRoutes(database: surroundings.database, rates: rates, now: now).register(on: router)
    QuoteRoutes(
      database: surroundings.database, rates: rates, payments: payments, limits: limits, now: now
    ).register(on: router)
  }

  var health: [any HealthCheck] { rates.map { [PriceHealth(rates: $0, now: now)] } ?? [] }

  /// Asks for rates while this process holds the lease for it; where none are configured, only
  /// waits.
  func run() async throws {
    guard let settings, let rates else {
      while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
      return
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await observe(rates) }
      group.addTask {
        try await surroundings.whileHolding("prices:\(surroundings.region)") { lease in
          try await poller(settings).run(
            check: { try Leases.check(lease, in: $0) }, isFatal: { $0 is LeaseLost },
            onError: {
              surroundings.logger.error("rates weren't written", metadata: ["error": "\($0)"])
            })
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func poller(_ settings: PriceSettings) -> PricePoller {
    let feeds = FeedClient(client, now: now)
    return PricePoller(
      settings.polling, database: surroundings.database,
      ask: { (feed, pair) async throws(FeedFailure) in try await feeds.ask(feed, of: pair) },
      now: now, onEvents: onEvents)
  }

  /// Keeps the metrics of rates.
  private func observe(_ rates: StoredRates) async {
    let metrics = surroundings.metrics
    while !Task.isCancelled {
      if let known = try? await rates.rates() {
        let now = now()
        for pair in rates.pairs {
          metrics.gauge(.priceSources, pair.description).set(Int64(known[pair]?.agreeing ?? 0))
          guard let rate = known[pair]?.rate else { continue }
          metrics.gauge(.priceAgeSeconds, pair.description)
            .set(max(0, (now.microseconds - rate.asOf.microseconds) / 1_000_000))
        }
      }
      try? await Task.sleep(for: Self.observingInterval)
    }
  }
}

/// Whether there is a rate of each pair, and enough sources stand behind it.
struct PriceHealth: HealthCheck {
  let rates: StoredRates
  let now: @Sendable () -> Timestamp

  var name: String { "prices" }

  func check() async -> HealthReport {
    guard let known = try? await rates.rates() else {
      return HealthReport(.failed, "The database doesn't answer.")
    }
    let now = now()
    let troubles = rates.pairs.compactMap { pair -> String? in
      guard let stored = known[pair] else { return "\(pair) has no rate yet" }
      guard rates.isUsable(stored, at: now) else {
        return "\(pair) can't be used: it is as of \(stored.rate.asOf)"
      }
      guard stored.agreeing >= stored.needed else {
        return
          "\(pair) is as of \(stored.rate.asOf): \(stored.agreeing) sources agree, "
          + "\(stored.needed) must"
      }
      return nil
    }
    guard troubles.isEmpty else {
      return HealthReport(.degraded, troubles.joined(separator: "; ") + ".")
    }
    return HealthReport(.ok, "\(rates.pairs.count) pairs are current.")
  }
}
