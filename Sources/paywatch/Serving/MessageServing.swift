internal import ChainTypes
internal import Claiming
internal import CustomerMessages
internal import Database
internal import Deployment
internal import EventLog
internal import HTTPClient
internal import Leases
internal import Logging
internal import Notifications
internal import Settings
internal import Settlement
internal import Watching

/// What customers are told, as this process makes and sends it.
struct MessageServing: Sendable {
  let surroundings: Surroundings
  let feed: EventFeed
  let payments: PaymentService
  let client: HTTPClient
  /// What brings pushes to devices: nothing yet but in the demo.
  let pushes: [any PushProvider]

  private var now: @Sendable () -> Timestamp { { SystemTime().now } }

  var routes: PreferenceRoutes { PreferenceRoutes(database: surroundings.database, now: now) }

  /// Those on which something can be sent: mail where a server is configured, pushes where
  /// something brings them.
  var channels: [any DeliveryChannel] {
    let mail = surroundings.plan.configuration.mail
    let writer = MessageWriter(
      database: surroundings.database,
      claims: OwnClaimCodes(
        service: ClaimService(database: surroundings.database, region: surroundings.region)),
      publicURL: mail?.publicURL, now: now)
    var channels: [any DeliveryChannel] = []
    if let mail {
      channels.append(MailChannel(writer: writer, client: client, outbox: mail.outbox))
    }
    if !pushes.isEmpty { channels.append(PushChannel(writer: writer, providers: pushes)) }
    return channels
  }

  /// Hears of orders, payments and refunds, and enqueues what customers are told of them.
  func run(under lease: Lease) async throws {
    let channels = Set(
      CustomerChannel.allCases.filter { known in self.channels.contains { $0.name == known.name } })
    let events = CustomerEvents(payments: payments, channels: channels, now: now)
    try await surroundings.hear(
      CustomerEvents.topics, feed: feed, as: CustomerEvents.consumer, CustomerEvents.interest,
      under: lease, events.handle)
  }
}

/// The codes of claims that stand in this database.
private struct OwnClaimCodes: ClaimCodeReading {
  let service: ClaimService

  func code(ofOrder order: String, tenant: String) async throws -> String? {
    try await service.code(ofOrder: order, tenant: tenant)?.code.grouped
  }

  func knowsCodes(of tenant: String) async throws -> Bool {
    try await service.hasClaims(of: tenant)
  }
}
