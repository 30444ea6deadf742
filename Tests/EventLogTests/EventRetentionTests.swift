import Bytes
import ChainTypes
import Database
import TestDatabases
import Testing

@testable import EventLog

@Suite("Removing old events")
struct EventRetentionTests {
  private static let start = Timestamp(seconds: 1_800_000_000)

  /// A log whose event at position n is n days after the start; three subjects take turns.
  private static func log(
    _ engine: TestEngine, count: Int, partitions: [Int] = []
  ) async throws -> any Database {
    let database = try await EventFixtures.database(on: engine)
    try await Migrator.migrate(database, Relay.migrations, component: Relay.component)
    try await Migrator.migrate(database, Inbox.migrations, component: Inbox.component)
    var first = 1
    for last in partitions {
      let (from, to) = (first, last + 1)
      try await database.write { connection in
        try connection.execute(
          "CREATE TABLE events_through_\(last) PARTITION OF events "
            + "FOR VALUES FROM (\(from)) TO (\(to))")
        try connection.execute("UPDATE event_positions SET partitioned_through = \(last)")
      }
      first = to
    }
    try await append(count, from: 1, to: database)
    return database
  }

  private static func append(_ count: Int, from first: Int, to database: any Database) async throws
  {
    try await database.write { connection in
      try EventLog.append(
        (first..<first + count).map { number in
          EventDraft(
            type: "x.y", subject: "s\(number % 3)", cause: .zero,
            time: start.adding(seconds: Int64(number) * 86_400), data: "{}")
        }, in: connection)
    }
    try await Sequencer(database: database, batchLimit: 4).drain()
  }

  private static func remove(
    before day: Int64, relayed: Bool = false, in database: any Database
  ) async throws {
    while try await database.write({
      try EventRetention.step(
        before: start.adding(seconds: day * 86_400), isRelayed: relayed, in: $0)
    }) {}
  }

  private static func positions(_ database: any Database) async throws -> [Int64] {
    try await EventFixtures.all(database).map(\.position)
  }

  @Test("what is older goes, and readers who missed some are told", arguments: TestEngine.allCases)
  func removes(engine: TestEngine) async throws {
    let database = try await Self.log(engine, count: 20)
    try await Self.remove(before: 1, in: database)
    #expect(try await Self.positions(database) == Array(1...20))
    try await Self.remove(before: 13, in: database)
    #expect(try await Self.positions(database) == Array(13...20))
    let read: @Sendable (Int64) async throws -> EventPage = { position in
      try await database.read { try EventLog.page(after: position, limit: 5, in: $0) }
    }
    await #expect(throws: EventLogError.positionRemoved(11, through: 12)) { try await read(11) }
    #expect(try await read(12).events.first?.position == 13)
    #expect(try await read(0).events.first?.position == 13)
    // Subjects go on where they were.
    let kept = try await database.read { connection in
      try ["s0", "s1", "none"].map { try EventLog.firstKeptSequence(of: $0, in: connection) }
    }
    #expect(kept == [5, 5, 1])
    try await Self.append(1, from: 21, to: database)
    #expect(try await database.read { try EventLog.lastSequence(of: "s0", in: $0) } == 7)
    // The last one stays, however old.
    try await Self.remove(before: 1_000, in: database)
    #expect(try await Self.positions(database) == [21])
    #expect(
      try await database.read { try EventLog.firstKeptSequence(of: "s1", in: $0) } == 8)
  }

  @Test("an event behind an older one waits for it", arguments: TestEngine.allCases)
  func order(engine: TestEngine) async throws {
    let database = try await Self.log(engine, count: 6)
    try await database.write {
      try $0.execute(
        "UPDATE events SET time = \(Self.start.adding(seconds: 86_400_000).microseconds) "
          + "WHERE position = 3")
    }
    try await Self.remove(before: 10, in: database)
    #expect(try await Self.positions(database) == Array(3...6))
  }

  @Test("what the relay or a consumer hasn't had stays", arguments: TestEngine.allCases)
  func waits(engine: TestEngine) async throws {
    let database = try await Self.log(engine, count: 9)
    try await Self.remove(before: 100, relayed: true, in: database)
    #expect(try await Self.positions(database).count == 9)
    try await database.write { try $0.execute("UPDATE relay_cursor SET position = 4") }
    try await Self.remove(before: 100, relayed: true, in: database)
    #expect(try await Self.positions(database) == Array(5...9))
    try await database.write {
      try $0.execute("INSERT INTO inbox_places (consumer, source, next) VALUES ('c', 'log/0', 7)")
    }
    try await Self.remove(before: 100, in: database)
    #expect(try await Self.positions(database) == Array(7...9))
  }

  @Test("PostgreSQL's partitions follow each other, and go whole")
  func partitions() async throws {
    let database = try await Self.log(.postgreSQL, count: 14, partitions: [5, 10])
    #expect(try await Self.positions(database) == Array(1...14))
    let tables: @Sendable () async throws -> [String] = {
      try await database.read { connection in
        try connection.query(
          """
          SELECT CAST(relname AS TEXT) AS name FROM pg_inherits
          JOIN pg_class ON pg_class.oid = inhrelid
          WHERE inhparent = CAST('events' AS REGCLASS) ORDER BY inhrelid
          """
        ).map { try $0.text("name") }
      }
    }
    let next = "events_through_\(10 + EventPartitions.size)"
    #expect(try await tables() == ["events_through_5", "events_through_10", next])
    try await Self.remove(before: 8, in: database)
    #expect(try await tables() == ["events_through_10", next])
    #expect(try await Self.positions(database) == Array(8...14))
    try await Self.remove(before: 1_000, in: database)
    #expect(try await tables() == [next])
    #expect(try await Self.positions(database) == [14])
  }

  @Test("a log from before the outbox is taken over", arguments: TestEngine.allCases)
  func migrated(engine: TestEngine) async throws {
    let database = try await TestDatabase(engine)
    try await Migrator.migrate(
      database, Array(EventLog.migrations.prefix(4)), component: EventLog.component)
    try await database.write { connection in
      let positions: [Int64?] = [2, 1, 3, nil, nil]
      for (number, position) in positions.enumerated() {
        let place: SQLValue = position.map { .integer($0) } ?? .null
        let id = [UInt8](repeating: UInt8(number), count: 32)
        let (subject, sequence) = ("s\(number % 2)", Int64(number / 2 + 1))
        try connection.execute(
          """
          INSERT INTO events (position, id, type, subject, sequence, time, data)
          VALUES ($1, $2, 'x.y', $3, $4, 1, '{}')
          """, [place, .blob(id), .text(subject), .integer(sequence)])
      }
      try connection.execute("UPDATE event_positions SET last_position = 3")
    }
    try await Migrator.migrate(database, EventLog.migrations, component: EventLog.component)
    try await Sequencer(database: database).drain()
    let events = try await EventFixtures.all(database)
    #expect(events.map(\.position) == [1, 2, 3, 4, 5])
    #expect(events.map(\.event.id.bytes[0]) == [1, 0, 2, 3, 4])
    try await Self.append(3, from: 1, to: database)
    let last = try await database.read { connection in
      try ["s0", "s1", "s2"].map { try EventLog.lastSequence(of: $0, in: connection) }
    }
    #expect(last == [4, 3, 1])
    #expect(try await Self.positions(database) == Array(1...8))
  }
}
