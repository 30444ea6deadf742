import ChainTypes
import Database
import Digests
import EventLog
import Kafka
import Testing

@Suite("Databases that share brokers")
struct SharedBrokersTests {
  private static func sink(
    _ cluster: MockCluster, _ topics: Set<EventTopic>
  ) throws -> KafkaEventSink {
    KafkaEventSink(
      try KafkaFixtures.configuration(cluster), topics: topics,
      transactionalID: "relay-\(topics.map(\.name).sorted())", timeout: .seconds(10),
      log: { _ in })
  }

  private static func appendOrders(_ numbers: Range<Int>, to database: some Database) async throws {
    try await database.write { connection in
      try EventLog.append(
        numbers.map { number in
          EventDraft(
            type: "order.updated", subject: "ord_\(number % 7)", tenant: "tenant",
            cause: SHA256.hash(Array("\(number)".utf8)), time: Timestamp(seconds: 1_800_000_000),
            data: "{}")
        }, in: connection)
    }
    try await Sequencer(database: database, batchLimit: 10_000).drain()
  }

  @Test("each tells its own topics, whatever the other has told on its own")
  func apart() async throws {
    let cluster = try KafkaFixtures.cluster()
    let (payments, orders) = (
      try await KafkaFixtures.database(), try await KafkaFixtures.database()
    )
    let told = try Self.sink(cluster, [.payment, .chain])
    let ordered = try Self.sink(cluster, [.order])
    var sent: Int64 = 0
    // In turns, so that each is ahead of the other once.
    for round in 0..<2 {
      try await KafkaFixtures.append(300, from: 300 * round, to: payments)
      try await RelayRun(payments, told).stop(after: Int64(300 * (round + 1)))
      try await Self.appendOrders(500 * round..<500 * (round + 1), to: orders)
      sent += try await RelayRun(orders, ordered).stop(after: Int64(500 * (round + 1))).sent
    }
    #expect(sent == 1_000)
    let messages = try await KafkaFixtures.messages(KafkaFixtures.configuration(cluster))
    func count(_ topics: Set<EventTopic>) -> Int {
      let names = Set(topics.map(\.name))
      return messages.filter { names.contains($0.key.topic) }.reduce(0) { $0 + $1.value.count }
    }
    #expect(count([.order]) == 1_000)
    #expect(count([.payment, .chain]) == 600)
  }

  @Test("one that thinks all topics its own is refused, and so is an event of another's topic")
  func mistaken() async throws {
    let cluster = try KafkaFixtures.cluster()
    let (payments, orders) = (
      try await KafkaFixtures.database(), try await KafkaFixtures.database()
    )
    try await KafkaFixtures.append(300, to: payments)
    try await RelayRun(payments, KafkaFixtures.sink(cluster)).stop(after: 300)
    try await Self.appendOrders(0..<10, to: orders)
    let behind = await RelayRun(orders, try KafkaFixtures.sink(cluster)).end()
    guard case .databaseIsBehind = behind as? RelayError else {
      Issue.record("\(String(describing: behind))")
      return
    }
    let unroutable = await RelayRun(orders, try Self.sink(cluster, [.payment])).end()
    #expect(unroutable is RelayError, "\(String(describing: unroutable))")
  }
}
