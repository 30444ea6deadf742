internal import ChainTypes
internal import Database
internal import EventLog
internal import HTTPClient
internal import HTTPServer
internal import Leases
internal import Logging
internal import Notifications
internal import Settings
internal import Telemetry
internal import Watching

/// What people and programs are told, as this process sends it.
struct NotificationServing: Sendable {
  let surroundings: Surroundings
  let feed: EventFeed
  let messages: MessageServing
  /// Called after steps that may have appended events.
  let onEvents: @Sendable () -> Void

  private static let measuring = Duration.seconds(15)

  private var now: @Sendable () -> Timestamp { { SystemTime().now } }

  private var policy: WebhookPolicy {
    let settings = surroundings.plan.configuration.webhooks
    return WebhookPolicy(
      allowsHTTP: settings.allowsHTTP, allowsPrivateHosts: settings.allowsPrivateHosts)
  }

  func register(on router: APIRouter) {
    let database = surroundings.database
    WebhookRoutes(
      service: WebhookService(database: database, policy: policy), now: now, onEvents: onEvents
    ).register(on: router)
    DeliveryRoutes(database: database, now: now).register(on: router)
  }

  /// What sends on each channel; deliveries on others stay where they are.
  private func channels() throws -> [any DeliveryChannel] {
    let allowsAll = policy.allowsPrivateHosts
    return [
      WebhookChannel(
        database: surroundings.database, client: try HTTPClient(), resolver: SystemResolver(),
        refusal: { allowsAll ? nil : AddressScope.refusal(of: $0) }, now: now)
    ] + messages.channels
  }

  /// Hears of events and sends what is in the queues, while this process holds the lease for it.
  func run() async throws {
    try await surroundings.whileHolding("notifications:\(surroundings.region)") { lease in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          let events = WebhookEvents(now: now)
          try await surroundings.hear(
            WebhookEvents.topics, feed: feed, as: WebhookEvents.consumer, under: lease,
            events.handle)
        }
        group.addTask { try await send(under: lease) }
        group.addTask { try await messages.run(under: lease) }
        group.addTask { await measure() }
        defer { group.cancelAll() }
        try await group.next()
      }
    }
  }

  private func send(under lease: Lease) async throws {
    let (metrics, logger) = (surroundings.metrics, surroundings.logger)
    var options = DeliveryWorkerOptions()
    options.gathering = .milliseconds(10)
    let worker = DeliveryWorker(
      database: surroundings.database, channels: try channels(), options: options, now: now,
      random: { UInt64.random(in: .min ... .max) },
      check: { try Leases.check(lease, in: $0) }, onEvents: onEvents,
      onReport: { report in
        let channel = report.channel.rawValue
        metrics.counter(.deliveryAttempts, channel, report.outcome).add()
        metrics.histogram(.deliveryMilliseconds, channel)
          .record(UInt64(clamping: report.milliseconds))
        if let cause = report.cause {
          logger.error(
            "a delivery was put off", metadata: ["channel": "\(channel)", "error": "\(cause)"])
        }
      })
    try await worker.run(clock: ContinuousClock(), isFinal: { $0 is LeaseLost }) {
      logger.error("delivering failed", metadata: ["error": "\($0)"])
    }
  }

  private func measure() async {
    while !Task.isCancelled {
      do {
        let now = SystemTime().now
        let waiting = try await surroundings.database.read { try Deliveries.waiting(in: $0) }
        for channel in ChannelName.allCases {
          let (count, oldest) = waiting[channel].map { ($0.count, $0.oldest) } ?? (0, now)
          surroundings.metrics.gauge(.pendingDeliveries, channel.rawValue).set(count)
          surroundings.metrics.gauge(.oldestDeliverySeconds, channel.rawValue)
            .set(max(0, (now.microseconds - oldest.microseconds) / 1_000_000))
        }
      } catch {
        surroundings.logger.error("counting deliveries failed", metadata: ["error": "\(error)"])
      }
      try? await Task.sleep(for: Self.measuring)
    }
  }
}
