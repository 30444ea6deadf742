import Database
import TestDatabases
import Testing

@testable import EventLog

@Suite("Sequencing and pages")
struct SequencerTests {
  @Test("positions follow the order of commits under 200 concurrent grouped writes")
  func commitOrder() async throws {
    // PostgreSQL's transactions commit in an order of their own where they run side by side.
    var options = TestStore.Options()
    options.isSerial = true
    let database = try await EventFixtures.database(options)
    let sequencer = Sequencer(database: database, batchLimit: 16)
    // Bodies run in commit order, so the order in which they run is what positions must show.
    let ran = Recorder()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          try await database.groupedWrite { connection in
            try EventLog.append(
              [EventFixtures.draft("x.y", "s\(number)"), EventFixtures.draft("x.z", "s\(number)")],
              in: connection)
            ran.record(["s\(number) x.y", "s\(number) x.z"])
          }
        }
        if number % 10 == 0 { group.addTask { try await sequencer.step() } }
      }
      try await group.waitForAll()
    }
    try await sequencer.drain()
    let events = try await EventFixtures.all(database, limit: 33)
    #expect(events.map(\.position) == (1...400).map { Int64($0) })
    #expect(events.map { "\($0.event.subject) \($0.event.type)" } == ran.texts)
  }

  @Test("two sequencers give each position once")
  func twoSequencers() async throws {
    let database = try await EventFixtures.database(on: .postgreSQL)
    try await database.write { connection in
      try EventLog.append(
        (0..<300).map { EventFixtures.draft("x.y", "s\($0)") }, in: connection)
    }
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<2 {
        let sequencer = Sequencer(database: database, batchLimit: 7)
        group.addTask { try await sequencer.drain() }
      }
      return try await group.reduce(0, +)
    }
    #expect(counts == 300)
    let events = try await EventFixtures.all(database)
    #expect(events.map(\.position) == (1...300).map { Int64($0) })
    #expect(events.map(\.event.subject) == (0..<300).map { "s\($0)" })
  }

  @Test("a step sequences no more than its batch, and one with nothing to do nothing")
  func steps() async throws {
    let database = try await EventFixtures.database(on: .postgreSQL)
    try await database.write { connection in
      try EventLog.append((0..<5).map { EventFixtures.draft("x.y", "s\($0)") }, in: connection)
    }
    let sequencer = Sequencer(database: database, batchLimit: 2)
    #expect(try await sequencer.step() == 2)
    #expect(try await database.read { try EventLog.lastPosition(in: $0) } == 2)
    #expect(try await sequencer.step() == 2)
    #expect(try await sequencer.step() == 1)
    #expect(try await sequencer.step() == 0)
    #expect(try await database.read { try EventLog.lastPosition(in: $0) } == 5)
  }

  @Test("a crash at the sequencer's commit loses no event and gives no position twice")
  func crash() async throws {
    struct Crash: Error {}
    let failing = Switch()
    var options = TestStore.Options()
    options.commitHooks.beforeCommit = { if failing.value == 1 { throw Crash() } }
    options.commitHooks.afterCommit = { if failing.value == 2 { throw Crash() } }
    let database = try await EventFixtures.database(on: .postgreSQL, options)
    try await database.write { connection in
      try EventLog.append((0..<9).map { EventFixtures.draft("x.y", "s\($0)") }, in: connection)
    }
    let sequencer = Sequencer(database: database, batchLimit: 3)
    for mode in [1, 2] {
      failing.value = mode
      await #expect(throws: Crash.self) { try await sequencer.step() }
    }
    failing.value = 0
    #expect(try await sequencer.drain() == 6, "the step that died after its commit had done 3")
    let events = try await EventFixtures.all(database)
    #expect(events.map(\.position) == (1...9).map { Int64($0) })
    #expect(events.map(\.event.subject) == (0..<9).map { "s\($0)" })
  }

  @Test("pages of any size continue each other")
  func pages() async throws {
    let database = try await EventFixtures.database()
    try await database.write { connection in
      try EventLog.append(
        (0..<50).map {
          EventFixtures.draft(
            $0 % 3 == 0 ? "a.x" : "b.x", "s\($0 % 4)", fact: "\($0)",
            tenant: $0 % 2 == 0 ? "even" : nil)
        }, in: connection)
    }
    try await Sequencer(database: database).drain()
    let all = try await EventFixtures.all(database)
    #expect(all.count == 50)
    for limit in [1, 2, 7, 49, 50, 51] {
      #expect(try await EventFixtures.all(database, limit: limit) == all)
      let even = try await EventFixtures.all(
        database, limit: limit, filter: EventFilter(tenant: "even"))
      #expect(even == all.filter { $0.event.tenant == "even" })
      let chosen = try await EventFixtures.all(
        database, limit: limit, filter: EventFilter(subject: "s1", types: ["a.x", "c.x"]))
      #expect(chosen == all.filter { $0.event.subject == "s1" && $0.event.type == "a.x" })
    }
    #expect(try await EventFixtures.all(database, filter: EventFilter(types: [])).isEmpty)
    await #expect(throws: EventLogError.tooManyTypes(65)) {
      try await EventFixtures.all(
        database, filter: EventFilter(types: Array(repeating: "a", count: 65)))
    }
  }

  @Test("a page with nothing wanted in it moves its reader on all the same")
  func emptyPages() async throws {
    let database = try await EventFixtures.database()
    try await database.write { connection in
      try EventLog.append((0..<20).map { EventFixtures.draft("x.y", "s\($0)") }, in: connection)
    }
    try await Sequencer(database: database).drain()
    let page = try await database.read {
      try EventLog.page(after: 3, limit: 10, filter: EventFilter(tenant: "none"), in: $0)
    }
    #expect(page == EventPage(events: [], through: 20, hasMore: false))
  }

  @Test("a reader from beyond the log's end is told so: it has seen what was lost")
  func beyondTheEnd() async throws {
    let database = try await EventFixtures.database()
    try await database.write { try EventLog.append([EventFixtures.draft("x.y", "s")], in: $0) }
    try await Sequencer(database: database).drain()
    for (position, filter) in [(2, EventFilter()), (.max, EventFilter(types: []))] {
      await #expect(throws: EventLogError.positionAhead(Int64(position), last: 1)) {
        try await database.read {
          try EventLog.page(after: Int64(position), limit: 10, filter: filter, in: $0)
        }
      }
    }
    let end = try await database.read { try EventLog.page(after: 1, limit: 10, in: $0) }
    #expect(end == EventPage(events: [], through: 1, hasMore: false))
  }
}
