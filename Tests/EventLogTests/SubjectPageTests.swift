import Database
import EventLog
import TestDatabases
import Testing

@Suite("Pages of a few subjects")
struct SubjectPageTests {
  @Test("hold what the subjects have, in the log's order, of the tenant alone")
  func page() async throws {
    let database = try await EventFixtures.database()
    try await database.write { connection in
      for (subject, tenant) in [
        ("a", "shop"), ("b", "shop"), ("c", "shop"), ("a", "shop"), ("d", "other"), ("b", "shop"),
      ] {
        _ = try EventLog.append(
          [EventFixtures.draft("x.y", subject, tenant: tenant)], in: connection)
      }
    }
    try await Sequencer(database: database).step()
    let (first, rest, others) = try await database.read { connection in
      func page(_ subjects: [String], after: Int64, limit: Int) throws -> EventPage {
        try EventLog.page(
          of: subjects, tenant: "shop", after: after, limit: limit, in: connection)
      }
      return (
        try page(["a", "b"], after: 0, limit: 3), try page(["a", "b"], after: 4, limit: 3),
        try page(["d"], after: 0, limit: 3)
      )
    }
    #expect(first.events.map(\.position) == [1, 2, 4])
    #expect(first.through == 4 && first.hasMore)
    #expect(rest.events.map(\.position) == [6])
    #expect(rest.through == 6 && !rest.hasMore)
    #expect(others.events.isEmpty && others.through == 6)
  }
}
