import Aggregates
import ChainTypes
import Database
import EventLog
import TestDatabases
import Testing

@Suite("Records that are made of facts")
struct RecordStoreTests {
  private static let time = Timestamp(seconds: 1_800_000_000)
  private let store = RecordStore<Tab>()

  /// Opens a tab and gives its id.
  private func open(
    _ database: any Database, adding amounts: Int64..., after seconds: Int64 = 0
  ) async throws -> String {
    let (store, now) = (store, Self.time.adding(seconds: seconds))
    let random = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    return try await database.write { connection in
      let id = try store.order(connection.dialect).newID(
        tenant: "roastery", now: now, random: random, in: connection)
      var tab = try store.found(.opened(id: id), now: now, in: connection)
      for amount in amounts {
        try store.apply(.added(amount), to: &tab, now: now, in: connection)
      }
      return id
    }
  }

  @Test("a fact, the row and the events are one; what changes nothing is no fact")
  func writing() async throws {
    let database = try await Tab.database()
    let id = try await open(database, adding: 10, 0, 60)
    let store = store
    let (tab, facts, events) = try await database.read { connection in
      (
        try store.load(id, tenant: "roastery", locking: false, in: connection),
        try store.facts(of: id, in: connection),
        try EventLog.events(of: id, limit: 10, in: connection)
      )
    }
    #expect(tab?.owed == 70 && tab?.version == 3)
    #expect(facts.map(\.fact) == [.opened(id: id), .added(10), .added(60)])
    #expect(facts.map(\.number) == [1, 2, 3])
    #expect(
      events.map(\.type) == ["tab.created", "tab.updated", "tab.updated", "tab.high"])
    #expect(events.last?.data == #"{"id":"\#(id)","owed":70,"was":10}"#)
    #expect(Set(events.map(\.id)).count == 4)
    #expect(try Tab.folding(facts) == tab)
    let other = try await database.read {
      try store.load(id, tenant: "bakery", locking: false, in: $0)
    }
    #expect(other == nil)
  }

  @Test("a refused fact leaves nothing, and neither does one of a writer that is behind")
  func refusals() async throws {
    let database = try await Tab.database()
    let id = try await open(database, adding: 10)
    let store = store
    await #expect(throws: Tab.Overdrawn()) {
      try await database.write { connection in
        guard var tab = try store.load(id, tenant: nil, in: connection) else { return }
        try store.apply(.added(5), to: &tab, now: Self.time, in: connection)
        try store.apply(.added(91), to: &tab, now: Self.time, in: connection)
      }
    }
    await #expect(throws: RecordVersionConflict(id: id, expected: 2)) {
      try await database.write { connection in
        guard var tab = try store.load(id, tenant: nil, in: connection) else { return }
        var stale = tab
        try store.apply(.added(1), to: &tab, now: Self.time, in: connection)
        try store.apply(.added(2), to: &stale, now: Self.time, in: connection)
      }
    }
    let facts = try await database.read { try store.facts(of: id, in: $0) }
    #expect(facts.count == 2)
  }

  @Test("pages go on behind the last record, in the order of making")
  func pages() async throws {
    let database = try await Tab.database()
    var ids: [String] = []
    // The clock goes back in between.
    for seconds: Int64 in [5, 6, 3, 3, 7] { ids.append(try await open(database, after: seconds)) }
    try await database.settle()
    let store = store
    var found: [String] = []
    while true {
      let after = found.last
      let page = try await database.read {
        try store.page(
          where: [("tenant", "roastery"), ("owed", 0)], after: after, limit: 2, in: $0)
      }
      guard !page.isEmpty else { break }
      found += page.map(\.id)
    }
    #expect(found == ids)
  }

  @Test("facts that no writer can have left make no record")
  func folding() throws {
    func recorded(_ number: Int64, _ fact: Tab.Fact) -> RecordedFact<Tab.Fact> {
      RecordedFact(number: number, time: Self.time, fact: fact)
    }
    #expect(try Tab.folding([RecordedFact<Tab.Fact>]()) == nil)
    #expect(throws: FoldingError.gap(record: "t", expected: 2, found: 3)) {
      try Tab.folding([recorded(1, .opened(id: "t")), recorded(3, .added(1))])
    }
    #expect(throws: FoldingError.idle(record: "t", number: 2)) {
      try Tab.folding([recorded(1, .opened(id: "t")), recorded(2, .added(0))])
    }
    #expect(throws: Tab.Overdrawn()) { try Tab.folding([recorded(1, .added(1))]) }
  }

  @Test("more rows than one transaction takes are made again, beside a writer of one of them")
  func rebuilding() async throws {
    let database = try await Tab.database()
    let store = store
    let ids = try await database.write { connection in
      try (0..<450).map { number in
        let id = "tab_\(1_000 + number)"
        var tab = try store.found(.opened(id: id), now: Self.time, in: connection)
        try store.apply(.added(7), to: &tab, now: Self.time, in: connection)
        return id
      }
    }
    try await database.write { _ = try $0.execute("DELETE FROM tabs WHERE tab_id < 'tab_1400'") }
    try await database.write { connection in
      guard var tab = try store.load("tab_1449", tenant: nil, in: connection) else { return }
      try store.apply(.added(1), to: &tab, now: Self.time, in: connection)
    }
    let report = try await store.rebuild(database, writing: true)
    #expect(report == RebuildReport(records: 450, differing: Array(ids.prefix(400))))
    #expect(
      try await store.rebuild(database, writing: false)
        == RebuildReport(records: 450, differing: []))
    let tab = try await database.read {
      try store.load("tab_1000", tenant: nil, locking: false, in: $0)
    }
    #expect(tab?.owed == 7 && tab?.version == 2)
  }

  @Test("a record with more facts than one page is made again, too")
  func long() async throws {
    let database = try await Tab.database()
    let store = store
    let count: Int64 = 2_500
    try await database.write { connection in
      var tab = try store.found(.opened(id: "tab_1"), now: Self.time, in: connection)
      for number in 1..<count {
        let amount: Int64 = number.isMultiple(of: 2) ? -1 : 1
        try store.apply(.added(amount), to: &tab, now: Self.time, in: connection)
      }
      _ = try store.found(.opened(id: "tab_2"), now: Self.time, in: connection)
      try connection.execute("UPDATE tabs SET owed = 50")
    }
    let both = RebuildReport(records: 2, differing: ["tab_1", "tab_2"])
    #expect(try await store.rebuild(database, writing: false) == both)
    #expect(try await store.rebuild(database, writing: true) == both)
    #expect(
      try await store.rebuild(database, writing: false) == RebuildReport(records: 2, differing: []))
    let tab = try await database.read {
      try store.load("tab_1", tenant: nil, locking: false, in: $0)
    }
    #expect(tab?.owed == 1 && tab?.version == count)
    // A page has its facts and no others.
    let page = try await database.read {
      try store.facts(of: "tab_1", after: 998, limit: 3, in: $0)
    }
    #expect(page.map(\.number) == [999, 1_000, 1_001])
  }
}
