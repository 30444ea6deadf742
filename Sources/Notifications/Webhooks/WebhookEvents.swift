internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
package import EventLog
internal import Synchronization

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
  private let known = KnownWebhooks()

  package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

  package func handle(_ received: ReceivedEvent, in connection: any SQLConnection) throws {
    let event = received.event
    guard let tenant = event.tenant else { return }
    // Not a page, which shows on PostgreSQL what is older than every unfinished transaction.
    let rows = try connection.query(
      "SELECT webhook_id, state FROM webhook_endpoints WHERE tenant = $1 AND enabled = 1 LIMIT $2",
      [.text(tenant), .integer(Int64(WebhookService.maximumCount))])
    for row in rows {
      let webhook = try known.webhook(row.text("webhook_id"), state: row.text("state"))
      guard webhook.wants(received) else { continue }
      try Deliveries.enqueue(
        NewDelivery(
          to: WebhookService.target(webhook.id, tenant: tenant), eventID: event.id.hex,
          eventType: event.type, eventSubject: event.subject,
          position: received.place.offset, content: event.json), now: now(), in: connection)
    }
  }
}

/// Webhooks as they were last read, by their states' texts: each event meets all of its tenant's,
/// and to read one's text as JSON takes longer than all else that is done about it.
private final class KnownWebhooks: Sendable {
  private let webhooks = Mutex<[String: (state: String, webhook: WebhookEndpoint)]>([:])

  /// Beyond it all are forgotten, and read again.
  private static let limit = 4_096

  /// What `state` says; throws where that is nothing.
  func webhook(_ id: String, state: String) throws -> WebhookEndpoint {
    try webhooks.withLock { webhooks in
      if let known = webhooks[id], known.state.utf8.elementsEqual(state.utf8) {
        return known.webhook
      }
      if webhooks.count >= Self.limit { webhooks.removeAll() }
      let webhook = try CanonicalJSON.value(WebhookEndpoint.self, from: state)
      webhooks[id] = (state, webhook)
      return webhook
    }
  }
}
