internal import CKafka

/// A Kafka cluster inside this process, on loopback ports: librdkafka's mock. It speaks the
/// protocol, and errs when told to. Its transactions aren't real: it shows what was aborted, fences
/// nobody, and stores a repeated batch again. Of each partition it keeps about 5 MB.
package final class MockCluster: Sendable {
  private let client: KafkaClient
  // Safe: what is asked of it goes to its own thread or under its lock, and it is destroyed after
  // the last use.
  private nonisolated(unsafe) let cluster: OpaquePointer

  /// A kind of request, by its number in the protocol.
  package enum Request: Int16, Sendable, CaseIterable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    case metadata = 3
    case findCoordinator = 10
    case initProducerID = 22
    case addPartitionsToTransaction = 24
    case endTransaction = 26
  }

  package init(brokers: Int32 = 1, log: @escaping KafkaLog = { _ in }) throws(KafkaError) {
    client = try KafkaClient(RD_KAFKA_PRODUCER, KafkaProperties(), nil, log: log)
    guard let cluster = client.makeMockCluster(brokers: brokers) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, "the mock cluster can't start")
    }
    self.cluster = cluster
  }

  deinit { rd_kafka_mock_cluster_destroy(cluster) }

  /// The brokers' addresses.
  package var brokers: [String] {
    guard let text = rd_kafka_mock_cluster_bootstraps(cluster) else { return [] }
    return String(cString: text).split(separator: ",").map { String($0) }
  }

  package func createTopic(
    _ name: String, partitions: Int32, replication: Int32 = 1
  ) throws(KafkaError) {
    try KafkaError.check(rd_kafka_mock_topic_create(cluster, name, partitions, replication))
  }

  /// The next requests of that kind fail, each with the next of these error codes; -195 cuts the
  /// connection.
  package func fail(_ request: Request, with codes: [Int32]) {
    let errors = codes.map { rd_kafka_resp_err_t(rawValue: $0) }
    rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, errors.count, errors)
  }

  package func stopFailing(_ request: Request) {
    rd_kafka_mock_clear_request_errors(cluster, request.rawValue)
  }

  /// Requests about the topic's metadata fail with this error code; 0 for none.
  package func failTopic(_ name: String, with code: Int32) {
    rd_kafka_mock_topic_set_error(cluster, name, rd_kafka_resp_err_t(rawValue: code))
  }

  /// Cuts all connections and accepts none; nil for all brokers.
  package func setDown(_ broker: Int32? = nil) throws(KafkaError) {
    try KafkaError.check(rd_kafka_mock_broker_set_down(cluster, broker ?? -1))
  }

  package func setUp(_ broker: Int32? = nil) throws(KafkaError) {
    try KafkaError.check(rd_kafka_mock_broker_set_up(cluster, broker ?? -1))
  }
}
