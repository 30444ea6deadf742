internal import Aggregates
package import ChainTypes
internal import EventLog

/// A tenant's webhook: where requests go, of which events, and whether they do.
///
///     enabled ◄──► disabled     by the tenant, because it answered 410, or after days of failures
///        └───────────┴────────► deleted
package struct WebhookEndpoint: Aggregate {
  package typealias Fact = WebhookFact

  package let terms: WebhookTerms
  package let createdAt: Timestamp
  package private(set) var details: WebhookDetails
  /// Nil while it is enabled.
  package private(set) var disabled: Disabling?
  package private(set) var secretRotatedAt: Timestamp?
  package private(set) var isDeleted = false
  package private(set) var version: Int64 = 1
  package private(set) var updatedAt: Timestamp

  package struct Disabling: Codable, Equatable, Sendable {
    package let reason: DisablingReason
    package let at: Timestamp
  }

  package var id: String { terms.id }
  package var tenant: String { terms.tenant }
  package var isEnabled: Bool { disabled == nil && !isDeleted }

  package var status: WebhookStatus {
    if isDeleted { return .deleted }
    return disabled == nil ? .enabled : .disabled
  }

  package init(founding fact: WebhookFact, at time: Timestamp) throws {
    guard case .founded(let terms, let details) = fact else { throw WebhookRefusal.notFounded }
    self.terms = terms
    self.details = details
    createdAt = time
    updatedAt = time
  }

  package mutating func apply(_ fact: WebhookFact, at time: Timestamp) throws -> [String] {
    guard !isDeleted else { throw WebhookRefusal.notFound(id) }
    let before = self
    var word = "updated"
    switch fact {
    case .founded: throw WebhookRefusal.foundedAlready(id)
    case .described(let details): self.details = details
    case .disabled(let reason):
      // The first reason stays.
      guard disabled == nil else { return [] }
      disabled = Disabling(reason: reason, at: time)
      word = "disabled"
    case .enabled: disabled = nil
    case .secretRotated: secretRotatedAt = time
    case .deleted:
      isDeleted = true
      word = "deleted"
    }
    guard self != before else { return [] }
    version += 1
    updatedAt = time
    return [word]
  }

  /// Whether an event is for it.
  func wants(_ received: ReceivedEvent) -> Bool {
    isEnabled && isNew(received)
      && details.events.contains { $0.matches(received.event.type) }
  }

  /// Whether the event was told after the webhook was made. Only this database's own log has
  /// positions that `since` compares with: offsets of a broker's partitions count something else,
  /// so there the event's time decides, in doubt for the event.
  private func isNew(_ received: ReceivedEvent) -> Bool {
    guard received.place.partition != .log else { return received.place.offset > terms.since }
    return received.event.time.adding(seconds: Self.toleranceSeconds) >= createdAt
  }

  /// By how much the clock of whoever told an event may be behind ours, with the time between the
  /// moment that the event names and its commit.
  static let toleranceSeconds: Int64 = 300
}

package enum WebhookStatus: String, Sendable, CaseIterable {
  case enabled, disabled, deleted
}

/// What never changes about a webhook.
package struct WebhookTerms: Codable, Equatable, Sendable {
  package let id: String
  package let tenant: String
  /// How far this database's log reached when it was made: it gets what comes behind.
  package let since: Int64
}

package struct WebhookDetails: Codable, Equatable, Sendable {
  /// A `WebhookURL`'s text.
  package let url: String
  package let events: [EventPattern]
  package let description: String?

  package static let maximumEvents = 32

  package init(url: String, events: [EventPattern], description: String?) {
    self.url = url
    self.events = events
    self.description = description
  }
}

/// Something that happened to a webhook.
package enum WebhookFact: Codable, Equatable, Sendable {
  case founded(WebhookTerms, WebhookDetails)
  case described(WebhookDetails)
  case disabled(DisablingReason)
  case enabled
  case secretRotated
  case deleted
}

package enum DisablingReason: String, Codable, Sendable, CaseIterable {
  /// The tenant wanted it so.
  case requested
  /// It answered 410 (Gone).
  case gone
  /// Nothing has arrived for days.
  case failing
}

/// Why something can't be done with a webhook. Nothing was written.
package enum WebhookRefusal: Error, Equatable, Sendable {
  case notFounded
  case foundedAlready(String)
  case notFound(String)
  case disabled(String)
  /// The tenant has so many already.
  case tooMany(Int)
}
