internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
package import EventLog

/// Puts events into the queues of the webhooks that want them, inside the transaction that notes
/// the event as handled.
package struct WebhookEvents: Sendable {
  /// The name under which the consumer's inbox knows it.
  package static let consumer = "webhooks"
  /// Whose events a webhook may have. What is told of deliveries themselves isn't among them: they
  /// would tell of themselves for ever.
  package static let topics: Set<EventTopic> = [.payment, .order, .claim]

  /// Whether there are events that the pattern may match.
  static func tells(_ pattern: EventPattern) -> Bool {
    pattern.text == "*" || EventTopic(eventType: pattern.text).map(topics.contains) ?? false
  }

  let now: @Sendable () -> Timestamp
  private let store = RecordStore<WebhookEndpoint>()

  package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

  package func handle(_ received: ReceivedEvent, in connection: any SQLConnection) throws {
    let event = received.event
    guard let tenant = event.tenant else { return }
    // Not a page, which shows on PostgreSQL what is older than every unfinished transaction.
    let ids = try connection.query(
      "SELECT webhook_id FROM webhook_endpoints WHERE tenant = $1 AND enabled = 1 LIMIT $2",
      [.text(tenant), .integer(Int64(WebhookService.maximumCount))]
    ).map { try $0.text("webhook_id") }
    for id in ids {
      let webhook = try store.load(id, tenant: tenant, locking: false, in: connection)
      guard let webhook, webhook.wants(received) else { continue }
      try Deliveries.enqueue(
        NewDelivery(
          to: WebhookService.target(webhook.id, tenant: tenant), eventID: event.id.hex,
          eventType: event.type, eventSubject: event.subject,
          position: received.place.offset, content: event.json), now: now(), in: connection)
    }
  }
}
