internal import Database
internal import Kafka

/// Events from the database to brokers, which are librdkafka's mock cluster in this process.
enum RelaySuite: EngineSuite {
  static func name(_ engine: DurableStore.Engine) -> String {
    "relay from \(engine.rawValue) to Kafka"
  }

  static let usualCount = 50_000

  static func contest(
    _ engine: DurableStore.Engine, count: Int
  ) async throws -> Contest {
    let store = try await DurableStore(engine)
    let relay = try await LoadedRelay.start(on: store.makeDatabase("events"))
    let cluster = try LoadedRelay.makeCluster()
    let producer = try KafkaProducer(
      KafkaConfiguration(brokers: cluster.brokers), transactionalID: nil, log: { _ in })
    let reference = "librdkafka's idempotent producer, the same messages from memory"
    return Contest(
      name: name(engine),
      how: """
        \(count) sequenced events a round, read from the log and sent in Kafka's transactions, until \
        the brokers have acknowledged all; they are a mock cluster in the same process. Time is as \
        it passes.
        """,
      ours: { [try await relay.run(count)] },
      others: [
        {
          // What was relayed last: our own work comes before all others once.
          let messages = try await relay.messages(count)
          let seconds = try await WallClock.seconds { try await messages.send(over: producer) }
          return [Double(messages.count) / seconds]
        }
      ],
      comparisons: [
        .init(
          name: name(engine), unit: "events/s", reference: reference,
          goal: .atLeast(100_000, "events/s")),
        .init(
          name: "\(name(engine)), share of the producer's", unit: "events/s",
          reference: reference, goal: .ratioAtLeast(0.3)),
      ],
      finish: {
        await producer.close()
        try await relay.close()
        await store.close()
        withExtendedLifetime(cluster) {}
      })
  }
}
