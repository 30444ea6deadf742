internal import EventLog
internal import Kafka

/// Messages as the relay sends them, in memory.
struct MessageRun: Sendable {
  private let topic: EventTopic
  private let partitions: [Int32]
  /// Of each message its key, its value and its position in digits, one after another.
  private var parts = ByteRun()

  init(_ events: [PositionedEvent], topic: EventTopic, partitions count: Int32) {
    self.topic = topic
    partitions = events.map {
      KeyPartitioner.partition(ofKey: $0.event.subject.utf8, among: count)
    }
    for event in events {
      parts.append(event.event.subject.utf8)
      parts.append(event.event.json.utf8)
      parts.append(String(event.position).utf8)
    }
  }

  var count: Int { partitions.count }

  /// Hands all of them to the producer and returns once all are acknowledged.
  func send(over producer: KafkaProducer) async throws {
    try await producer.write { writer in try add(to: &writer) }
  }

  private func add(to writer: inout KafkaBatchWriter) throws {
    let type = Array(RelayBatch.contentType.utf8)
    try parts.bytes.withUnsafeBytes { bytes in
      try type.withUnsafeBytes { type in
        try topic.name.withCString { topic in
          try RelayBatch.contentTypeHeader.withCString { typeName in
            try RelayPosition.positionHeader.withCString { positionName in
              for (index, partition) in partitions.enumerated() {
                let part = { UnsafeRawBufferPointer(rebasing: bytes[parts.ranges[$0]]) }
                try writer.add(
                  topic: topic, partition: partition, key: part(3 * index),
                  value: part(3 * index + 1),
                  headers: [
                    .init(name: typeName, value: type),
                    .init(name: positionName, value: part(3 * index + 2)),
                  ])
              }
            }
          }
        }
      }
    }
  }
}
