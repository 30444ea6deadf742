internal import ChainTypes
internal import Claiming
internal import Database
internal import EventLog
internal import Leases
internal import Logging
internal import Orders
internal import Watching

/// Claims, as this process serves them.
struct ClaimServing: Sendable {
  let surroundings: Surroundings
  let feed: EventFeed
  /// Called after requests that may have appended events.
  let onEvents: @Sendable () -> Void

  private var now: @Sendable () -> Timestamp { { SystemTime().now } }

  private var service: ClaimService {
    ClaimService(
      database: surroundings.database, region: surroundings.region, cache: surroundings.reads,
      orders: OrdersAtHand())
  }

  var routes: ClaimRoutes { ClaimRoutes(service: service, now: now, onEvents: onEvents) }

  /// Hears of orders, and issues and ends their claims, while this process holds the lease for it.
  func run() async throws {
    try await surroundings.whileHolding("claiming:\(surroundings.region)") { lease in
      let events = OrderEvents(
        region: surroundings.region, now: now,
        random: {
          var generator = SystemRandomNumberGenerator()
          return (generator.next(), generator.next())
        })
      try await surroundings.hear(
        [.order], feed: feed, as: OrderEvents.consumer, OrderEvents.interest, under: lease,
        events.handle)
    }
  }
}

/// Orders in the same database, as claiming asks for them. Elsewhere it finds none, and hears by
/// events alone.
struct OrdersAtHand: ClaimedOrders {
  func standing(
    of order: String, tenant: String, in connection: any SQLConnection
  ) throws -> ClaimedOrder? {
    let status = try OrderRecords().status(of: order, tenant: tenant, in: connection)
    return status.flatMap { ClaimedOrder(rawValue: $0.rawValue) }
  }
}
