import Bytes
import ChainTypes
import Database
import Digests
import EventLog
import Kafka
import TestDatabases
import Testing

@Suite("Consumers of Kafka")
struct KafkaSourceTests {
  /// A service that notes what it handled, and a cluster to read from.
  private struct Scene {
    let database: TestDatabase
    let cluster: MockCluster

    init() async throws {
      database = try await TestDatabase()
      try await Migrator.migrate(database, Inbox.migrations, component: Inbox.component)
      try await database.write { connection in
        let dialect = connection.dialect
        try connection.execute(
          dialect.createTable(
            "effects",
            """
              number \(dialect.generatedKey), subject TEXT NOT NULL,
              sequence \(dialect.integer) NOT NULL
            """))
      }
      cluster = try KafkaFixtures.cluster()
    }

    /// Runs a consumer of its own process, so to speak, until nothing comes any more.
    @discardableResult
    func consume(
      _ topics: Set<EventTopic>, start: ConsumerStart = .beginning, steps: Int = .max,
      until count: Int? = nil
    ) async throws -> [ConsumerNotice] {
      let source = try KafkaSource(
        KafkaFixtures.configuration(cluster), topics: topics, timeout: .seconds(2),
        log: { _ in })
      var options = ConsumerOptions()
      options.batchLimit = 50
      let consumer = try Consumer(
        name: "orders", source: source, database: database, start: start, options: options,
        now: { Timestamp(seconds: 1_800_000_000) },
        handler: { received, connection in
          try connection.execute(
            "INSERT INTO effects (subject, sequence) VALUES ($1, $2)",
            [.text(received.event.subject), .integer(received.event.sequence)])
        })
      var notices: [ConsumerNotice] = []
      for _ in 0..<steps {
        // Empty polls come while connections are made.
        guard let outcome = try await consumer.step(waiting: .milliseconds(200)) else { break }
        notices += outcome.notices
        if let count, try await effects().count >= count { break }
      }
      await source.close()
      return notices
    }

    func effects() async throws -> [String] {
      try await database.read { connection in
        try connection.query("SELECT subject, sequence FROM effects ORDER BY number").map {
          "\(try $0.text("subject"))#\(try $0.integer("sequence"))"
        }
      }
    }
  }

  @Test("what the relay has told is handled once, in order, by consumers that come and go")
  func relayed() async throws {
    let scene = try await Scene()
    let home = try await KafkaFixtures.database()
    try await KafkaFixtures.append(600, to: home)
    try await RelayRun(home, KafkaFixtures.sink(scene.cluster)).stop(after: 600)
    let topics = Set(EventTopic.allCases)
    // Each is gone after a few batches, whatever it had read ahead.
    for _ in 0..<3 { try await scene.consume(topics, steps: 4) }
    try await scene.consume(topics, until: 600)
    let effects = try await scene.effects()
    #expect(effects.count == 600)
    #expect(Set(effects).count == 600)
    var last: [Substring: Int] = [:]
    for effect in effects {
      let parts = effect.split(separator: "#")
      let sequence = try #require(Int(parts[1]))
      #expect(sequence == (last[parts[0]] ?? 0) + 1)
      last[parts[0]] = sequence
    }
    // A replay reads everything again and repeats nothing.
    try await scene.database.write { try Inbox.replay("orders", from: nil, in: $0) }
    try await scene.consume(topics, steps: 20)
    #expect(try await scene.effects().count == 600)
  }

  @Test("a topic that isn't there, and a place that the brokers don't have, are told")
  func misfits() async throws {
    let scene = try await Scene()
    let source = try KafkaSource(
      KafkaFixtures.configuration(scene.cluster), topics: [.payment], log: { _ in })
    let partition = EventPartition(topic: EventTopic.payment.name, number: 1)
    await #expect(throws: KafkaSource.Failure.placeAhead(partition, 7, end: 0)) {
      try await source.open(at: [partition: 7], otherwise: .beginning)
    }
    let opened = try await source.open(at: [partition: 0], otherwise: .now)
    #expect(opened.count == 3)
    #expect(opened.values.allSatisfy { $0 == 0 })
    await source.close()
    let bare = try MockCluster()
    bare.failTopic(EventTopic.chain.name, with: 3)
    let lost = try KafkaSource(KafkaFixtures.configuration(bare), topics: [.chain], log: { _ in })
    await #expect(throws: KafkaSource.Failure.unknownTopic(EventTopic.chain.name)) {
      try await lost.open(at: [:], otherwise: .beginning)
    }
    await lost.close()
  }

  @Test("brokers that go away and come back cost time alone")
  func brokersGone() async throws {
    let scene = try await Scene()
    let home = try await KafkaFixtures.database()
    try await KafkaFixtures.append(300, to: home)
    try await RelayRun(home, KafkaFixtures.sink(scene.cluster)).stop(after: 300)
    let topics = Set(EventTopic.allCases)
    try await scene.consume(topics, steps: 5)
    try scene.cluster.setDown()
    await #expect(throws: (any Error).self) { try await scene.consume(topics, steps: 1) }
    try scene.cluster.setUp()
    scene.cluster.fail(.fetch, with: [7, 6, -195, 7])
    // A broker's error ends a step; the next one goes on from what the inbox says.
    while try await scene.effects().count < 300 {
      do { try await scene.consume(topics, until: 300) } catch is KafkaError { continue }
    }
    let effects = try await scene.effects()
    #expect(effects.count == 300)
    #expect(Set(effects).count == 300)
  }
}
