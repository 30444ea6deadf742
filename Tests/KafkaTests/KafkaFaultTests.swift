import EventLog
import Kafka
import TestDatabases
import TestSupport
import Testing

/// The mock's errors come before it stores anything, so that what failed isn't there.
@Suite("Brokers that err")
struct KafkaFaultTests {
  /// Error codes of the protocol.
  enum Code {
    static let requestTimedOut: Int32 = 7
    static let notLeader: Int32 = 6
    static let leaderNotAvailable: Int32 = 5
    static let unknownTopic: Int32 = 3
    static let coordinatorLoading: Int32 = 14
    static let coordinatorNotAvailable: Int32 = 15
    static let notCoordinator: Int32 = 16
    static let notEnoughReplicas: Int32 = 19
    static let outOfOrderSequence: Int32 = 45
    static let invalidProducerEpoch: Int32 = 47
    static let invalidTransactionState: Int32 = 48
    static let invalidProducerIDMapping: Int32 = 49
    static let concurrentTransactions: Int32 = 51
    static let storageError: Int32 = 56
    static let unknownProducerID: Int32 = 59
    static let producerFenced: Int32 = 90
    static let transport: Int32 = -195
  }

  @Test(
    "passing errors cost time and nothing else",
    arguments: [
      (.produce, [Code.notLeader, Code.requestTimedOut, Code.notEnoughReplicas]),
      (.produce, [Code.storageError, Code.leaderNotAvailable, Code.transport]),
      (.produce, [Code.unknownTopic]),
      (
        .initProducerID,
        [Code.coordinatorLoading, Code.notCoordinator, Code.concurrentTransactions]
      ),
      (.initProducerID, [Code.transport, Code.coordinatorNotAvailable]),
      (.findCoordinator, [Code.coordinatorNotAvailable, Code.transport]),
      (.addPartitionsToTransaction, [Code.concurrentTransactions, Code.coordinatorLoading]),
      (.addPartitionsToTransaction, [Code.notCoordinator, Code.transport]),
      (.endTransaction, [Code.coordinatorLoading, Code.notCoordinator, Code.transport]),
      (.listOffsets, [Code.notLeader, Code.leaderNotAvailable, Code.transport]),
      (.fetch, [Code.notLeader, Code.transport]),
      (.metadata, [Code.transport]),
    ] as [(MockCluster.Request, [Int32])])
  func passing(request: MockCluster.Request, codes: [Int32]) async throws {
    try await expectExactly(failing: request, with: codes)
  }

  /// What the protocol calls retriable (kafka.apache.org/protocol, error codes), also where the
  /// request has nothing to do with it. The mock's answers about metadata know no error but a cut.
  @Test(
    "no error that may pass loses or repeats anything, whatever request it answers",
    arguments: MockCluster.Request.allCases.filter { $0 != .metadata })
  func retriable(request: MockCluster.Request) async throws {
    let common: [[Int32]] = [[2, 3, 5, 6, 7, 13, 14], [15, 16, 19, 20, 51, 56, Code.transport]]
    // Of other requests than those; where events are sent each costs a producer.
    let others: [[Int32]] = [[9, 41, 70, 71, 72, 74], [75, 78, 80, 83, 84, 88, 89]]
    let sends = request == .produce || request == .addPartitionsToTransaction
    for codes in sends ? common : common + others {
      try await expectExactly(failing: request, with: codes)
    }
  }

  @Test(
    "errors that end a transaction or a producer are followed by another",
    arguments: [
      (.produce, Code.outOfOrderSequence), (.produce, Code.unknownProducerID),
      (.produce, Code.invalidTransactionState), (.produce, Code.invalidProducerIDMapping),
      (.addPartitionsToTransaction, Code.invalidProducerIDMapping),
      (.addPartitionsToTransaction, Code.invalidTransactionState),
      (.endTransaction, Code.invalidTransactionState),
      (.endTransaction, Code.invalidProducerIDMapping),
      (.initProducerID, Code.invalidTransactionState),
    ] as [(MockCluster.Request, Int32)])
  func ending(request: MockCluster.Request, code: Int32) async throws {
    let openings = try await expectExactly(failing: request, with: [code])
    // A producer that isn't there yet is asked for again by the client itself.
    #expect(request == .initProducerID ? openings == 1 : openings > 1)
  }

  @Test(
    "a producer that was put out ends the relay, and the next one completes its work",
    arguments: [
      (.addPartitionsToTransaction, Code.producerFenced), (.endTransaction, Code.producerFenced),
      (.addPartitionsToTransaction, Code.invalidProducerEpoch),
      (.endTransaction, Code.invalidProducerEpoch), (.initProducerID, Code.producerFenced),
    ] as [(MockCluster.Request, Int32)])
  func fenced(request: MockCluster.Request, code: Int32) async throws {
    let cluster = try KafkaFixtures.cluster()
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(900, to: database)
    let sink = try KafkaFixtures.sink(cluster)
    cluster.fail(request, with: [code])
    let error = await RelayRun(database, sink).end()
    guard case .fenced = error as? RelayError else {
      Issue.record("\(String(describing: error))")
      return
    }
    cluster.stopFailing(request)
    try await RelayRun(database, sink).stop(after: 900)
    try await Delivered.expectExactly(database, at: KafkaFixtures.configuration(cluster))
  }

  /// Errors both before the first transaction and between two.
  ///
  /// - Returns: how many producers it took
  @discardableResult
  private func expectExactly(
    failing request: MockCluster.Request, with codes: [Int32]
  ) async throws -> Int {
    let cluster = try KafkaFixtures.cluster()
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(600, to: database)
    cluster.fail(request, with: codes)
    let sink = CountingSink(try KafkaFixtures.sink(cluster))
    let run = RelayRun(database, sink)
    try await waitUntil { run.relay.status.cursor >= 600 || run.relay.status.phase == .stopped }
    cluster.fail(request, with: codes)
    try await KafkaFixtures.append(600, from: 600, to: database)
    run.relay.wake()
    try await run.stop(after: 1_200)
    cluster.stopFailing(request)
    try await Delivered.expectExactly(database, at: KafkaFixtures.configuration(cluster))
    return sink.count.openings
  }

  @Test("a broker that is gone for a while is waited for")
  func down() async throws {
    let cluster = try KafkaFixtures.cluster()
    let database = try await KafkaFixtures.database()
    try cluster.setDown()
    let run = RelayRun(database, try KafkaFixtures.sink(cluster))
    try await KafkaFixtures.append(900, to: database)
    try await waitUntil { run.relay.status.failures > 0 }
    #expect(run.relay.status.lastError != nil)
    let backlog = try await database.read { try RelayRecords.backlog(in: $0) }
    #expect(backlog.count == 900)
    try cluster.setUp()
    let status = try await run.stop(after: 900)
    #expect(status.sent == 900)
    try await Delivered.expectExactly(database, at: KafkaFixtures.configuration(cluster))
  }

  @Test("a broker that goes between two transactions is waited for")
  func downBetween() async throws {
    let cluster = try KafkaFixtures.cluster()
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(500, to: database)
    let run = RelayRun(database, try KafkaFixtures.sink(cluster))
    try await waitUntil { run.relay.status.cursor >= 500 }
    try cluster.setDown()
    try await KafkaFixtures.append(500, from: 500, to: database)
    run.relay.wake()
    try cluster.setUp()
    try await run.stop(after: 1_000)
    try await Delivered.expectExactly(database, at: KafkaFixtures.configuration(cluster))
  }
}
