internal import Database
internal import Deployment
internal import EventLog
internal import Kafka
internal import Leases
internal import Logging
internal import Settings
internal import Synchronization
internal import Telemetry

/// Gives events their positions and, where brokers are configured, copies them there, while this
/// process holds the lease for it.
final class EventRelaying: Sendable {
  private let surroundings: Surroundings
  private let feed: EventFeed
  private let working = Mutex<(sequencer: Sequencer, relay: Relay?)?>(nil)

  init(feed: EventFeed, in surroundings: Surroundings) {
    self.feed = feed
    self.surroundings = surroundings
  }

  /// Nil where this process doesn't relay, or not to brokers.
  var status: RelayStatus? { working.withLock { $0?.relay?.status } }

  /// Tells that events were appended.
  func wake() { working.withLock { $0?.sequencer.wake() } }

  /// Until cancelled; throws what a person must look at before anything may go on.
  func run() async throws {
    try await surroundings.whileHolding("relay:\(surroundings.region)") { lease in
      defer { self.working.withLock { $0 = nil } }
      try await self.work(under: lease)
    }
  }

  private func work(under lease: Lease) async throws {
    let sequencer = Sequencer(database: surroundings.database, feed: feed)
    let relay = try makeRelay(under: lease)
    working.withLock { $0 = (sequencer, relay) }
    let logger = surroundings.logger
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await sequencer.run(
          under: lease, every: .milliseconds(500), clock: ContinuousClock()
        ) {
          logger.error("sequencing failed", metadata: ["error": "\($0)"])
        }
      }
      group.addTask { await Observing(surroundings: self.surroundings).runForAll() }
      if let relay {
        group.addTask { await self.count(relay) }
        group.addTask { [feed] in
          for await _ in feed.changes() { relay.wake() }
        }
        group.addTask {
          do {
            try await relay.run(every: .milliseconds(500), clock: ContinuousClock())
          } catch let error as RelayError {
            throw Self.isAnothers(error) ? LeaseLost(lease) : CommandFailure("\(error)")
          }
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func count(_ relay: Relay) async {
    let counter = surroundings.metrics.counter(.relayedEvents)
    var counted: Int64 = 0
    while !Task.isCancelled {
      let sent = relay.status.sent
      counter.add(UInt64(max(0, sent - counted)))
      counted = sent
      try? await Task.sleep(for: .seconds(1))
    }
  }

  /// Whether another relay works now, rather than something being wrong.
  private static func isAnothers(_ error: RelayError) -> Bool {
    switch error {
    case .leaseLost, .fenced, .cursorMoved: true
    default: false
    }
  }

  private func makeRelay(under lease: Lease) throws -> Relay? {
    guard let brokers = try surroundings.brokers() else { return nil }
    var options = RelayOptions()
    options.epoch = Int64(surroundings.plan.configuration.restoreEpoch)
    return Relay(
      database: surroundings.database, sink: brokers, options: options,
      check: { try Leases.check(lease, in: $0) },
      glance: { guard try Leases.isHeld(lease, in: $0) else { throw LeaseLost(lease) } })
  }
}
