package import Bytes

/// The line of epochs that the database's history consists of: where each began.
package struct RelayHistory: Sendable, Equatable {
  /// The epoch that the database is in.
  package let epoch: Int64
  /// How far the log reached when each epoch began, of all epochs of this history.
  private let bases: [Int64: Int64]

  package init(epoch: Int64, bases: [Int64: Int64]) {
    self.epoch = epoch
    self.bases = bases
  }

  /// Up to which position of this history all events stand in a partition that ends with `tail`:
  /// two histories have in common what was before the first epoch that only one of them had.
  /// Of an epoch that this history doesn't know it can't be said, so nothing is.
  package func reached(by tail: RelayPosition) -> Int64 {
    guard bases[tail.epoch] != nil else { return 0 }
    let common = bases.filter { $0.key > tail.epoch }.values.min() ?? Int64.max
    return min(tail.position, common)
  }
}

/// What the database knows when a relay starts.
package struct RelayRecord: Sendable, Equatable {
  /// Every event up to here was acknowledged by the brokers.
  package let cursor: Int64
  /// The log's last position.
  package let last: Int64
  package let history: RelayHistory
  /// How many partitions each topic had when the relay first saw it.
  package let partitions: [EventTopic: Int32]
  /// The ids of the events that stand where partitions end, as far as the log has them still.
  package let ids: [Int64: Hash32]

  package init(
    cursor: Int64, last: Int64, history: RelayHistory, partitions: [EventTopic: Int32],
    ids: [Int64: Hash32] = [:]
  ) {
    self.cursor = cursor
    self.last = last
    self.history = history
    self.partitions = partitions
    self.ids = ids
  }
}

/// The last event of a partition.
package struct RelayTail: Sendable, Equatable {
  package let place: RelayPosition
  /// Nil where the message isn't written as the relay writes it.
  package let eventID: Hash32?

  package init(place: RelayPosition, eventID: Hash32?) {
    self.place = place
    self.eventID = eventID
  }
}

/// What a relay found at the brokers, once nobody but it could add to that.
package struct SinkState: Sendable, Equatable {
  /// Each topic's number of partitions, at least 1.
  package var partitions: [EventTopic: Int32]
  /// The last event of each partition that holds one.
  package var tails: [TopicPartition: RelayTail]

  package init(partitions: [EventTopic: Int32], tails: [TopicPartition: RelayTail]) {
    self.partitions = partitions
    self.tails = tails
  }
}

/// Which events a relay has yet to send, and where to.
///
/// Within a partition events stand in the order of their positions, without any missing, so the
/// last one tells of all: what lies at or before it is there. The cursor only spares reading the
/// log from its beginning; it may be behind, never ahead.
package struct RelayPlan: Sendable {
  /// Where reading begins.
  package let cursor: Int64
  package let epoch: Int64
  /// By topic and partition: what is there already.
  private let reached: [[Int64]]

  package init(_ record: RelayRecord, at state: SinkState, epoch: Int64) throws(RelayError) {
    guard record.history.epoch == epoch else {
      throw .epochMismatch(configured: epoch, database: record.history.epoch)
    }
    guard record.cursor <= record.last else {
      throw .cursorAhead(cursor: record.cursor, last: record.last)
    }
    for topic in EventTopic.allCases {
      if let recorded = record.partitions[topic], let found = state.partitions[topic],
        recorded != found
      {
        throw .partitionsChanged(topic: topic.name, recorded: recorded, found: found)
      }
    }
    var reached = EventTopic.allCases.map { topic in
      [Int64](repeating: 0, count: Int(state.partitions[topic] ?? 0))
    }
    for (place, tail) in state.tails {
      guard reached[place.topic.rawValue].indices.contains(Int(place.partition)) else { continue }
      reached[place.topic.rawValue][Int(place.partition)] =
        try Self.reached(by: tail, of: place, record)
    }
    self.cursor = record.cursor
    self.epoch = epoch
    self.reached = reached
  }

  /// How far a partition reaches in the database's history, which must be the one it was sent from.
  private static func reached(
    by tail: RelayTail, of place: TopicPartition, _ record: RelayRecord
  ) throws(RelayError) -> Int64 {
    let epoch = record.history.epoch
    // A later epoch is a later history; so is a later position of our own.
    guard tail.place.epoch <= epoch,
      tail.place.epoch < epoch || tail.place.position <= record.last
    else {
      throw .databaseIsBehind(
        topic: place.topic.name, partition: place.partition, tail: tail.place,
        database: RelayPosition(epoch: epoch, position: record.last))
    }
    let reached = record.history.reached(by: tail.place)
    // A backup that went on under its old epoch gives a sent position to another event.
    if reached == tail.place.position, let sent = tail.eventID, let stored = record.ids[reached],
      sent != stored
    {
      throw .historiesDiffer(
        topic: place.topic.name, partition: place.partition, position: reached)
    }
    return reached
  }

  /// Adds an event to those to be sent, unless it is there already.
  package func add<Event: EventMembers>(
    _ event: Event, at position: Int64, to batch: inout RelayBatch
  ) throws {
    var bytes: [UInt8] = []
    try event.append(.type, to: &bytes)
    let type = String(decoding: bytes, as: UTF8.self)
    guard let topic = EventTopic(eventType: type),
      case let partitions = reached[topic.rawValue], !partitions.isEmpty
    else {
      throw RelayError.unroutable(type: type, position: position)
    }
    bytes.removeAll(keepingCapacity: true)
    try event.append(.subject, to: &bytes)
    let partition = KeyPartitioner.partition(ofKey: bytes, among: Int32(partitions.count))
    guard position > max(cursor, partitions[Int(partition)]) else { return }
    try batch.append(event, at: position, to: TopicPartition(topic, partition))
  }
}
