internal import Bytes
internal import EventLog

/// One producer's time, from `initTransactions` to its first error.
final class KafkaSinkSession: EventSinkSession {
  let state: SinkState
  private let producer: KafkaProducer

  init(_ producer: KafkaProducer, _ state: SinkState) {
    self.producer = producer
    self.state = state
  }

  func publish(_ batch: RelayBatch) async throws {
    try await Self.translatingErrors {
      try await self.producer.write { writer in try Self.add(batch, to: &writer) }
    }
  }

  func close() async { await producer.close() }

  private static let topics = EventTopic.allCases.map { CText($0.name) }
  private static let contentTypeHeader = CText(RelayBatch.contentTypeHeader)
  private static let contentType = CText(RelayBatch.contentType)
  private static let positionHeader = CText(RelayPosition.positionHeader)
  private static let epochHeader = CText(RelayPosition.epochHeader)
  private static let traceHeader = CText(RelayBatch.traceHeader)

  private static func add(_ batch: RelayBatch, to writer: inout KafkaBatchWriter) throws {
    let epoch = CText(String(batch.epoch))
    var headers = [
      KafkaBatchWriter.Header(name: contentTypeHeader.pointer, value: contentType.bytes)
    ]
    if batch.epoch != 0 {
      headers.append(KafkaBatchWriter.Header(name: epochHeader.pointer, value: epoch.bytes))
    }
    var digits: [UInt8] = []
    try batch.bytes.withUnsafeBytes { bytes in
      for message in batch.messages {
        digits.removeAll(keepingCapacity: true)
        digits.append(decimal: message.position)
        try digits.withUnsafeBytes { digits in
          let shared = headers.count
          defer { headers.removeSubrange(shared...) }
          headers.append(KafkaBatchWriter.Header(name: positionHeader.pointer, value: digits))
          if !message.trace.isEmpty {
            headers.append(
              KafkaBatchWriter.Header(
                name: traceHeader.pointer,
                value: UnsafeRawBufferPointer(rebasing: bytes[message.trace])))
          }
          try writer.add(
            topic: topics[message.destination.topic.rawValue].pointer,
            partition: message.destination.partition,
            key: UnsafeRawBufferPointer(rebasing: bytes[message.key]),
            value: UnsafeRawBufferPointer(rebasing: bytes[message.value]), headers: headers)
        }
      }
    }
    // The client has copied it by now.
    withExtendedLifetime(epoch) {}
  }

  /// Gives librdkafka's errors out as the sink's.
  static func translatingErrors<Value>(
    _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let error as KafkaError {
      throw error.isFenced
        ? EventSinkError.fenced(error.description) : EventSinkError.unavailable(error.description)
    }
  }
}
