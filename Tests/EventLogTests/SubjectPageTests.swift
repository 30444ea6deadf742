import Database
import EventLog
import TestDatabases
import Testing

@Suite("Pages of a few subjects")
struct SubjectPageTests {
  /// Notes how SQLite goes about what it is asked.
  private final class Explaining: SQLConnection {
    private let connection: any SQLConnection
    private(set) var plan: [String] = []

    init(_ connection: any SQLConnection) { self.connection = connection }

    var dialect: SQLDialect { connection.dialect }

    func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
      plan += try connection.query("EXPLAIN QUERY PLAN " + sql, arguments).map {
        try $0.text("detail")
      }
      return try connection.query(sql, arguments)
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
      try connection.execute(sql, arguments)
    }

    func submit(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws {
      try connection.submit(sql, arguments, changing: count)
    }

    func submit(_ row: [SQLValue], of statement: RowStatement) throws {
      try connection.submit(row, of: statement)
    }

    func actAs(tenant: String) throws { try connection.actAs(tenant: tenant) }
  }

  @Test("are found by the subjects, not by looking through what the tenant has")
  func plan() async throws {
    let database = try await EventFixtures.database(on: .sqlite)
    let plan = try await database.read { connection in
      let explaining = Explaining(connection)
      _ = try EventLog.page(
        of: ["ord_1", "pay_1"], tenant: "shop", after: 0, limit: 20, in: explaining)
      return explaining.plan
    }
    #expect(plan.contains { $0.contains("events_by_subject") }, "\(plan)")
    #expect(!plan.contains { $0.contains("events_by_tenant") }, "\(plan)")
  }

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
