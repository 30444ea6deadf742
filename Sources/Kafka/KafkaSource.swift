package import EventLog

/// Topics of Kafka as a source of a consumer's events. It joins no group: the consumer's inbox
/// knows the places, and commits them with what it did.
///
/// It reads the partitions that a topic has when it is opened; after more were added the consumer
/// is started again.
package actor KafkaSource: EventSource {
  package enum Failure: Error, Sendable, Equatable {
    case unknownTopic(String)
    /// The consumer has handled what the partition doesn't have: another cluster, or one that has
    /// lost messages.
    case placeAhead(EventPartition, Int64, end: Int64)
  }

  private let consumer: KafkaConsumer
  private let topics: [String]

  /// - Parameter timeout: bounds every question to the brokers
  package init(
    _ configuration: KafkaConfiguration, topics: Set<EventTopic>,
    timeout: Duration = .seconds(10), log: @escaping KafkaLog
  ) throws(KafkaError) {
    consumer = try KafkaConsumer(configuration, timeout: timeout, log: log)
    self.topics = topics.map(\.name).sorted()
  }

  package func open(
    at places: [EventPartition: Int64], otherwise start: ConsumerStart
  ) async throws -> [EventPartition: Int64] {
    var opened: [EventPartition: Int64] = [:]
    for topic in topics {
      guard let count = try await consumer.partitionCount(of: topic) else {
        throw Failure.unknownTopic(topic)
      }
      for number in 0..<count {
        let partition = EventPartition(topic: topic, number: number)
        let marks = try await consumer.watermarks(of: .init(topic, number))
        if let place = places[partition] {
          guard place <= marks.high else {
            throw Failure.placeAhead(partition, place, end: marks.high)
          }
          // What retention has removed shows as gaps of the subjects that it concerns.
          opened[partition] = max(place, marks.low)
        } else {
          opened[partition] = start == .beginning ? marks.low : marks.high
        }
      }
    }
    var starts: [KafkaConsumer.Place: KafkaConsumer.Start] = [:]
    for (partition, offset) in opened {
      starts[.init(partition.topic, partition.number)] = .offset(offset)
    }
    try await consumer.assign(starts)
    return opened
  }

  package func next(limit: Int, waiting: Duration) async throws -> EventBatch? {
    let batch = try await consumer.poll(limit: limit, timeout: waiting)
    var next: [EventPartition: Int64] = [:]
    let messages = batch.messages.map { message in
      let partition = EventPartition(topic: message.topic, number: message.partition)
      next[partition] = message.offset + 1
      return ReceivedMessage(
        place: EventPlace(partition, message.offset), key: message.key,
        value: message.value ?? [], traceparent: Self.traceparent(of: message))
    }
    return EventBatch(messages: messages, next: next)
  }

  /// Leaves the brokers. Nothing is read afterwards.
  package func close() async { await consumer.close() }

  /// W3C trace context: 55 characters in its first version, a little more at most in later ones.
  private static func traceparent(of message: KafkaMessage) -> String? {
    guard let value = message.header("traceparent"), (55...128).contains(value.count),
      value.allSatisfy({ (0x21...0x7e).contains($0) })
    else { return nil }
    return String(validating: value, as: UTF8.self)
  }
}
