internal import ChainTypes
internal import Database
internal import EventLog
internal import HTTPServer
internal import Leases
internal import Logging
internal import Orders
internal import Prices
internal import Settlement
internal import Supply
internal import Watching

/// Orders and the stock that they take, as this process serves them. Where one asks another, it is
/// asked in this process: all of them keep their tables in one database.
struct OrderServing: Sendable {
  let surroundings: Surroundings
  let feed: EventFeed
  let payments: PaymentService
  /// Nil where no prices are configured.
  let rates: (any PriceRates)?
  /// Called after steps that may have appended events, and where no address was ready.
  let onEvents: @Sendable () -> Void
  let onAddressesNeeded: @Sendable () -> Void

  /// How many orders, or reservations, are carried on before others are asked for.
  private static let limit = 32

  private var now: @Sendable () -> Timestamp { { SystemTime().now } }

  private var stock: SupplyService {
    SupplyService(
      database: surroundings.database, cache: surroundings.reads, now: now, onEvents: onEvents)
  }

  private var saga: OrderSaga {
    OrderSaga(
      database: surroundings.database, stock: stock,
      payments: SettlementPayments(
        database: surroundings.database, service: payments, now: now, onEvents: onEvents,
        onAddressesNeeded: onAddressesNeeded),
      now: now, onEvents: onEvents)
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
      let consumers = [try paymentConsumer(under: lease), try claimConsumer(under: lease)]
      try await withThrowingTaskGroup(of: Void.self) { group in
        for consumer in consumers { group.addTask { await hear(consumer) } }
        group.addTask { try await carryOn(under: lease) }
        defer { group.cancelAll() }
        try await group.next()
      }
    }
  }

  private func hear(_ consumer: Consumer<LogSource>) async {
    await consumer.run(
      pausing: .milliseconds(200), clock: ContinuousClock(),
      onNotice: { notice in
        surroundings.logger.warning(
          "consumer", metadata: ["consumer": "\(consumer.name)", "notice": "\(notice)"])
      },
      onError: { failed("hearing of events", $0, ["consumer": "\(consumer.name)"]) })
  }

  private func claimConsumer(under lease: Lease) throws -> Consumer<LogSource> {
    let events = ClaimEvents(now: now)
    return try Consumer(
      name: ClaimEvents.consumer,
      source: LogSource(database: surroundings.database, feed: feed, topics: [.claim]),
      database: surroundings.database, interest: ClaimEvents.interest, now: now,
      check: { try Leases.check(lease, in: $0) }, handler: events.handle)
  }

  private func paymentConsumer(under lease: Lease) throws -> Consumer<LogSource> {
    let events = PaymentEvents(now: now)
    return try Consumer(
      name: PaymentEvents.consumer,
      source: LogSource(database: surroundings.database, feed: feed, topics: [.payment]),
      database: surroundings.database, interest: PaymentEvents.interest, now: now,
      check: { try Leases.check(lease, in: $0) }, handler: events.handle)
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
