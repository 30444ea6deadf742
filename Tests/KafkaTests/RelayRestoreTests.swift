import Database
import EventLog
import Kafka
import TestDatabases
import Testing

@Suite("A relay on a database that isn't what it was")
struct RelayRestoreTests {
  @Test("a cursor that was left behind repeats nothing")
  func cursorBehind() async throws {
    let cluster = try KafkaFixtures.cluster()
    let configuration = try KafkaFixtures.configuration(cluster)
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(2_500, to: database)
    let sink = try KafkaFixtures.sink(cluster)
    try await RelayRun(database, sink).stop(after: 2_500)
    try await KafkaFixtures.append(500, from: 2_500, to: database)
    for cursor in [0, 1_200, 2_400] {
      try await database.write {
        try $0.execute("UPDATE relay_cursor SET position = $1", [.integer(Int64(cursor))])
      }
      let status = try await RelayRun(database, sink).stop(after: 3_000)
      #expect(status.sent == (cursor == 0 ? 500 : 0))
      try await Delivered.expectExactly(database, at: configuration)
    }
  }

  @Test("a topic with another number of partitions is refused")
  func partitions() async throws {
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(10, to: database)
    let cluster = try KafkaFixtures.cluster(partitions: 3)
    try await RelayRun(database, try KafkaFixtures.sink(cluster)).stop(after: 10)
    let other = try KafkaFixtures.cluster(partitions: 4)
    let error = await RelayRun(database, try KafkaFixtures.sink(other)).end()
    #expect(
      error as? RelayError
        == .partitionsChanged(topic: "payment-events", recorded: 3, found: 4))
  }

  /// Case 58: an older backup.
  @Test("a database behind what was sent is refused, and goes on under a new restore epoch")
  func restored() async throws {
    let cluster = try KafkaFixtures.cluster()
    let sink = try KafkaFixtures.sink(cluster)
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(300, keys: 5, to: database)
    try await RelayRun(database, sink).stop(after: 300)

    // The backup has the first 200 events.
    let backup = try await KafkaFixtures.database()
    try await KafkaFixtures.append(200, keys: 5, to: backup)
    let refused = await RelayRun(backup, sink).end()
    guard case .databaseIsBehind(_, _, let tail, let end) = refused as? RelayError else {
      Issue.record("\(String(describing: refused))")
      return
    }
    #expect(tail.position > 200 && end == RelayPosition(epoch: 0, position: 200))

    try await backup.write { try RestoreEpochs.begin(1, in: $0) }
    try await KafkaFixtures.append(100, keys: 3, from: 10_000, to: backup)
    var options = RelayRun.quick
    let mismatch = await RelayRun(backup, sink, options).end()
    #expect(mismatch as? RelayError == .epochMismatch(configured: 0, database: 1))

    options.epoch = 1
    let status = try await RelayRun(backup, sink, options).stop(after: 300)
    #expect(status.sent == 100, "what the backup had was sent already")
    let messages = try await KafkaFixtures.messages(KafkaFixtures.configuration(cluster))
    let epochs = messages.values.joined().map { $0.header("paywatch-epoch").map { Array($0) } }
    #expect(epochs.filter { $0 == Array("1".utf8) }.count == 100)
    #expect(epochs.filter { $0 == nil }.count == 300)

    let old = await RelayRun(database, sink).end()
    guard case .databaseIsBehind = old as? RelayError else {
      Issue.record("\(String(describing: old))")
      return
    }
  }

  @Test("a backup that went on under its old epoch is found out by its events")
  func overgrown() async throws {
    let cluster = try KafkaFixtures.cluster()
    let sink = try KafkaFixtures.sink(cluster)
    let database = try await KafkaFixtures.database()
    try await KafkaFixtures.append(100, keys: 1, to: database)
    try await RelayRun(database, sink).stop(after: 100)
    let backup = try await KafkaFixtures.database()
    try await KafkaFixtures.append(90, keys: 1, to: backup)
    try await KafkaFixtures.append(50, keys: 1, from: 500, to: backup)
    let error = await RelayRun(backup, sink).end()
    guard case .historiesDiffer(_, _, 100) = error as? RelayError else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
