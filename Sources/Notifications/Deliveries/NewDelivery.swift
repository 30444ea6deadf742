/// What is to be delivered. Of one event a target gets one delivery, however often it is enqueued.
package struct NewDelivery: Sendable, Equatable {
  package let target: DeliveryTarget
  /// The event's id, or whatever else is the same each time the same is to be told: 1 to
  /// `maximumWordBytes` bytes, as the two below.
  package let eventID: String
  package let eventType: String
  package let eventSubject: String
  /// The event's place in the log or in its broker's partition; 0 where it has none. Deliveries to
  /// one target are begun in this order, as far as they succeed at once.
  package let position: Int64
  /// What the channel makes the message of; forgotten once it is sent.
  package let content: String

  package static let maximumWordBytes = 256
  /// An event with the most data that it may have, and its envelope.
  package static let maximumContentBytes = (1 << 20) + 8_192

  package init(
    to target: DeliveryTarget, eventID: String, eventType: String, eventSubject: String,
    position: Int64, content: String
  ) {
    self.target = target
    self.eventID = eventID
    self.eventType = eventType
    self.eventSubject = eventSubject
    self.position = position
    self.content = content
  }

  /// Checks the bounds of what is stored.
  func validate() throws(DeliveryRefusal) {
    let words = [eventID, eventType, eventSubject]
    guard (1...DeliveryTarget.maximumKeyBytes).contains(target.key.utf8.count),
      words.allSatisfy({ (1...Self.maximumWordBytes).contains($0.utf8.count) }),
      content.utf8.count <= Self.maximumContentBytes
    else { throw .tooLarge(contentBytes: content.utf8.count) }
  }
}

/// Why a delivery isn't taken, or can't be repeated.
package enum DeliveryRefusal: Error, Equatable, Sendable {
  /// The key, a word or the content has none or too many bytes.
  case tooLarge(contentBytes: Int)
  case notFound(String)
  /// A page was to begin behind it, and it isn't kept any more.
  case forgotten(String)
  /// It has arrived already.
  case sent(String)
  /// Its target takes nothing now.
  case retired(String)
}
