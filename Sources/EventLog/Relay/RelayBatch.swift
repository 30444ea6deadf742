/// The messages of one transaction, with all their bytes in one buffer.
package struct RelayBatch: Sendable {
  /// One message. Its key, value and trace lie in the batch's `bytes`, one behind the other.
  package struct Message: Sendable, Equatable {
    package let destination: TopicPartition
    package let position: Int64
    /// The subject's UTF-8.
    package let key: Range<Int>
    /// The event in CloudEvents' JSON format.
    package let value: Range<Int>
    /// The W3C `traceparent`; empty where the event belongs to no trace.
    package let trace: Range<Int>
  }

  /// The restore epoch of all messages.
  package let epoch: Int64
  package private(set) var bytes: [UInt8] = []
  package private(set) var messages: [Message] = []

  /// What each message says of its value (CloudEvents' structured mode).
  package static let contentTypeHeader = "content-type"
  package static let contentType = "application/cloudevents+json; charset=UTF-8"

  /// The trace in which the event was told, as in the event itself.
  package static let traceHeader = "traceparent"

  package init(epoch: Int64) { self.epoch = epoch }

  /// Makes room for these many events and bytes of data: a buffer of megabytes that grows moves
  /// them over and over.
  mutating func reserve(events: Int, dataBytes: Int) {
    messages.reserveCapacity(events)
    // What surrounds the data takes less than half of that, where ids are as long as ours.
    bytes.reserveCapacity(dataBytes + 1_024 * events)
  }

  package mutating func append<Event: EventMembers>(
    _ event: Event, at position: Int64, to destination: TopicPartition
  ) throws(Event.Failure) {
    let start = bytes.count
    try event.append(.subject, to: &bytes)
    let middle = bytes.count
    try event.appendJSON(to: &bytes)
    let end = bytes.count
    try event.append(.traceparent, to: &bytes)
    messages.append(
      Message(
        destination: destination, position: position,
        key: start..<middle, value: middle..<end, trace: end..<bytes.count))
  }

  /// Puts the messages into the order of their positions.
  mutating func sort() {
    let isSorted = zip(messages, messages.dropFirst()).allSatisfy { $0.position < $1.position }
    if !isSorted { messages.sort { $0.position < $1.position } }
  }
}
