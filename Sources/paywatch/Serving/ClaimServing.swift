internal import ChainTypes
internal import Claiming
internal import Database
internal import EventLog
internal import Leases
internal import Logging
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
      database: surroundings.database, region: surroundings.region, cache: surroundings.reads)
  }

  var routes: ClaimRoutes { ClaimRoutes(service: service, now: now, onEvents: onEvents) }

  /// Hears of orders, and issues and ends their claims, while this process holds the lease for it.
  func run() async throws {
    let name = OrderEvents.consumer
    try await surroundings.whileHolding("claiming:\(surroundings.region)") { lease in
      let consumer = try consumer(under: lease)
      await consumer.run(
        pausing: .milliseconds(200), clock: ContinuousClock(),
        onNotice: { notice in
          surroundings.logger.warning(
            "consumer", metadata: ["consumer": "\(name)", "notice": "\(notice)"])
        },
        onError: { error in
          surroundings.logger.error(
            "hearing of orders failed", metadata: ["error": "\(error)"])
        })
    }
  }

  private func consumer(under lease: Lease) throws -> Consumer<LogSource> {
    let events = OrderEvents(
      region: surroundings.region, now: now,
      random: {
        var generator = SystemRandomNumberGenerator()
        return (generator.next(), generator.next())
      })
    return try Consumer(
      name: OrderEvents.consumer,
      source: LogSource(database: surroundings.database, feed: feed, topics: [.order]),
      database: surroundings.database, interest: OrderEvents.interest, now: now,
      check: { try Leases.check(lease, in: $0) }, handler: events.handle)
  }
}
