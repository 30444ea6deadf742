import ChainTypes
import Database
import Digests
import EventLog
import Kafka
import TestDatabases

enum KafkaFixtures {
  /// A mock cluster that has all topics.
  static func cluster(partitions: Int32 = 3) throws -> MockCluster {
    let cluster = try MockCluster()
    for topic in EventTopic.allCases {
      try cluster.createTopic(topic.name, partitions: partitions)
    }
    return cluster
  }

  static func configuration(
    _ cluster: MockCluster, _ properties: [String: String] = [:]
  ) throws -> KafkaConfiguration {
    // The mock stores batches in the order in which they come, also after an error in one of
    // them; a real broker refuses those out of order.
    var all = ["max.in.flight": "1", "reconnect.backoff.max.ms": "200", "retry.backoff.ms": "20"]
    all.merge(properties) { $1 }
    return try KafkaConfiguration(brokers: cluster.brokers, properties: all)
  }

  static func sink(_ cluster: MockCluster) throws -> KafkaEventSink {
    KafkaEventSink(try configuration(cluster), timeout: .seconds(10), log: { _ in })
  }

  /// On the selected engine.
  static func database(
    _ options: TestStore.Options = TestStore.Options()
  ) async throws -> TestDatabase {
    let database = try await TestDatabase(.selected, options)
    try await Migrator.migrate(database, EventLog.migrations, component: EventLog.component)
    try await Migrator.migrate(database, Relay.migrations, component: Relay.component)
    _ = try await database.write { try RestoreEpochs.beginFirst(0, in: $0) }
    return database
  }

  static let types = [
    "payment.created", "transfer.seen", "chain.reorged", "refund.requested", "sweep.built",
    "chain.halted", "income.booked", "payment.paid", "reconciliation.mismatch", "chain.stalled",
  ]

  /// Appends and sequences `count` events of `keys` subjects in turn, of all topics.
  static func append(
    _ count: Int, keys: Int = 17, from first: Int = 0, to database: some Database
  ) async throws {
    for start in stride(from: first, to: first + count, by: 5_000) {
      try await database.write { connection in
        let drafts = (start..<min(start + 5_000, first + count)).map { number in
          // A subject keeps its type, so that a key has one topic.
          let key = number % keys
          return EventDraft(
            type: types[key % types.count], subject: "subject-\(key)",
            tenant: key % 2 == 0 ? "tenant" : nil, cause: SHA256.hash(Array("\(number)".utf8)),
            time: Timestamp(microseconds: 1_800_000_000_000_000 + Int64(number)),
            data: #"{"number":\#(number)}"#)
        }
        try EventLog.append(drafts, in: connection)
      }
    }
    try await Sequencer(database: database, batchLimit: 10_000).drain()
  }

  /// Fills an empty log with `count` events by a few statements.
  static func fill(_ count: Int, in database: some Database) async throws {
    let columns = "id, type, subject, sequence, tenant, time, data"
    try await database.write { connection in
      let isPostgres = connection.dialect == .postgreSQL
      // PostgreSQL's sequencer gives the positions.
      try connection.execute(
        """
        WITH RECURSIVE numbers (n) AS (
          SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(count)
        )
        INSERT INTO \(isPostgres ? "outbox" : "events") (\(isPostgres ? "" : "position, ")\(columns))
        SELECT \(isPostgres ? "" : "n, ")\
        \(isPostgres ? "sha256(CAST(CAST(n AS TEXT) AS BYTEA))" : "randomblob(32)"), 'payment.paid',
          'subject-' || n % 500, (n - 1) / 500 + 1, 'tenant', n, '{"number":' || n || '}'
        FROM numbers
        """)
      if !isPostgres {
        try connection.execute(
          "UPDATE event_positions SET last_position = $1", [.integer(Int64(count))])
      }
    }
    try await Sequencer(database: database, batchLimit: 10_000).drain()
  }

  /// All messages of all topics, those of each partition in their order.
  static func messages(
    _ configuration: KafkaConfiguration
  ) async throws -> [KafkaConsumer.Place: [KafkaMessage]] {
    let consumer = try KafkaConsumer(configuration, log: { _ in })
    var starts: [KafkaConsumer.Place: KafkaConsumer.Start] = [:]
    for topic in EventTopic.allCases {
      for partition in 0..<(try await consumer.partitionCount(of: topic.name) ?? 0) {
        starts[KafkaConsumer.Place(topic.name, partition)] = .beginning
      }
    }
    try await consumer.assign(starts)
    var found: [KafkaConsumer.Place: [KafkaMessage]] = [:]
    var open = Set(starts.keys)
    while !open.isEmpty {
      let batch = try await consumer.poll(limit: 1_000, timeout: .seconds(5))
      for message in batch.messages {
        found[KafkaConsumer.Place(message.topic, message.partition), default: []].append(message)
      }
      open.subtract(batch.ends.keys)
    }
    await consumer.close()
    return found
  }
}
