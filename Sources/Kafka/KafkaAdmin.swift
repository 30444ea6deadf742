internal import CKafka

/// Makes topics and describes them.
package final class KafkaAdmin: Sendable {
  /// A topic as it is.
  package struct Topic: Sendable, Equatable {
    package let name: String
    package let partitions: Int32
    /// Nil where the brokers don't tell.
    package let retentionMilliseconds: Int64?
  }

  /// What became of a topic that was to be made.
  package enum Creation: Sendable, Equatable {
    case created
    case existed
    case failed(KafkaError)
  }

  private let client: KafkaClient
  private let timeout: Duration

  package init(
    _ configuration: KafkaConfiguration, timeout: Duration = .seconds(15),
    log: @escaping KafkaLog
  ) throws(KafkaError) {
    // A consumer's questions make no topics.
    let properties = KafkaProperties()
    try properties.set(["allow.auto.create.topics": "false"])
    self.timeout = timeout
    client = try KafkaClient(RD_KAFKA_CONSUMER, properties, configuration, log: log)
  }

  /// The topic of that name; nil where there is none.
  package func describe(_ name: String) async throws -> Topic? {
    let milliseconds = timeout.milliseconds
    return try await client.run { client, _ in
      let count = try KafkaMetadata.partitionCount(of: name, client, milliseconds: milliseconds)
      guard let count else { return nil }
      return Topic(
        name: name, partitions: count,
        retentionMilliseconds: try Self.retention(of: name, client, milliseconds))
    }
  }

  /// Makes the topics that don't exist; those that do stay as they are.
  package func create(_ topics: [TopicDeclaration]) async throws -> [String: Creation] {
    let milliseconds = timeout.milliseconds
    return try await client.run { client, _ in
      var requests: [OpaquePointer?] = []
      defer { for request in requests { rd_kafka_NewTopic_destroy(request) } }
      for topic in topics { requests.append(try Self.request(for: topic)) }
      let event = try Self.ask(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, milliseconds) {
        rd_kafka_CreateTopics(client, &requests, requests.count, $0, $1)
      }
      defer { rd_kafka_event_destroy(event) }
      return Self.creations(event)
    }
  }

  package func close() async { await client.close() }

  private static func request(for topic: TopicDeclaration) throws(KafkaError) -> OpaquePointer {
    var text = [CChar](repeating: 0, count: 512)
    guard
      let request = rd_kafka_NewTopic_new(
        topic.name, topic.partitions, topic.replication ?? -1, &text, text.count)
    else {
      throw KafkaError(
        RD_KAFKA_RESP_ERR__INVALID_ARG, "\(topic.name) can't be declared so")
    }
    for (name, value) in topic.settings { rd_kafka_NewTopic_set_config(request, name, value) }
    return request
  }

  /// Asks the brokers and waits for the answer, which the caller destroys.
  private static func ask(
    _ client: OpaquePointer, _ operation: rd_kafka_admin_op_t, _ milliseconds: Int32,
    _ call: (_ options: OpaquePointer?, _ answers: OpaquePointer?) -> Void
  ) throws(KafkaError) -> OpaquePointer {
    let options = rd_kafka_AdminOptions_new(client, operation)
    defer { rd_kafka_AdminOptions_destroy(options) }
    var text = [CChar](repeating: 0, count: 512)
    try KafkaError.check(
      rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, &text, text.count))
    let answers = rd_kafka_queue_new(client)
    defer { rd_kafka_queue_destroy(answers) }
    call(options, answers)
    // The request's own timeout ends it; this one is for an answer that never comes.
    guard let event = rd_kafka_queue_poll(answers, milliseconds + 5_000) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, "the brokers don't answer")
    }
    let code = rd_kafka_event_error(event)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      let message = rd_kafka_event_error_string(event).map { String(cString: $0) }
      rd_kafka_event_destroy(event)
      throw KafkaError(code, message)
    }
    return event
  }

  private static func creations(_ event: OpaquePointer) -> [String: Creation] {
    guard let result = rd_kafka_event_CreateTopics_result(event) else { return [:] }
    var count = 0
    let list = rd_kafka_CreateTopics_result_topics(result, &count)
    var creations: [String: Creation] = [:]
    for index in 0..<count {
      guard let topic = list?[index], let name = rd_kafka_topic_result_name(topic) else { continue }
      let code = rd_kafka_topic_result_error(topic)
      let message = rd_kafka_topic_result_error_string(topic).map { String(cString: $0) }
      creations[String(cString: name)] =
        switch code {
        case RD_KAFKA_RESP_ERR_NO_ERROR: .created
        case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: .existed
        default: .failed(KafkaError(code, message))
        }
    }
    return creations
  }

  /// The topic's `retention.ms`; nil where the brokers don't tell.
  private static func retention(
    of name: String, _ client: OpaquePointer, _ milliseconds: Int32
  ) throws(KafkaError) -> Int64? {
    var requests = [rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name)]
    defer { for request in requests { rd_kafka_ConfigResource_destroy(request) } }
    let event: OpaquePointer
    do {
      event = try ask(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, milliseconds) {
        rd_kafka_DescribeConfigs(client, &requests, requests.count, $0, $1)
      }
    } catch  where error.isCode(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE) {
      return nil
    }
    defer { rd_kafka_event_destroy(event) }
    guard let result = rd_kafka_event_DescribeConfigs_result(event) else { return nil }
    var count = 0
    let list = rd_kafka_DescribeConfigs_result_resources(result, &count)
    guard count > 0, let resource = list?[0],
      rd_kafka_ConfigResource_error(resource) == RD_KAFKA_RESP_ERR_NO_ERROR
    else { return nil }
    var entryCount = 0
    let entries = rd_kafka_ConfigResource_configs(resource, &entryCount)
    for index in 0..<entryCount {
      guard let entry = entries?[index], let key = rd_kafka_ConfigEntry_name(entry),
        String(cString: key) == "retention.ms", let value = rd_kafka_ConfigEntry_value(entry)
      else { continue }
      return Int64(String(cString: value))
    }
    return nil
  }
}
