internal import Bytes
internal import EventLog

/// Finds the last event of each partition.
///
/// What ends a transaction takes an offset too, and so does what was aborted, so the last offsets
/// need not hold an event: it looks at a few first, then further and further back.
struct TailReader {
  private let consumer: KafkaConsumer
  private let patience: Duration

  private static let firstWindow: Int64 = 16
  private static let growth: Int64 = 16

  /// `patience`: how long no message may come while some are due.
  init(_ consumer: KafkaConsumer, patience: Duration = .seconds(30)) {
    self.consumer = consumer
    self.patience = patience
  }

  /// Offsets of a partition that are still to be looked at: from `low`, and before `high`.
  private struct Search {
    let place: TopicPartition
    let low: Int64
    var high: Int64
  }

  func read(_ topics: Set<EventTopic>) async throws -> SinkState {
    var state = SinkState(partitions: [:], tails: [:])
    var searches: [Search] = []
    for topic in EventTopic.allCases where topics.contains(topic) {
      guard let count = try await consumer.partitionCount(of: topic.name) else {
        throw EventSinkError.unavailable(
          "the brokers have no topic \(topic.name): `payctl topics --create` makes it")
      }
      state.partitions[topic] = count
      for partition in 0..<count {
        let marks = try await consumer.watermarks(
          of: KafkaConsumer.Place(topic.name, partition))
        searches.append(
          Search(place: TopicPartition(topic, partition), low: marks.low, high: marks.high))
      }
    }
    var window = Self.firstWindow
    searches.removeAll { $0.low >= $0.high }
    while !searches.isEmpty {
      let found = try await lastEvents(of: searches, window: window)
      state.tails.merge(found) { $1 }
      searches = searches.compactMap { search in
        guard found[search.place] == nil, search.high - window > search.low else { return nil }
        return Search(place: search.place, low: search.low, high: search.high - window)
      }
      window = min(window * Self.growth, 1 << 40)
    }
    return state
  }

  /// The last event in the last `window` offsets of each search, where there is one.
  private func lastEvents(
    of searches: [Search], window: Int64
  ) async throws -> [TopicPartition: RelayTail] {
    var tails: [TopicPartition: RelayTail] = [:]
    var open: [KafkaConsumer.Place: Search] = [:]
    var starts: [KafkaConsumer.Place: KafkaConsumer.Start] = [:]
    for search in searches {
      let place = KafkaConsumer.Place(search.place.topic.name, search.place.partition)
      open[place] = search
      starts[place] = .offset(max(search.low, search.high - window))
    }
    try await consumer.assign(starts)
    var deadline = Deadline(after: patience)
    while !open.isEmpty {
      let batch = try await consumer.poll(limit: 1_000, timeout: .seconds(1))
      for message in batch.messages {
        let place = KafkaConsumer.Place(message.topic, message.partition)
        guard let search = open[place] else { continue }
        if message.offset < search.high, let tail = Self.tail(message) {
          tails[search.place] = tail
        }
        if message.offset >= search.high - 1 { open[place] = nil }
      }
      for place in batch.ends.keys { open[place] = nil }
      if !batch.messages.isEmpty || !batch.ends.isEmpty { deadline = Deadline(after: patience) }
      guard !deadline.hasPassed else {
        throw EventSinkError.unavailable("the brokers don't give the ends of all partitions")
      }
    }
    return tails
  }

  /// Nil where the message isn't the relay's.
  static func tail(_ message: KafkaMessage) -> RelayTail? {
    guard let position = message.header(RelayPosition.positionHeader),
      let place = RelayPosition(
        positionHeader: position, epochHeader: message.header(RelayPosition.epochHeader))
    else { return nil }
    return RelayTail(place: place, eventID: message.value.flatMap(CloudEvent.id(inJSON:)))
  }
}
