import Bytes
import Database
import EventLog
import Synchronization
import TestDatabases
import TestSupport
import Testing

@Suite("A relay that fails or dies")
struct RelayCrashTests {
  struct Killed: Error {}

  /// Fails the next call of a hook, once.
  final class Trap: Sendable {
    private let calls = Mutex(Int.max)

    /// The `number`th call from now on throws.
    func set(_ number: Int) { calls.withLock { $0 = number } }

    func pass() throws {
      try calls.withLock { calls in
        guard calls != Int.max else { return }
        calls -= 1
        if calls == 0 {
          calls = Int.max
          throw Killed()
        }
      }
    }
  }

  /// Each key's events stand in one partition, all of them, once and in order.
  static func expectExactly(
    _ database: some Database, _ broker: ModelBroker, _ comment: Comment? = nil
  ) async throws {
    let last = try await database.read { try EventLog.lastPosition(in: $0) }
    var positions: [Int64] = []
    for (place, entries) in broker.committed {
      let own = entries.map(\.position)
      #expect(own == own.sorted(), comment)
      positions += own
      for entry in entries {
        #expect(
          KeyPartitioner.partition(ofKey: entry.key, among: broker.partitions)
            == place.partition)
      }
    }
    #expect(positions.sorted() == Array(stride(from: 1, through: last, by: 1)), comment)
  }

  static var pagesOf50: RelayOptions {
    var options = RelayRun.quick
    options.pageLimit = 50
    options.firstPause = .milliseconds(1)
    options.longestPause = .milliseconds(4)
    return options
  }

  @Test("a transaction that fails at any point is neither lost nor repeated")
  func faults() async throws {
    for fault in ModelBroker.Fault.allCases {
      let broker = ModelBroker()
      broker.plan([nil, fault, fault, nil, fault])
      let database = try await KafkaFixtures.database()
      try await KafkaFixtures.append(400, to: database)
      let status = try await RelayRun(database, broker, Self.pagesOf50).stop(after: 400)
      #expect(status.failures == 0)
      try await Self.expectExactly(database, broker, "\(fault)")
    }
  }

  @Test("any sequence of failures loses and repeats nothing")
  func randomFaults() async throws {
    for seed in UInt64(1)...20 {
      var random = SplitMix64(seed: seed)
      let broker = ModelBroker(partitions: Int32(random.next() % 5) + 1)
      broker.plan(
        (0..<20).map { _ in
          random.next() % 2 == 0 ? nil : ModelBroker.Fault.allCases.randomElement(using: &random)
        })
      broker.failOpening(Int(random.next() % 3))
      let database = try await KafkaFixtures.database()
      try await KafkaFixtures.append(300, keys: Int(random.next() % 40) + 1, to: database)
      let run = RelayRun(database, broker, Self.pagesOf50)
      try await KafkaFixtures.append(200, keys: 7, from: 300, to: database)
      try await run.stop(after: 500)
      try await Self.expectExactly(database, broker, "seed \(seed)")
    }
  }

  @Test("a relay that dies at any of its writes is followed by one that completes its work")
  func killedAtWrites() async throws {
    // Its writes: the lease, the start, and one cursor for each page.
    for write in 1...7 {
      let trap = Trap()
      let database = try await KafkaFixtures.database()
      try await KafkaFixtures.append(220, to: database)
      let broker = ModelBroker()
      trap.set(write)
      let first = RelayRun(database, broker, Self.pagesOf50, check: { _ in try trap.pass() })
      #expect(await first.end() as? RelayError == .leaseLost("Killed()"))
      #expect(first.relay.status.phase == .stopped)
      try await RelayRun(database, broker, Self.pagesOf50).stop(after: 220)
      try await Self.expectExactly(database, broker, "write \(write)")
    }
  }

  @Test("a commit of the cursor that fails, or whose answer is lost, repeats nothing")
  func cursorCommit() async throws {
    for number in 1...14 {
      let trap = Trap()
      var options = TestStore.Options()
      if number % 2 == 0 {
        options.commitHooks.beforeCommit = { try trap.pass() }
      } else {
        options.commitHooks.afterCommit = { try trap.pass() }
      }
      let database = try await KafkaFixtures.database(options)
      try await KafkaFixtures.append(220, to: database)
      let broker = ModelBroker()
      trap.set((number + 1) / 2)
      try await RelayRun(database, broker, Self.pagesOf50).stop(after: 220)
      try await Self.expectExactly(database, broker, "commit \(number)")
    }
  }

  @Test("a relay that was put out ends, and can't move the cursor either")
  func fenced() async throws {
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(100, to: database)
    let broker = ModelBroker()
    let old = RelayRun(database, broker, Self.pagesOf50)
    try await waitUntil { old.relay.status.cursor >= 100 }
    // The old one waits for events when another takes its place.
    _ = try await broker.open()
    try await KafkaFixtures.append(60, from: 100, to: database)
    old.relay.wake()
    #expect(await old.end() as? RelayError == .fenced("a newer producer"))
    #expect(try await database.read { try RelayRecords.backlog(in: $0).cursor } == 100)
    try await RelayRun(database, broker, Self.pagesOf50).stop(after: 160)
    try await Self.expectExactly(database, broker)
  }

  @Test("a relay without the lease takes nobody's place")
  func noLease() async throws {
    struct NotHeld: Error {}
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(10, to: database)
    let broker = ModelBroker()
    let run = RelayRun(database, broker, check: { _ in throw NotHeld() })
    #expect(await run.end() as? RelayError == .leaseLost("NotHeld()"))
    #expect(broker.transactionCount == 0)
  }

  @Test("a relay that wakes without its lease sends nothing, though nobody has put it out")
  func wokenWithoutLease() async throws {
    struct NotHeld: Error {}
    let isLost = Mutex(false)
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(10, to: database)
    let broker = ModelBroker()
    let run = RelayRun(
      database, broker, glance: { _ in if isLost.withLock({ $0 }) { throw NotHeld() } })
    try await waitUntil { run.relay.status.cursor >= 10 }
    isLost.withLock { $0 = true }
    try await KafkaFixtures.append(10, from: 10, to: database)
    run.relay.wake()
    #expect(await run.end() as? RelayError == .leaseLost("NotHeld()"))
    #expect(broker.transactionCount == 1)
  }

  @Test("what hours without brokers have left is sent with two pages in memory at most")
  func backlog() async throws {
    let count: Int64 = 40_000
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.fill(Int(count), in: database)
    let broker = ModelBroker()
    broker.failOpening(10)
    let sink = CountingSink(broker)
    var options = RelayRun.quick
    options.pageLimit = 2_000
    options.pageByteLimit = 24_000
    let run = RelayRun(database, sink, options, glance: { _ in sink.countPage() })
    let status = try await run.stop(after: count)
    #expect(status.sent == count)
    let counted = sink.count
    #expect(counted.openings == 11)
    // The one that is sent and, where reading is ahead, the next.
    #expect((1...2).contains(counted.mostPages))
    // Bytes of data bound a page here before the number of its events does.
    #expect((1_000..<2_000).contains(counted.mostMessages))
    #expect(counted.mostBytes < 2_000 * 400)
    #expect(counted.pagesSent == broker.transactionCount)
    try await Self.expectExactly(database, broker)
  }

  @Test("hours without brokers cost nothing but time")
  func noBroker() async throws {
    let database = try await KafkaFixtures.database()
    let broker = ModelBroker()
    // Until it was seen: how long that takes on a busy machine, nobody knows.
    broker.failOpening(.max)
    let run = RelayRun(database, broker, Self.pagesOf50)
    try await KafkaFixtures.append(500, to: database)
    try await waitUntil { run.relay.status.failures >= 3 }
    #expect(run.relay.status.phase != .running)
    #expect(run.relay.status.lastError == "no broker")
    broker.failOpening(0)
    let status = try await run.stop(after: 500)
    #expect(status.lastError == nil)
    #expect(status.sent == 500)
    #expect(broker.transactionCount == 10)
    try await Self.expectExactly(database, broker)
  }
}
