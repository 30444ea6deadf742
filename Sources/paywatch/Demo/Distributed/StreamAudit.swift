internal import Bytes
internal import ChainTypes
internal import Database
internal import EventLog
internal import Kafka

/// Compares what the brokers hold with the log in the database: nothing lost, nothing repeated,
/// every subject in order.
struct StreamAudit {
  private(set) var faults: [String] = []
  private(set) var eventCount = 0

  /// A message as it was read from a partition.
  struct Message: Sendable {
    let partition: String
    let position: Int64
    let key: String
    let value: String
  }

  /// - Parameters:
  ///   - log: all events by position, from 1
  ///   - messages: each partition's in the order of their offsets
  init(log: [PositionedEvent], messages: [Message]) {
    eventCount = log.count
    var seen: [Int64: Message] = [:]
    var last: [String: Int64] = [:]
    for message in messages {
      if let other = seen[message.position] {
        faults.append(
          "event \(message.position) stands in \(other.partition) and \(message.partition)")
      }
      seen[message.position] = message
      if let before = last[message.partition], before >= message.position {
        faults.append("\(message.partition): \(message.position) comes after \(before)")
      }
      last[message.partition] = message.position
    }
    var sequences: [String: Int64] = [:]
    for positioned in log {
      let event = positioned.event
      let expected = (sequences[event.subject] ?? 0) + 1
      if event.sequence != expected {
        faults.append("\(event.subject): sequence \(event.sequence) where \(expected) belongs")
      }
      sequences[event.subject] = event.sequence
      guard let message = seen.removeValue(forKey: positioned.position) else {
        faults.append("event \(positioned.position) (\(event.type)) isn't at the brokers")
        continue
      }
      if message.key != event.subject || message.value != event.json {
        faults.append("event \(positioned.position) is another one at the brokers")
      }
    }
    for position in seen.keys.sorted() {
      faults.append("the brokers have an event \(position), which the log hasn't")
    }
  }

  /// All events of the log.
  static func log(of database: any Database) async throws -> [PositionedEvent] {
    var events: [PositionedEvent] = []
    while true {
      let after = events.last?.position ?? 0
      let page = try await database.read {
        try EventLog.page(after: after, limit: EventLog.maximumPageSize, in: $0)
      }
      events += page.events
      if !page.hasMore { return events }
    }
  }

  /// All messages that the brokers hold by now, each partition's in order.
  static func messages(at brokers: [String]) async throws -> [Message] {
    let consumer = try KafkaConsumer(KafkaConfiguration(brokers: brokers), log: { _ in })
    var starts: [KafkaConsumer.Place: KafkaConsumer.Start] = [:]
    for topic in EventTopic.allCases {
      for partition in 0..<(try await consumer.partitionCount(of: topic.name) ?? 0) {
        starts[.init(topic.name, partition)] = .beginning
      }
    }
    try await consumer.assign(starts)
    var messages: [Message] = []
    // A partition's end is told once and may come with its last messages.
    var open = Set(starts.keys)
    let clock = ContinuousClock()
    var deadline = clock.now + .seconds(60)
    while !open.isEmpty {
      let batch = try await consumer.poll(limit: 1_000, timeout: .seconds(10))
      open.subtract(batch.ends.keys)
      if !batch.messages.isEmpty { deadline = clock.now + .seconds(60) }
      guard clock.now < deadline else {
        throw CommandFailure("the brokers don't give the ends of all partitions")
      }
      for message in batch.messages {
        guard
          let place = RelayPosition(
            positionHeader: message.header(RelayPosition.positionHeader) ?? [],
            epochHeader: message.header(RelayPosition.epochHeader))
        else { throw CommandFailure("a message of \(message.topic) has no position") }
        messages.append(
          Message(
            partition: "\(message.topic)[\(message.partition)]", position: place.position,
            key: String(decoding: message.key ?? [], as: UTF8.self),
            value: String(decoding: message.value ?? [], as: UTF8.self)))
      }
    }
    await consumer.close()
    return messages
  }
}
