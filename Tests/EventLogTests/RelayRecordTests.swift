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

  @Test("pages are bounded by events and by bytes, and one long event makes a page")
  func pages() async throws {
    let database = try await Self.database(Self.drafts([10, 10, 10, 500, 10, 90, 20]))
    func pages(limit: Int, bytes: Int) async throws -> [[Int64]] {
      var pages: [[Int64]] = []
      var cursor: Int64 = 0
      while true {
        let after = cursor
        let page = try await database.read {
          try RelayPage.read(after: after, limit: limit, byteLimit: bytes, in: $0)
        }
        guard let page else { return pages }
        pages.append(page.events.map(\.position))
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
    let read: @Sendable (Int64) async throws -> RelayPage? = { cursor in
      try await database.read {
        try RelayPage.read(after: cursor, limit: 2, byteLimit: 100, in: $0)
      }
    }
    #expect(try await read(0)?.through == 2)
    #expect(try await read(0)?.events.isEmpty == true)
    #expect(try await read(4)?.events.map(\.position) == [6])
    #expect(try await read(6) == nil)
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
