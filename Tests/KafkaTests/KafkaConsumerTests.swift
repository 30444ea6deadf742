import EventLog
import Kafka
import Synchronization
import Testing

@Suite("Reading Kafka")
struct KafkaConsumerTests {
  /// Puts messages `first` to `first + count - 1` into a partition, each with a header.
  static func send(
    _ count: Int, from first: Int = 0, _ configuration: KafkaConfiguration,
    to topic: String = "payment-events", _ partition: Int32 = 0
  ) async throws {
    let producer = try KafkaProducer(configuration, transactionalID: nil, log: { _ in })
    try await producer.write { writer in
      let (topic, header) = (CText(topic), CText("number"))
      for number in first..<first + count {
        let (key, value) = (CText("key-\(number)"), CText("value-\(number)"))
        try writer.add(
          topic: topic.pointer, partition: partition, key: key.bytes, value: value.bytes,
          headers: [KafkaBatchWriter.Header(name: header.pointer, value: value.bytes)])
      }
    }
    await producer.close()
  }

  static let place = KafkaConsumer.Place("payment-events", 0)

  /// Messages until `count` are there or the end is reached.
  static func read(_ consumer: KafkaConsumer, limit: Int = 100) async throws -> [KafkaMessage] {
    var messages: [KafkaMessage] = []
    while true {
      let batch = try await consumer.poll(limit: limit, timeout: .seconds(5))
      #expect(batch.messages.count <= limit)
      messages += batch.messages
      if !batch.ends.isEmpty { return messages }
    }
  }

  @Test("a message is read with its key, value, headers, place and time")
  func message() async throws {
    let cluster = try KafkaFixtures.cluster()
    let configuration = try KafkaFixtures.configuration(cluster)
    try await Self.send(3, configuration)
    let consumer = try KafkaConsumer(configuration, log: { _ in })
    #expect(try await consumer.partitionCount(of: "payment-events") == 3)
    let marks = try await consumer.watermarks(of: Self.place)
    #expect(marks.low == 0 && marks.high == 3)
    try await consumer.assign([Self.place: .beginning])
    let messages = try await Self.read(consumer)
    #expect(messages.map(\.offset) == [0, 1, 2])
    let last = try #require(messages.last)
    #expect(last.topic == "payment-events" && last.partition == 0)
    #expect(last.key == Array("key-2".utf8))
    #expect(last.value == Array("value-2".utf8))
    #expect(last.header("number") == Array("value-2".utf8))
    #expect(last.header("other") == nil)
    #expect(last.timestampMilliseconds != nil)
    await consumer.close()
  }

  @Test("reading begins where it is told to, and goes on elsewhere when it is told so")
  func places() async throws {
    let cluster = try KafkaFixtures.cluster()
    let configuration = try KafkaFixtures.configuration(cluster)
    try await Self.send(500, configuration)
    let consumer = try KafkaConsumer(configuration, log: { _ in })
    try await consumer.assign([Self.place: .offset(490)])
    #expect(try await Self.read(consumer, limit: 3).map(\.offset) == Array(490..<500))
    try await consumer.seek(Self.place, to: .offset(497))
    #expect(try await Self.read(consumer).map(\.offset) == [497, 498, 499])
    try await consumer.assign([Self.place: .end])
    #expect(try await consumer.poll(limit: 10, timeout: .seconds(5)).ends == [Self.place: 500])
    try await Self.send(2, from: 500, configuration)
    #expect(try await Self.read(consumer).map(\.offset) == [500, 501])
    await consumer.close()
    await #expect(throws: KafkaError.self) { try await consumer.poll(limit: 1, timeout: .zero) }
  }

  @Test("nothing to read is an empty batch, and a cancelled poll ends")
  func nothing() async throws {
    let cluster = try KafkaFixtures.cluster()
    let consumer = try KafkaConsumer(
      KafkaFixtures.configuration(cluster), log: { _ in })
    let batch = try await consumer.poll(limit: 10, timeout: .milliseconds(20))
    #expect(batch.messages.isEmpty && batch.ends.isEmpty)
    let task = Task { try await consumer.poll(limit: 10, timeout: .seconds(600)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    await consumer.close()
  }

  @Test("what librdkafka has to say goes to the log, and its errors come out as values")
  func errors() async throws {
    let lines = Mutex<[KafkaLogLine]>([])
    let configuration = try KafkaConfiguration(
      brokers: ["127.0.0.1:1"], properties: ["socket.timeout.ms": "1000"])
    let consumer = try KafkaConsumer(
      configuration, timeout: .seconds(1), log: { line in lines.withLock { $0.append(line) } })
    let error = await #expect(throws: KafkaError.self) {
      try await consumer.partitionCount(of: "payment-events")
    }
    #expect(error?.name == "_TRANSPORT")
    #expect(lines.withLock { $0.contains { $0.facility == "FAIL" && !$0.text.isEmpty } })
    await consumer.close()
  }

  @Test("the ends of partitions are found behind messages that aren't the relay's")
  func tails() async throws {
    let cluster = try KafkaFixtures.cluster()
    let configuration = try KafkaFixtures.configuration(cluster)
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(90, keys: 9, to: database)
    let sink = try KafkaFixtures.sink(cluster)
    try await RelayRun(database, sink).stop(after: 90)
    let before = try await sink.open()
    await before.close()
    #expect(before.state.tails.values.map(\.place.position).max() == 90)
    #expect(before.state.tails.values.allSatisfy { $0.eventID != nil })
    for topic in EventTopic.allCases {
      try await Self.send(400, configuration, to: topic.name, 1)
    }
    let after = try await sink.open()
    await after.close()
    #expect(after.state == before.state)
  }

  @Test("a cluster without a controller describes and makes no topics, and that is told")
  func admin() async throws {
    let cluster = try MockCluster()
    let admin = try KafkaAdmin(
      KafkaFixtures.configuration(cluster), timeout: .milliseconds(500), log: { _ in })
    try cluster.createTopic("order-events", partitions: 12)
    // The mock has no controller, which these questions go to.
    let first = await #expect(throws: KafkaError.self) {
      try await admin.describe("order-events")
    }
    #expect(first?.name == "_TIMED_OUT")
    let second = await #expect(throws: KafkaError.self) {
      try await admin.create(TopicDeclaration.all(replication: 1))
    }
    #expect(second?.name == "_TIMED_OUT")
    await admin.close()
  }
}
