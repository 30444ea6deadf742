package import Aggregates
internal import Bytes
package import ChainTypes
package import Database
internal import Digests
internal import EventLog
internal import JSON

/// Keeps webhooks. Everything runs inside the caller's transaction, so that a reply, a webhook, its
/// queue and its events hold together.
package struct WebhookService: Sendable {
  let database: any Database
  package let policy: WebhookPolicy
  let store = RecordStore<WebhookEndpoint>()

  /// How many a tenant may have.
  package static let maximumCount = 50

  package init(database: any Database, policy: WebhookPolicy) {
    self.database = database
    self.policy = policy
  }

  static func target(_ webhook: String, tenant: String) -> DeliveryTarget {
    DeliveryTarget(tenant: tenant, channel: .webhook, key: webhook)
  }

  // MARK: Deciding

  package func create(
    _ details: WebhookDetails, secret: WebhookSecret, tenant: String, now: Timestamp,
    random: (UInt64, UInt64), in connection: any SQLConnection
  ) throws -> WebhookEndpoint {
    let row = try connection.queryFirst(
      "SELECT COUNT(*) AS n FROM webhook_endpoints WHERE tenant = $1 AND deleted = 0",
      [.text(tenant)])
    guard try row?.integer("n") ?? 0 < Int64(Self.maximumCount) else {
      throw WebhookRefusal.tooMany(Self.maximumCount)
    }
    let id = try store.order(connection.dialect).newID(
      tenant: tenant, now: now, random: random, in: connection)
    let terms = WebhookTerms(
      id: id, tenant: tenant, since: try EventLog.lastPosition(in: connection))
    let webhook = try store.found(.founded(terms, details), now: now, in: connection)
    try WebhookSecretRecords.add(
      secret, to: id, tenant: tenant, now: now, in: connection)
    return webhook
  }

  /// Applies what the tenant decides, one fact after the other; what changes nothing is told and
  /// recorded nowhere. What waits for a webhook that is disabled or deleted is canceled.
  ///
  /// - Parameter facts: made of the webhook as it is
  package func change(
    _ id: String, tenant: String, now: Timestamp, in connection: any SQLConnection,
    by facts: (WebhookEndpoint) throws -> [WebhookFact]
  ) throws -> WebhookEndpoint {
    guard var webhook = try store.load(id, tenant: tenant, in: connection), !webhook.isDeleted
    else { throw WebhookRefusal.notFound(id) }
    let wasEnabled = webhook.isEnabled
    for fact in try facts(webhook) {
      try store.apply(fact, to: &webhook, now: now, in: connection)
    }
    let target = Self.target(id, tenant: tenant)
    switch (wasEnabled, webhook.isEnabled) {
    case (true, false): try Deliveries.retire(target, now: now, in: connection)
    case (false, true): try Deliveries.restore(target, now: now, in: connection)
    default: break
    }
    if webhook.isDeleted { try WebhookSecretRecords.remove(id, in: connection) }
    return webhook
  }

  /// Gives the webhook another secret; the former ones sign beside it for a day.
  package func rotate(
    _ id: String, to secret: WebhookSecret, tenant: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> WebhookEndpoint {
    let webhook = try change(id, tenant: tenant, now: now, in: connection) { _ in
      [.secretRotated]
    }
    try WebhookSecretRecords.add(secret, to: id, tenant: tenant, now: now, in: connection)
    return webhook
  }

  /// Sends the webhook an event `webhook.test` that stands in no log.
  package func test(
    _ id: String, tenant: String, now: Timestamp, random: UInt64,
    in connection: any SQLConnection
  ) throws -> Delivery {
    let webhook = try webhook(id, tenant: tenant, in: connection)
    guard webhook.isEnabled else { throw WebhookRefusal.disabled(id) }
    var data = CanonicalObject(reserving: 128)
    data.add("webhook_id", id)
    let type = "webhook.test"
    let event = CloudEvent(
      id: EventID.digest(
        type: type, subject: id, sequence: 1,
        cause: SHA256.hash(Array("\(now.microseconds) \(random)".utf8))),
      type: type, subject: id, sequence: 1, tenant: tenant, time: now, data: data.text)
    let delivery = try Deliveries.enqueue(
      NewDelivery(
        to: Self.target(id, tenant: tenant), eventID: event.id.hex, eventType: type,
        eventSubject: id, position: 0, content: event.json), now: now, in: connection)
    guard let delivery,
      let made = try Deliveries.load(delivery, tenant: tenant, in: connection)
    else { throw WebhookRefusal.notFound(id) }
    return made
  }

  // MARK: Reading

  package func webhook(
    _ id: String, tenant: String, in connection: any SQLConnection
  ) throws -> WebhookEndpoint {
    let webhook = try store.load(id, tenant: tenant, locking: false, in: connection)
    guard let webhook, !webhook.isDeleted else { throw WebhookRefusal.notFound(id) }
    return webhook
  }

  /// - Parameter tenant: nil for all tenants'
  package func webhooks(
    tenant: String?, after id: String?, limit: Int, in connection: any SQLConnection
  ) throws -> [WebhookEndpoint] {
    try store.page(
      where: [("tenant", .optional(tenant)), ("deleted", .flag(false))], after: id, limit: limit,
      in: connection)
  }

  /// Whether the webhook has this secret: who made the request that a reply tells of.
  package func has(_ secret: WebhookSecret, _ id: String) async throws -> Bool {
    try await database.read { connection in
      try connection.queryFirst(
        "SELECT 1 AS one FROM webhook_secrets WHERE webhook_id = $1 AND secret = $2",
        [.text(id), .blob(secret.bytes)]) != nil
    }
  }

  /// Forgets secrets that sign no more.
  package static func forgetSecrets(
    now: Timestamp, in connection: any SQLConnection
  ) throws { try WebhookSecretRecords.forget(before: now, in: connection) }

  /// Makes the rows of all webhooks again from their facts; without `writing` only compares them.
  package static func rebuild(
    _ database: any Database, writing: Bool
  ) async throws -> RebuildReport {
    try await RecordStore<WebhookEndpoint>().rebuild(database, writing: writing)
  }
}
