/// A part of a source within which messages have one order: a partition of a Kafka topic, or the
/// whole embedded log.
package struct EventPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let topic: String
  package let number: Int32

  package init(topic: String, number: Int32) {
    self.topic = topic
    self.number = number
  }

  /// The event log in the database, whose offsets are positions.
  package static let log = EventPartition(topic: "log", number: 0)

  /// From `description`; nil where the text is none.
  package init?(_ text: some StringProtocol) {
    guard let slash = text.lastIndex(of: "/"), slash > text.startIndex,
      text.utf8.count <= Self.maximumBytes, !text.utf8.contains(0),
      let number = Int32(text[text.index(after: slash)...]), number >= 0
    else { return nil }
    self.init(topic: String(text[..<slash]), number: number)
  }

  /// A Kafka topic's name has at most 249 characters.
  private static let maximumBytes = 262

  /// `payment-events/3`.
  package var description: String { "\(topic)/\(number)" }

  package static func < (a: EventPartition, b: EventPartition) -> Bool {
    a.topic == b.topic ? a.number < b.number : a.topic < b.topic
  }
}

/// Where one message stands: nothing else of the consumer's name has the same.
package struct EventPlace: Hashable, Sendable, CustomStringConvertible {
  package let partition: EventPartition
  /// A Kafka offset, or a position of the log.
  package let offset: Int64

  package init(_ partition: EventPartition, _ offset: Int64) {
    self.partition = partition
    self.offset = offset
  }

  /// From `description`; nil where the text is none.
  package init?(_ text: some StringProtocol) {
    guard let at = text.lastIndex(of: "@"), let partition = EventPartition(text[..<at]),
      let offset = Int64(text[text.index(after: at)...]), offset >= 0
    else { return nil }
    self.init(partition, offset)
  }

  /// `payment-events/3@1234`.
  package var description: String { "\(partition)@\(offset)" }

  /// Where reading goes on behind it.
  var nextOffset: Int64 { offset == .max ? .max : offset + 1 }
}

/// A message as it came, before anyone has looked into it.
package struct ReceivedMessage: Sendable, Equatable {
  package let place: EventPlace
  /// The subject, by which Kafka chooses the partition.
  package let key: [UInt8]?
  /// CloudEvents JSON, or anything at all.
  package let value: [UInt8]
  /// The W3C trace in which it was told, where the source knows one.
  package let traceparent: String?

  package init(
    place: EventPlace, key: [UInt8]?, value: [UInt8], traceparent: String? = nil
  ) {
    self.place = place
    self.key = key
    self.value = value
    self.traceparent = traceparent
  }
}

/// A run of messages, within each partition in its order.
package struct EventBatch: Sendable, Equatable {
  package let messages: [ReceivedMessage]
  /// Where each partition that moved goes on behind the batch: at or after its last message.
  package let next: [EventPartition: Int64]

  package init(messages: [ReceivedMessage], next: [EventPartition: Int64]) {
    self.messages = messages
    self.next = next
  }

  package static let empty = EventBatch(messages: [], next: [:])
}

/// Where a consumer that never ran begins.
package enum ConsumerStart: String, Sendable, Hashable, CaseIterable {
  /// With everything that the source still has; each subject's first event is number 1.
  case beginning
  /// With what comes from now on; the first event seen of a subject sets where its count begins.
  case now
}

/// Where events come from. One consumer reads a source, one call at a time.
package protocol EventSource: Sendable {
  /// Goes to `places`, the offsets to read next, and for partitions without one to `start`; may be
  /// called again to go elsewhere. An offset below the first that is kept means that first one.
  ///
  /// - Returns: the place of every partition, also of those that had none
  func open(
    at places: [EventPartition: Int64], otherwise start: ConsumerStart
  ) async throws -> [EventPartition: Int64]

  /// What comes next, up to `limit` messages: empty where nothing came within `waiting`, nil where
  /// nothing will come any more.
  func next(limit: Int, waiting: Duration) async throws -> EventBatch?
}
