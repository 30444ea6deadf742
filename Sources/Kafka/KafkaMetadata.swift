internal import CKafka

/// What brokers say of topics.
enum KafkaMetadata {
  /// How many partitions a topic has; nil where there is no such topic. Blocks.
  static func partitionCount(
    of topic: String, _ client: OpaquePointer, milliseconds: Int32
  ) throws(KafkaError) -> Int32? {
    guard let handle = rd_kafka_topic_new(client, topic, nil) else {
      throw KafkaError(rd_kafka_last_error())
    }
    defer { rd_kafka_topic_destroy(handle) }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    try KafkaError.check(rd_kafka_metadata(client, 0, handle, &metadata, milliseconds))
    defer { rd_kafka_metadata_destroy(metadata) }
    guard let metadata, metadata.pointee.topic_cnt > 0, let found = metadata.pointee.topics else {
      return nil
    }
    switch found.pointee.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return max(1, found.pointee.partition_cnt)
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return nil
    default: throw KafkaError(found.pointee.err)
    }
  }
}
