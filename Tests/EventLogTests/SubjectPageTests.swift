import Database
import EventLog
import TestDatabases
import Testing

@Suite("Pages of a few subjects")
struct SubjectPageTests {
  /// Notes how the engine goes about what it is asked, whatever the values are.
  private final class Explaining: SQLConnection {
    private let connection: any SQLConnection
    private(set) var plan: [String] = []

    init(_ connection: any SQLConnection) { self.connection = connection }

    var dialect: SQLDialect { connection.dialect }

    func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
      plan +=
        dialect == .sqlite
        ? try connection.query("EXPLAIN QUERY PLAN " + sql, arguments).map {
          try $0.text("detail")
        } : try explained(sql, arguments)
      return try connection.query(sql, arguments)
    }

    /// As sessions plan it once they have met a statement often enough.
    private func explained(_ sql: String, _ arguments: [SQLValue]) throws -> [String] {
      _ = try execute("SET LOCAL plan_cache_mode = force_generic_plan", [])
      // Connections leave preparing to the adapter, which counts parameters.
      func prepare(_ text: String) throws {
        let hidden = text.replacing("$", with: "§")
        _ = try execute(
          "DO $do$ BEGIN EXECUTE replace($text$\(hidden)$text$, '§', '$'); END $do$", [])
      }
      try prepare("PREPARE explained AS \(sql)")
      defer { try? prepare("DEALLOCATE explained") }
      let values = arguments.map { value in
        switch value {
        case .integer(let number): "\(number)"
        case .text(let text): "'\(text)'"
        default: "NULL"
        }
      }
      let execution =
        values.isEmpty ? "explained" : "explained(\(values.joined(separator: ", ")))"
      return try connection.query("EXPLAIN EXECUTE \(execution)", []).map {
        try $0.text("QUERY PLAN")
      }
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
    let database = try await EventFixtures.database()
    // PostgreSQL weighs what a log holds: a subject has a few events, the tenant all of them.
    try await database.write { connection in
      for number in 0..<(connection.dialect == .postgreSQL ? 2_000 : 1) {
        let drafts = (0..<4).map { EventFixtures.draft("x.y\($0)", "s\(number)", tenant: "shop") }
        _ = try EventLog.append(drafts, in: connection)
      }
    }
    try await Sequencer(database: database).step()
    try await database.write { connection in
      if connection.dialect == .postgreSQL { try connection.execute("ANALYZE events", []) }
    }
    let plan = try await database.write { connection in
      let explaining = Explaining(connection)
      _ = try EventLog.page(
        of: ["ord_1", "pay_1"], tenant: "shop", after: 0, limit: 20, in: explaining)
      return explaining.plan
    }
    // PostgreSQL's partitions have indexes of their own, named after columns.
    let used = { (names: [String]) in plan.contains { line in names.contains(where: line.contains) }
    }
    #expect(used(["events_by_subject", "subject_sequence"]), "\(plan)")
    #expect(!used(["events_by_tenant", "tenant_position", "pkey on events_through"]), "\(plan)")
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
