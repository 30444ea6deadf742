internal import Bytes
internal import ChainTypes
internal import Database
internal import Digests
internal import EventLog
internal import Kafka
internal import Payments
internal import Settlement

/// A relay between a database and brokers inside this process, with as many events to move as a
/// round wants.
struct LoadedRelay {
  let database: any Database
  private let cluster: MockCluster
  private let configuration: KafkaConfiguration
  private let relay: Relay
  private let running: Task<Void, any Error>
  private let appended = Appended()

  private static let topic = EventTopic.payment
  private static let partitions: Int32 = 8

  private final class Appended {
    /// And sequenced, so far.
    var count = 0
  }

  /// - Parameter database: an empty one
  static func start(on database: any Database) async throws -> LoadedRelay {
    try await Migrator.migrate(database, EventLog.migrations, component: EventLog.component)
    try await Migrator.migrate(database, Relay.migrations, component: Relay.component)
    let cluster = try makeCluster()
    let configuration = try KafkaConfiguration(brokers: cluster.brokers)
    let relay = Relay(
      database: database, sink: KafkaEventSink(configuration, log: { _ in }), check: { _ in })
    let running = Task { try await relay.run(every: .seconds(3_600), clock: ContinuousClock()) }
    let loaded = LoadedRelay(
      database: database, cluster: cluster, configuration: configuration, relay: relay,
      running: running)
    try await loaded.wait { $0.phase == .running }
    return loaded
  }

  static func makeCluster() throws -> MockCluster {
    let cluster = try MockCluster()
    for topic in EventTopic.allCases {
      try cluster.createTopic(topic.name, partitions: topic == Self.topic ? partitions : 1)
    }
    return cluster
  }

  /// Appends `count` events as payments tell them, each of a subject of its own, moves them, and
  /// gives how many a second: from the moment they can be seen to the brokers' acknowledgement.
  func run(_ count: Int) async throws -> Double {
    let before = try await stored()
    try await append(count)
    // One step, so that the relay finds all of them at once.
    let sequencer = Sequencer(database: database, batchLimit: count)
    try await sequencer.step()
    appended.count += count
    let last = Int64(appended.count)
    let seconds = try await WallClock.seconds {
      relay.wake()
      try await wait { $0.cursor >= last }
    }
    guard relay.status.cursor == last, relay.status.sent == last,
      try await stored() - before == count
    else { throw BenchmarkFailure("of \(last) events \(relay.status.sent) were sent") }
    return Double(count) / seconds
  }

  /// The last `count` events as they were sent.
  func messages(_ count: Int) async throws -> MessageRun {
    var events: [PositionedEvent] = []
    while events.count < count {
      let after = Int64(appended.count - count + events.count)
      let page = try await database.read { try EventLog.page(after: after, limit: 1_000, in: $0) }
      if page.events.isEmpty { break }
      events += page.events
    }
    guard events.count == count else { throw BenchmarkFailure("events are missing") }
    return MessageRun(events, topic: Self.topic, partitions: Self.partitions)
  }

  func close() async throws {
    running.cancel()
    try? await running.value
    try await database.close()
  }

  private func append(_ count: Int) async throws {
    let first = appended.count
    for start in stride(from: first, to: first + count, by: 5_000) {
      let numbers = start..<min(start + 5_000, first + count)
      try await database.write { connection in
        try EventLog.append(numbers.map(Self.draft), in: connection)
      }
    }
  }

  @Sendable private static func draft(_ number: Int) throws -> EventDraft {
    guard let chain = ChainName("bitcoin") else {
      throw BenchmarkFailure("bitcoin is a chain's name")
    }
    let time = Timestamp(microseconds: 1_800_000_000_000_000 + Int64(number))
    let random = SHA256.hash(Array("\(number)".utf8)).words
    let id = Identifier(
      prefix: "pay", milliseconds: UInt64(time.microseconds / 1_000), random: (random.0, random.1))
    let payment = Payment(
      terms: PaymentTerms(
        id: id.description, tenant: "shop", orderID: "order-\(number)", chain: chain, asset: .btc,
        amount: 150_000, tolerance: .zero, createdAt: time, expiresAt: time.adding(seconds: 900),
        confirmations: 1, finality: 6, latePolicy: .hold, ordinal: UInt64(number + 1),
        address: "bc1q" + SHA256.hash([UInt8(number & 0xff)]).hex.prefix(38), region: "eu",
        metadata: nil))
    return EventDraft(
      type: "payment.created", subject: id.description, tenant: "shop",
      cause: SHA256.hash(Array(id.description.utf8)), time: time,
      data: try PaymentDocument.json(
        of: payment, telling: PaymentEvent(.created, from: .open, to: .open)))
  }

  /// How many messages the brokers have taken.
  private func stored() async throws -> Int {
    let consumer = try KafkaConsumer(configuration, log: { _ in })
    var count: Int64 = 0
    for partition in 0..<Self.partitions {
      count += try await consumer.watermarks(of: .init(Self.topic.name, partition)).high
    }
    await consumer.close()
    return Int(count)
  }

  /// Returns once the relay's status is so, looked at every millisecond.
  private func wait(until condition: (RelayStatus) -> Bool) async throws {
    while !condition(relay.status) {
      if let error = relay.status.lastError { throw BenchmarkFailure("the relay: \(error)") }
      guard relay.status.phase != .stopped else { return try await running.value }
      try await Task.sleep(for: .milliseconds(1))
    }
  }
}
