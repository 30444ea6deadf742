internal import Aggregates
package import ChainTypes
package import Messages
package import Notifications

/// How a customer of a tenant wants to be told what becomes of orders.
package struct CustomerPreferences: Equatable, Sendable {
  package let tenant: String
  /// In the shop's own words, as it stands with orders.
  package let customer: String
  package var email: MailAddress?
  package var push: PushAddress?
  package var language: Language
  /// A name of the IANA time zone database; nil where it isn't known.
  package var timeZone: String?
  /// The wanted channels of each topic; all of them where a topic isn't here.
  package var channels: [Notice.Topic: Set<CustomerChannel>]
  /// Since when the customer wants no mail.
  package var unsubscribedAt: Timestamp?
  /// By what a customer who has had a mail is known: whoever knows it ends the mails, no more.
  package let unsubscribeToken: String
  package let createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    tenant: String, customer: String, email: MailAddress? = nil, push: PushAddress? = nil,
    language: Language = .en, timeZone: String? = nil,
    channels: [Notice.Topic: Set<CustomerChannel>] = [:], unsubscribedAt: Timestamp? = nil,
    unsubscribeToken: String, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.tenant = tenant
    self.customer = customer
    self.email = email
    self.push = push
    self.language = language
    self.timeZone = timeZone
    self.channels = channels
    self.unsubscribedAt = unsubscribedAt
    self.unsubscribeToken = unsubscribeToken
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  /// On which channels the customer is told such news: those that are wanted and lead somewhere.
  package func channels(for topic: Notice.Topic) -> Set<CustomerChannel> {
    (channels[topic] ?? Set(CustomerChannel.allCases)).filter { channel in
      switch channel {
      case .email: email != nil && unsubscribedAt == nil
      case .push: push != nil
      }
    }
  }

  /// As answers show it.
  package var document: String {
    var object = CanonicalObject(reserving: 512)
    var topics = CanonicalObject(reserving: 128)
    if let chosen = names(of: .order) { topics.add("order", json: chosen) }
    if let chosen = names(of: .payment) { topics.add("payment", json: chosen) }
    if let chosen = names(of: .refund) { topics.add("refund", json: chosen) }
    object.add("channels", topics)
    object.add("created_at", createdAt)
    object.add("customer", customer)
    if let email { object.add("email", email.text) }
    object.add("language", language.rawValue)
    if let push {
      var address = CanonicalObject(reserving: 128)
      address.add("provider", push.provider)
      address.add("token", push.token)
      object.add("push", address)
    }
    if let timeZone { object.add("time_zone", timeZone) }
    object.add("unsubscribed", unsubscribedAt != nil)
    object.add("updated_at", updatedAt)
    return object.text
  }

  private func names(of topic: Notice.Topic) -> String? {
    channels[topic].map { chosen in
      let names = CustomerChannel.allCases.filter(chosen.contains).map { "\"\($0.rawValue)\"" }
      return "[\(names.joined(separator: ","))]"
    }
  }
}

/// A way to a customer.
package enum CustomerChannel: String, Codable, Sendable, CaseIterable {
  case email, push

  package var name: ChannelName {
    switch self {
    case .email: .email
    case .push: .push
    }
  }
}

/// A device, as a provider of push messages knows it.
package struct PushAddress: Codable, Equatable, Sendable {
  package let provider: String
  package let token: String

  package init(provider: String, token: String) {
    self.provider = provider
    self.token = token
  }
}
