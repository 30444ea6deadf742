internal import Aggregates
package import ChainTypes
package import Database
internal import Messages
internal import Notifications

/// Customers' preferences in their table. Nothing of them stands in events or elsewhere, so that
/// deleting the row forgets the address.
package enum PreferenceRecords {
  private static let columns = """
    tenant, customer, email, push_provider, push_token, language, time_zone, channels, \
    unsubscribed_at, unsubscribe_token, created_at, updated_at
    """

  /// Nil where nothing is known of the customer.
  package static func load(
    tenant: String, customer: String, locking: Bool = false, in connection: any SQLConnection
  ) throws -> CustomerPreferences? {
    try connection.queryFirst(
      "SELECT \(columns) FROM customer_preferences WHERE tenant = $1 AND customer = $2"
        + (locking ? connection.dialect.forUpdate : ""),
      [.text(tenant), .text(customer)]
    ).map(preferences)
  }

  /// Makes the row, or changes all of it but when it was made and its token.
  package static func save(
    _ preferences: CustomerPreferences, in connection: any SQLConnection
  ) throws {
    let channels = Dictionary(
      uniqueKeysWithValues: preferences.channels.map { topic, chosen in
        (topic.rawValue, chosen.map(\.rawValue).sorted())
      })
    try connection.execute(
      """
      INSERT INTO customer_preferences (\(columns))
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      ON CONFLICT (tenant, customer) DO UPDATE SET email = excluded.email,
        push_provider = excluded.push_provider, push_token = excluded.push_token,
        language = excluded.language, time_zone = excluded.time_zone,
        channels = excluded.channels, unsubscribed_at = excluded.unsubscribed_at,
        updated_at = excluded.updated_at
      """,
      [
        .text(preferences.tenant), .text(preferences.customer),
        .optional(preferences.email?.text), .optional(preferences.push?.provider),
        .optional(preferences.push?.token), .text(preferences.language.rawValue),
        .optional(preferences.timeZone), .text(try CanonicalJSON.text(channels)),
        .optional(preferences.unsubscribedAt?.microseconds),
        .text(preferences.unsubscribeToken), .integer(preferences.createdAt.microseconds),
        .integer(preferences.updatedAt.microseconds),
      ])
  }

  /// False where there was nothing.
  @discardableResult
  package static func delete(
    tenant: String, customer: String, in connection: any SQLConnection
  ) throws -> Bool {
    try connection.execute(
      "DELETE FROM customer_preferences WHERE tenant = $1 AND customer = $2",
      [.text(tenant), .text(customer)]) == 1
  }

  /// Ends the mails to whom the token stands for; false where it stands for nobody.
  package static func unsubscribe(
    token: String, now: Timestamp, in connection: any SQLConnection
  ) throws -> Bool {
    try connection.execute(
      """
      UPDATE customer_preferences
      SET unsubscribed_at = COALESCE(unsubscribed_at, $1), updated_at = $1
      WHERE unsubscribe_token = $2
      """, [.integer(now.microseconds), .text(token)]) == 1
  }

  /// Forgets a device that is gone, unless another one has taken its place.
  static func forget(
    _ push: PushAddress, of customer: String, tenant: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      UPDATE customer_preferences SET push_provider = NULL, push_token = NULL, updated_at = $1
      WHERE tenant = $2 AND customer = $3 AND push_provider = $4 AND push_token = $5
      """,
      [
        .integer(now.microseconds), .text(tenant), .text(customer), .text(push.provider),
        .text(push.token),
      ])
  }

  private static func preferences(_ row: SQLRow) throws -> CustomerPreferences {
    func time(_ column: String) throws -> Timestamp {
      Timestamp(microseconds: try row.integer(column))
    }
    let stored = try CanonicalJSON.value(
      [String: [String]].self, from: row.text("channels"))
    var channels: [Notice.Topic: Set<CustomerChannel>] = [:]
    for (topic, chosen) in stored {
      guard let topic = Notice.Topic(rawValue: topic) else { continue }
      channels[topic] = Set(chosen.compactMap(CustomerChannel.init))
    }
    var push: PushAddress?
    if let provider = try row.optionalText("push_provider"),
      let token = try row.optionalText("push_token")
    {
      push = PushAddress(provider: provider, token: token)
    }
    return CustomerPreferences(
      tenant: try row.text("tenant"), customer: try row.text("customer"),
      email: try row.optionalText("email").flatMap(MailAddress.init), push: push,
      language: Language(rawValue: try row.text("language")) ?? .en,
      timeZone: try row.optionalText("time_zone"), channels: channels,
      unsubscribedAt: try row.optionalInteger("unsubscribed_at").map {
        Timestamp(microseconds: $0)
      }, unsubscribeToken: try row.text("unsubscribe_token"), createdAt: try time("created_at"),
      updatedAt: try time("updated_at"))
  }
}

extension CustomerPreferences {
  /// Begins afresh with the customer's targets whose address is another now, or to which nothing
  /// was sent any more.
  func renewTargets(
    since former: CustomerPreferences?, now: Timestamp, in connection: any SQLConnection
  ) throws {
    func renew(_ channel: CustomerChannel, isElsewhere: Bool) throws {
      try Deliveries.renew(
        DeliveryTarget(tenant: tenant, channel: channel.name, key: customer),
        isElsewhere: isElsewhere, now: now, in: connection)
    }
    if let email { try renew(.email, isElsewhere: former?.email != email) }
    if let push { try renew(.push, isElsewhere: former?.push != push) }
  }
}
