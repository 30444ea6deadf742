import EventLog
import Kafka
import Testing

@Suite("Kafka's configuration")
struct KafkaConfigurationTests {
  static func mistakes(_ brokers: [String], _ properties: [String: String] = [:]) -> [String] {
    do {
      _ = try KafkaConfiguration(brokers: brokers, properties: properties)
      return []
    } catch {
      return error.sentences
    }
  }

  @Test("properties of librdkafka are taken over, TLS and SASL among them")
  func properties() {
    #expect(
      Self.mistakes(
        ["kafka-1:9092", "10.0.0.1:9093", "[::1]:9094"],
        [
          "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512",
          "sasl.username": "u", "sasl.password": "p", "ssl.ca.location": "ca.pem",
        ]) == [])
  }

  @Test("every mistake is told, and no value")
  func mistakes() {
    let sentences = Self.mistakes(
      ["kafka"],
      [
        "no.such": "1", "acks": "1", "linger.ms": "secret", "transactional.id": "x",
        "socket.timeout.ms": "1000",
      ])
    #expect(
      sentences == [
        "kafka is not a broker's host:port",
        "the Kafka property acks is set by Paywatch itself",
        "the Kafka property linger.ms: librdkafka refuses its value",
        "the Kafka property no.such: librdkafka has no such property",
        "the Kafka property transactional.id is set by Paywatch itself",
      ])
  }

  @Test(
    "what isn't a broker's address is refused",
    arguments: [
      "", ":9092", "host:", "host:0", "host:65536", "a b:1", "a:1,b:2", "host:1\n", "é:1",
    ])
  func addresses(text: String) {
    #expect(Self.mistakes([text]) == ["\(text) is not a broker's host:port"])
  }

  @Test("no brokers, and too many of anything, are refused")
  func bounds() {
    #expect(Self.mistakes([]) == ["no Kafka broker is named"])
    #expect(Self.mistakes(Array(repeating: "a:1", count: 65)).count == 1)
    let many = Dictionary(uniqueKeysWithValues: (0..<129).map { ("p\($0)", "") })
    #expect(Self.mistakes(["a:1"], many) == ["more than 128 Kafka properties are set"])
  }

  @Test("topics are declared for all events, with room for the longest of them")
  func declarations() {
    let topics = TopicDeclaration.all(replication: 3)
    #expect(Set(topics.map(\.name)) == Set(EventTopic.allCases.map(\.name)))
    for topic in topics {
      #expect(topic.partitions >= 1 && topic.retentionDays >= 30)
      let settings = Dictionary(uniqueKeysWithValues: topic.settings)
      #expect(settings["retention.ms"] == String(topic.retentionDays * 86_400_000))
      #expect(settings["min.insync.replicas"] == "2")
      #expect(
        Int(settings["max.message.bytes"] ?? "") ?? 0 > EventDraft.maximumDataBytes + 100_000)
    }
    #expect(
      TopicDeclaration.all(replication: 1).allSatisfy { topic in
        topic.settings.allSatisfy { $0.name != "min.insync.replicas" }
      })
  }
}
