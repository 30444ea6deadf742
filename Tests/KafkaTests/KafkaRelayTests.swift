import EventLog
import Kafka
import Testing

@Suite("Relaying to Kafka")
struct KafkaRelayTests {
  @Test("10,000 events of many keys arrive once each, and each key's in order")
  func everything() async throws {
    let cluster = try KafkaFixtures.cluster()
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(10_000, keys: 101, to: database)
    let sink = try KafkaFixtures.sink(cluster)
    let status = try await RelayRun(database, sink).stop(after: 10_000)
    #expect(status.sent == 10_000)
    #expect(status.lastError == nil)
    try await Delivered.expectExactly(database, at: KafkaFixtures.configuration(cluster))
  }
}
