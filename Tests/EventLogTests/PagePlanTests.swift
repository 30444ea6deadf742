import Database
import EventLog
import TestDatabases
import Testing

@Suite("How the engines find a page's events")
struct PagePlanTests {
  /// The steps of what `read` asks of a log with many events of one tenant.
  private func plan(
    _ read: @escaping @Sendable (any SQLConnection) throws -> Void
  ) async throws -> [String] {
    let database = try await EventFixtures.database()
    // PostgreSQL weighs what a log holds: a subject has a few events, the tenant all of them.
    let subjects = database.dialect == .postgreSQL ? 2_000 : 1
    try await database.write { connection in
      for number in 0..<subjects {
        let drafts = (0..<4).map {
          EventFixtures.draft("x.y\((4 * number + $0) % 33)", "s\(number)", tenant: "shop")
        }
        _ = try EventLog.append(drafts, in: connection)
      }
    }
    try await Sequencer(database: database, batchLimit: 4 * subjects).step()
    return try await database.write { connection in
      if connection.dialect == .postgreSQL { try connection.execute("ANALYZE events", []) }
      let explaining = Explaining(connection)
      try read(explaining)
      return explaining.plan
    }
  }

  @Test("those of a few subjects by the subjects, not by looking through what the tenant has")
  func subjects() async throws {
    let plan = try await plan {
      _ = try EventLog.page(of: ["ord_1", "pay_1"], tenant: "shop", after: 0, limit: 20, in: $0)
    }
    // PostgreSQL's partitions have indexes of their own, named after columns.
    let used = { (names: [String]) in plan.contains { line in names.contains(where: line.contains) }
    }
    #expect(used(["events_by_subject", "subject_sequence"]), "\(plan)")
    #expect(!used(["events_by_tenant", "tenant_position", "pkey on events_through"]), "\(plan)")
  }

  @Test("those of a few types in the tenant's index, without reading the others")
  func types() async throws {
    let plan = try await plan {
      _ = try EventLog.page(
        after: 0, limit: 20, filter: EventFilter(tenant: "shop", types: ["x.never"]), in: $0)
    }
    let wanted = plan.filter { line in
      line.contains("events_by_tenant (tenant=? AND position>? AND position<?)")
        || line.contains("Index Cond") && line.contains("type = ")
    }
    #expect(wanted.count == 1, "\(plan)")
    #expect(!plan.contains { $0.contains("Filter") }, "\(plan)")
  }
}
