internal import ChainTypes
internal import Database
internal import Deployment
internal import EventLog
internal import HTTPServer
internal import Leases
internal import Logging
internal import Orders
internal import Prices
internal import ServiceCalls
internal import Settings
internal import Settlement
internal import Supply
internal import Watching

/// Orders and the stock that they take, as this process serves them. Where one asks another, it is
/// asked in this process, with all their tables in one database, unless the configuration names the
/// process that answers.
struct OrderServing: Sendable {
  let surroundings: Surroundings
  let feed: EventFeed
  let payments: PaymentService
  let prices: PriceServing
  let peers: ServicePeers
  /// Called after steps that may have appended events, and where no address was ready.
  let onEvents: @Sendable () -> Void
  let onAddressesNeeded: @Sendable () -> Void

  /// How many orders, or reservations, are carried on before others are asked for.
  private static let limit = 32

  private var now: @Sendable () -> Timestamp { { SystemTime().now } }

  /// Stock as this process keeps it.
  private var stock: SupplyService {
    SupplyService(
      database: surroundings.database, cache: surroundings.reads, now: now, onEvents: onEvents)
  }

  /// Orders' payments as this process keeps them.
  private var settlement: SettlementPayments {
    SettlementPayments(
      database: surroundings.database, service: payments, now: now, onEvents: onEvents,
      onAddressesNeeded: onAddressesNeeded)
  }

  /// Nil where no prices are configured.
  var rates: (any PriceRates)? {
    if let asked = peers.rates { asked } else { prices.rates }
  }

  private var saga: OrderSaga {
    OrderSaga(
      database: surroundings.database, stock: peers.supply?.stock ?? stock,
      payments: peers.payments?.payments ?? settlement, now: now, onEvents: onEvents)
  }

  /// Answers other processes for what these roles keep; nil where nobody is to ask here.
  func callServer(_ roles: Set<Role>) -> CallServer? {
    guard !roles.isDisjoint(with: [.api, .supply, .prices]) else { return nil }
    let settings = surroundings.plan.configuration
    return settings.services.server(lameDuckSeconds: settings.listen.lameDuckSeconds).map {
      CallServer(
        $0, stock: roles.contains(.supply) ? stock : nil,
        payments: roles.contains(.api) ? settlement : nil,
        rates: roles.contains(.prices) ? prices.rates : nil, metrics: surroundings.metrics,
        onFailure: { failed("answering another process", $1, ["method": "\($0)"]) })
    }
  }

  /// - Parameter limits: those of requests that make payments
  func orderRoutes(_ limits: RouteLimits, streams: SSEResponse) -> OrderRoutes {
    OrderRoutes(
      service: OrderService(database: surroundings.database, cache: surroundings.reads),
      saga: saga, payments: payments, paymentLimits: limits,
      events: EventAnswers(database: surroundings.database, feed: feed, streams: streams),
      rates: rates)
  }

  var supplyRoutes: SupplyRoutes { SupplyRoutes(service: stock) }

  // MARK: Running

  /// Hears of payments and claims and carries orders on, while this process holds the lease for it.
  func runOrders() async throws {
    try await surroundings.whileHolding("orders:\(surroundings.region)") { lease in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          let events = PaymentEvents(now: now)
          try await surroundings.hear(
            [.payment], feed: feed, as: PaymentEvents.consumer, PaymentEvents.interest,
            under: lease, events.handle)
        }
        group.addTask {
          let events = ClaimEvents(now: now)
          try await surroundings.hear(
            [.claim], feed: feed, as: ClaimEvents.consumer, ClaimEvents.interest, under: lease,
            events.handle)
        }
        group.addTask { try await carryOn(under: lease) }
        defer { group.cancelAll() }
        try await group.next()
      }
    }
  }

  private func carryOn(under lease: Lease) async throws {
    let saga = saga
    while !Task.isCancelled {
      do {
        try await surroundings.database.read { connection in
          guard try Leases.isHeld(lease, in: connection) else { throw LeaseLost(lease) }
        }
        while try await saga.step(
          limit: Self.limit,
          onError: { failed("carrying on an order", $1, ["order": "\($0)"]) }) == Self.limit,
          !Task.isCancelled
        {}
      } catch let lost as LeaseLost {
        throw lost
      } catch {
        failed("carrying on orders", error)
      }
      try? await Task.sleep(for: .milliseconds(250))
    }
  }

  /// Gives back what orders set aside and didn't use in time, while this process holds the lease
  /// for it.
  func runSupply() async throws {
    let stock = stock
    try await surroundings.whileHolding("supply:\(surroundings.region)") { _ in
      while !Task.isCancelled {
        do {
          while try await stock.expire(limit: Self.limit) == Self.limit, !Task.isCancelled {}
        } catch {
          failed("ending reservations", error)
        }
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  // MARK: Telling

  private func failed(
    _ what: String, _ error: any Error, _ metadata: Logger.Metadata = [:]
  ) {
    surroundings.logger.error(
      "\(what) failed", metadata: metadata.merging(["error": "\(error)"]) { _, new in new })
  }
}
