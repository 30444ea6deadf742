import Bytes
import ChainTypes
import Database
import EventLog
import Foundation
import Kafka
import TestDatabases
import Testing

/// What the mock can't do. The cluster's topics are the tests' to write to.
@Suite(
  "Real brokers",
  .enabled(
    if: ProcessInfo.processInfo.environment["PAYWATCH_TEST_KAFKA"] != nil,
    "PAYWATCH_TEST_KAFKA names no brokers"),
  .serialized)
struct RealBrokerTests {
  let configuration: KafkaConfiguration

  init() throws {
    let brokers = ProcessInfo.processInfo.environment["PAYWATCH_TEST_KAFKA"] ?? ""
    configuration = try KafkaConfiguration(
      brokers: brokers.split(separator: ",").map { String($0) })
  }

  private func makeTopics() async throws {
    let admin = try KafkaAdmin(configuration, log: { _ in })
    let made = try await admin.create(TopicDeclaration.all(replication: nil))
    #expect(made.count == EventTopic.allCases.count)
    #expect(made.values.allSatisfy { $0 == .created || $0 == .existed })
    for topic in EventTopic.allCases {
      // A new topic takes a moment to be known to all brokers.
      while try await admin.describe(topic.name) == nil {
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    await admin.close()
  }

  @Test("topics are made with their partitions and retention, and stay as they are")
  func topics() async throws {
    try await makeTopics()
    try await makeTopics()
    let admin = try KafkaAdmin(configuration, log: { _ in })
    for topic in TopicDeclaration.all(replication: nil) {
      let found = try #require(try await admin.describe(topic.name))
      #expect(found.partitions == topic.partitions)
      #expect(found.retentionMilliseconds == topic.retentionDays * 86_400_000)
    }
    #expect(try await admin.describe("no-such-events") == nil)
    await admin.close()
  }

  @Test("a paused relay that wakes is put out, and nothing of it is seen")
  func fencing() async throws {
    try await makeTopics()
    let sink = KafkaEventSink(
      configuration, transactionalID: "paywatch-test-\(UUID())", log: { _ in })
    let paused = try await sink.open()
    let next = try await sink.open()
    let place = TopicPartition(.payment, 0)
    let end = (next.state.tails[place]?.place.position ?? 0)
    func batch(_ offset: Int64) -> RelayBatch {
      var batch = RelayBatch(epoch: next.state.tails[place]?.place.epoch ?? 0)
      let event = CloudEvent(
        id: .zero, type: "payment.paid", subject: "s", sequence: 1, tenant: nil,
        time: Timestamp(seconds: 1_800_000_000), data: "{}")
      batch.append(event, at: end + offset, to: place)
      return batch
    }
    try await next.publish(batch(1))
    do {
      try await paused.publish(batch(2))
      Issue.record("the paused producer still sends")
    } catch EventSinkError.fenced {
    }
    await paused.close()
    await next.close()
    let last = try await sink.open()
    #expect(last.state.tails[place]?.place.position == end + 1)
    await last.close()
  }

  @Test("ends are found behind what was aborted")
  func aborted() async throws {
    struct Killed: Error {}
    try await makeTopics()
    let id = "paywatch-test-\(UUID())"
    let sink = KafkaEventSink(configuration, transactionalID: id, log: { _ in })
    let before = try await sink.open()
    await before.close()
    let producer = try KafkaProducer(configuration, transactionalID: id, log: { _ in })
    try await producer.initTransactions()
    await #expect(throws: Killed.self) {
      try await producer.write { writer in
        let (topic, header) = (CText("payment-events"), CText("paywatch-position"))
        let text = CText("9000000000000000000")
        for _ in 0..<2_000 {
          try writer.add(
            topic: topic.pointer, partition: 0, key: text.bytes, value: text.bytes,
            headers: [KafkaBatchWriter.Header(name: header.pointer, value: text.bytes)])
        }
        throw Killed()
      }
    }
    await producer.close()
    let after = try await sink.open()
    #expect(after.state == before.state)
    await after.close()
  }
}
