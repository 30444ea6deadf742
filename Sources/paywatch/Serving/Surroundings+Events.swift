internal import Database
internal import Deployment
internal import EventLog
internal import Kafka
internal import Leases
internal import Logging
internal import Settings
internal import Watching

extension Surroundings {
  /// What nobody waits for longer, and spares most pages and commits of a busy log.
  private static let gathering = Duration.milliseconds(25)

  /// Hands a consumer the events of these topics, as long as this process holds the lease for it.
  /// They come from where the configuration says: this process's own log, or the brokers, where
  /// other services have databases of their own.
  func hear(
    _ topics: Set<EventTopic>, feed: EventFeed, as name: String, _ interest: EventInterest = .all,
    under lease: Lease, _ handler: @escaping EventHandler
  ) async throws {
    let settings = plan.configuration
    guard settings.services.events == .kafka, let kafka = settings.kafka else {
      let source = LogSource(
        database: database, feed: feed, topics: topics, gathering: Self.gathering)
      return try await hear(source, as: name, interest, under: lease, handler)
    }
    let source = try KafkaSource(kafka.configuration(), topics: topics, log: kafkaLog)
    do {
      try await hear(source, as: name, interest, under: lease, handler)
    } catch {
      await source.close()
      throw error
    }
    await source.close()
  }

  private func hear(
    _ source: some EventSource, as name: String, _ interest: EventInterest, under lease: Lease,
    _ handler: @escaping EventHandler
  ) async throws {
    let consumer = try Consumer(
      name: name, source: source, database: database, interest: interest,
      now: { SystemTime().now }, check: { try Leases.check(lease, in: $0) }, handler: handler)
    await consumer.run(
      pausing: .milliseconds(200), clock: ContinuousClock(),
      onNotice: { notice in
        logger.warning("consumer", metadata: ["consumer": "\(name)", "notice": "\(notice)"])
      },
      onError: { error in
        logger.error(
          "hearing of events failed", metadata: ["consumer": "\(name)", "error": "\(error)"])
      })
  }
}
