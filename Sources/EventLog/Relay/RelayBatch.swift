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

  /// Makes room for these events: a buffer of megabytes that grows moves them over and over.
  mutating func reserve(for events: [PositionedEvent]) {
    messages.reserveCapacity(events.count)
    // What surrounds the data takes less than half of that, where ids are as long as ours.
    bytes.reserveCapacity(events.reduce(0) { $0 + $1.event.data.utf8.count + 1_024 })
  }

  package mutating func append(_ event: PositionedEvent, to destination: TopicPartition) {
    let start = bytes.count
    bytes.append(contentsOf: event.event.subject.utf8)
    let middle = bytes.count
    event.event.appendJSON(to: &bytes)
    let end = bytes.count
    if let trace = event.event.traceparent { bytes.append(contentsOf: trace.utf8) }
    messages.append(
      Message(
        destination: destination, position: event.position,
        key: start..<middle, value: middle..<end, trace: end..<bytes.count))
  }
}
