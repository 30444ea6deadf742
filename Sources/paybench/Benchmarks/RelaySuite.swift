internal import Database
internal import Kafka
internal import LocalServers
internal import SQLite

/// Events from the database to brokers, which are librdkafka's mock cluster in this process.
enum RelaySuite: Suite {
  private static let sqlite = "relay from SQLite to Kafka"

  static let names = [sqlite]

  static func contests(
    named names: Set<String>, _ materials: Materials
  ) async throws -> [Contest] {
    let scratch = try ScratchDirectory()
    return [
      try await contest(
        sqlite, materials.settings,
        on: SQLiteDatabase(path: scratch.path + "/events.sqlite"),
        cleaning: { withExtendedLifetime(scratch) {} })
    ]
  }

  private static func contest(
    _ name: String, _ settings: Settings, on database: any Database,
    cleaning: @escaping () async throws -> Void
  ) async throws -> Contest {
    let relay = try await LoadedRelay.start(on: database)
    let cluster = try LoadedRelay.makeCluster()
    let producer = try KafkaProducer(
      KafkaConfiguration(brokers: cluster.brokers), transactionalID: nil, log: { _ in })
    let count = settings.repetitions(100_000)
    return Contest(
      name: name,
      ours: { [try await relay.run(count)] },
      others: [
        {
          // Made of what was relayed last; our own round always comes first.
          let messages = try await relay.messages(count)
          let seconds = try await WallClock.seconds { try await messages.send(over: producer) }
          return [Double(messages.count) / seconds]
        }
      ],
      comparisons: [
        .init(
          name: name, unit: "events/s",
          reference: "librdkafka's idempotent producer, the same messages from memory",
          goal: .atLeast(50_000, "events/s"))
      ],
      finish: {
        await producer.close()
        try await relay.close()
        withExtendedLifetime(cluster) {}
        try await cleaning()
      })
  }
}
