import Bytes
import ChainTypes
import Database
import Testing

@testable import EventLog

@Suite("The relay's rows and pages")
struct RelayRecordTests {
  static func database(_ drafts: [EventDraft]) async throws -> any Database {
    let database = try await EventFixtures.database()
    try await Migrator.migrate(database, Relay.migrations, component: Relay.component)
    try await database.write { try EventLog.append(drafts, in: $0) }
    try await Sequencer(database: database).drain()
    return database
  }

  static func drafts(_ sizes: [Int]) -> [EventDraft] {
    sizes.enumerated().map { index, size in
      EventDraft(
        type: "payment.paid", subject: "s\(index)", cause: .zero,
        time: Timestamp(seconds: 1_800_000_000 + Int64(index)),
        data: "{" + String(repeating: " ", count: size - 2) + "}")
    }
  }

  static func page(
    after cursor: Int64, limit: Int, bytes: Int, of database: any Database
  ) async throws -> (positions: [Int64], through: Int64)? {
    try await database.read { connection in
      let page = try RelayPage.next(
        after: cursor, limit: limit, byteLimit: bytes, in: connection)
      guard let page else { return nil }
      var positions: [Int64] = []
      try EventLog.forEachEvent(after: cursor, through: page.through, in: connection) {
        positions.append(try $0.position)
      }
      return (positions.sorted(), page.through)
    }
  }

  @Test("pages are bounded by events and by bytes, and one long event makes a page")
  func pages() async throws {
    let database = try await Self.database(Self.drafts([10, 10, 10, 500, 10, 90, 20]))
    func pages(limit: Int, bytes: Int) async throws -> [[Int64]] {
      var pages: [[Int64]] = []
      var cursor: Int64 = 0
      while true {
        let page = try await Self.page(after: cursor, limit: limit, bytes: bytes, of: database)
        guard let page else { return pages }
        pages.append(page.positions)
        cursor = page.through
      }
    }
    #expect(try await pages(limit: 100, bytes: 10_000) == [Array(1...7)])
    #expect(try await pages(limit: 3, bytes: 10_000) == [[1, 2, 3], [4, 5, 6], [7]])
    #expect(try await pages(limit: 100, bytes: 100) == [[1, 2, 3], [4], [5, 6], [7]])
    #expect(try await pages(limit: 100, bytes: 1) == (1...7).map { [$0] })
  }

  @Test("events that retention has removed hold nothing up")
  func retention() async throws {
    let database = try await Self.database(Self.drafts([10, 10, 10, 10, 10, 10]))
    try await database.write { try $0.execute("DELETE FROM events WHERE position < 6") }
    for bytes in [100, 1] {
      let read: @Sendable (Int64) async throws -> (positions: [Int64], through: Int64)? = {
        try await Self.page(after: $0, limit: 2, bytes: bytes, of: database)
      }
      #expect(try await read(0)?.through == 2)
      #expect(try await read(0)?.positions.isEmpty == true)
      #expect(try await read(4)?.positions == [6])
      #expect(try await read(6) == nil)
    }
  }

  @Test("the cursor moves only from where it is, in its epoch")
  func cursor() async throws {
    let database = try await Self.database(Self.drafts([10, 10, 10]))
    try await database.write { try RelayRecords.advance(from: 0, to: 2, epoch: 0, in: $0) }
    await #expect(throws: RelayError.cursorMoved(expected: 0)) {
      try await database.write { try RelayRecords.advance(from: 0, to: 3, epoch: 0, in: $0) }
    }
    await #expect(throws: RelayError.cursorMoved(expected: 2)) {
      try await database.write { try RelayRecords.advance(from: 2, to: 3, epoch: 1, in: $0) }
    }
    let backlog = try await database.read { try RelayRecords.backlog(in: $0) }
    #expect(backlog.cursor == 2)
    #expect(backlog.count == 1)
    #expect(backlog.oldest == Timestamp(seconds: 1_800_000_002))
  }

  @Test("a restore begins a higher epoch where the log ends")
  func epochs() async throws {
    let database = try await Self.database(Self.drafts([10, 10, 10]))
    _ = try await database.write { try RestoreEpochs.beginFirst(0, in: $0) }
    try await database.write { try RestoreEpochs.begin(4, in: $0) }
    for epoch: Int64 in [0, 3, 4] {
      await #expect(throws: RestoreEpochs.Failure.notHigher(epoch: epoch, database: 4)) {
        try await database.write { try RestoreEpochs.begin(epoch, in: $0) }
      }
    }
    let record = try await database.read { try RelayRecords.read(idsAt: [2, 9], in: $0) }
    #expect(record.history == RelayHistory(epoch: 4, bases: [0: 3, 4: 3]))
    #expect(record.last == 3)
    let second = try await database.read {
      try EventLog.page(after: 1, limit: 1, in: $0).events.first
    }
    #expect(record.ids == [2: try #require(second).event.id])
  }
}
