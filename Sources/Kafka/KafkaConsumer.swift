internal import CKafka

/// Reads partitions from where it is told to, and sees only what was committed. It keeps no offsets
/// at the brokers: where to go on is the reader's own record.
package final class KafkaConsumer: Sendable {
  /// A place in a partition.
  package struct Place: Sendable, Hashable {
    package let topic: String
    package let partition: Int32

    package init(_ topic: String, _ partition: Int32) {
      self.topic = topic
      self.partition = partition
    }
  }

  package enum Start: Sendable, Equatable {
    case beginning
    /// Behind the last message that is there.
    case end
    case offset(Int64)

    fileprivate var offset: Int64 {
      switch self {
      case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
      case .end: Int64(RD_KAFKA_OFFSET_END)
      case .offset(let offset): max(0, offset)
      }
    }
  }

  /// Which offsets a partition has: from `low`, and before `high`.
  package struct Watermarks: Sendable, Equatable {
    package let low: Int64
    package let high: Int64
  }

  /// What one poll brought.
  package struct Batch: Sendable {
    package var messages: [KafkaMessage] = []
    /// The partitions whose end was reached, with the offset at which the next message will stand.
    /// Told anew after further messages.
    package var ends: [Place: Int64] = [:]
  }

  private let client: KafkaClient
  private let timeout: Duration

  /// A batch ends once it has as many bytes of keys and values.
  package static let batchByteLimit = 8 << 20

  /// `timeout` bounds every question to the brokers.
  package init(
    _ configuration: KafkaConfiguration, timeout: Duration = .seconds(30),
    log: @escaping KafkaLog
  ) throws(KafkaError) {
    let properties = KafkaProperties()
    try properties.set([
      // librdkafka wants a group's name although nothing here joins one.
      "group.id": "paywatch",
      "enable.auto.commit": "false",
      "enable.auto.offset.store": "false",
      "auto.offset.reset": "error",
      "isolation.level": "read_committed",
      "enable.partition.eof": "true",
      "check.crcs": "true",
      "allow.auto.create.topics": "false",
      "fetch.wait.max.ms": "100",
      "fetch.max.bytes": "\(8 << 20)",
      "queued.max.messages.kbytes": "16384",
      "queued.min.messages": "10000",
    ])
    self.timeout = timeout
    client = try KafkaClient(RD_KAFKA_CONSUMER, properties, configuration, log: log)
    client.forwardToConsumerQueue()
  }

  /// How many partitions a topic has; nil where there is no such topic.
  package func partitionCount(of topic: String) async throws -> Int32? {
    let milliseconds = timeout.milliseconds
    return try await client.run { client, _ in
      try KafkaMetadata.partitionCount(of: topic, client, milliseconds: milliseconds)
    }
  }

  /// Asks which offsets a partition has. The upper one is that of the last stable message: what
  /// lies behind it belongs to transactions that haven't ended.
  package func watermarks(of place: Place) async throws -> Watermarks {
    let milliseconds = timeout.milliseconds
    return try await client.run { client, _ in
      var (low, high) = (Int64(0), Int64(0))
      try KafkaError.check(
        rd_kafka_query_watermark_offsets(
          client, place.topic, place.partition, &low, &high, milliseconds))
      return Watermarks(low: low, high: high)
    }
  }

  /// Reads these partitions and no others from now on, each from its start.
  package func assign(_ starts: [Place: Start]) async throws {
    try await client.run { client, _ in
      let list = rd_kafka_topic_partition_list_new(Int32(clamping: starts.count))
      defer { rd_kafka_topic_partition_list_destroy(list) }
      for (place, start) in starts {
        rd_kafka_topic_partition_list_add(list, place.topic, place.partition)?.pointee.offset =
          start.offset
      }
      try KafkaError.check(rd_kafka_assign(client, list))
    }
  }

  /// Goes on with an assigned partition from elsewhere.
  package func seek(_ place: Place, to start: Start) async throws {
    let milliseconds = timeout.milliseconds
    try await client.run { client, _ in
      let list = rd_kafka_topic_partition_list_new(1)
      defer { rd_kafka_topic_partition_list_destroy(list) }
      let entry = rd_kafka_topic_partition_list_add(list, place.topic, place.partition)
      entry?.pointee.offset = start.offset
      try KafkaError.check(rd_kafka_seek_partitions(client, list, milliseconds))
      if let code = list?.pointee.elems?.pointee.err { try KafkaError.check(code) }
    }
  }

  /// Up to `limit` messages of the assigned partitions, those of each in its order; waits for the
  /// first for `timeout` at most. Empty where none came.
  package func poll(limit: Int, timeout: Duration) async throws -> Batch {
    let milliseconds = timeout.milliseconds
    return try await client.run { client, isCancelled in
      let deadline = Deadline(after: timeout)
      var batch = Batch()
      var bytes = 0
      while batch.messages.count < limit, bytes < Self.batchByteLimit {
        let isFirst = batch.messages.isEmpty && batch.ends.isEmpty && milliseconds > 0
        let wait = isFirst ? deadline.milliseconds(atMost: 200) : 0
        guard let message = rd_kafka_consumer_poll(client, wait) else {
          if isCancelled() { throw CancellationError() }
          if isFirst && !deadline.hasPassed { continue }
          break
        }
        defer { rd_kafka_message_destroy(message) }
        if try Self.take(message, into: &batch) {
          bytes += message.pointee.len + message.pointee.key_len
        }
      }
      return batch
    }
  }

  package func close() async {
    await client.close { rd_kafka_consumer_close($0) }
  }

  /// Takes a message or a partition's end into the batch; true for a message. Throws what else
  /// librdkafka hands out as one.
  private static func take(
    _ message: UnsafeMutablePointer<rd_kafka_message_t>, into batch: inout Batch
  ) throws -> Bool {
    switch message.pointee.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      batch.messages.append(KafkaMessage(copying: message))
      return true
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      let topic = message.pointee.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? ""
      batch.ends[Place(topic, message.pointee.partition)] = message.pointee.offset
      return false
    default:
      throw KafkaError(
        message.pointee.err, rd_kafka_message_errstr(message).map { String(cString: $0) })
    }
  }
}
