import Database
import Foundation
import LocalServers
import PostgreSQL
import TestDatabases
import TestSupport
import Testing

@Suite("PostgreSQL's roles for tenants")
struct TenantRoleTests {
  struct Refusal: Error {}

  /// A database whose groups run one at a time, with a table of tenants' notes.
  private func database() async throws -> TestDatabase {
    var options = TestStore.Options()
    options.isSerial = true
    let database = try await TestDatabase(.postgreSQL, options)
    try await database.write { connection in
      let statements =
        RowSecurity.roles(.postgreSQL)
        + ["CREATE TABLE notes (tenant TEXT, n BIGINT PRIMARY KEY)"]
        + RowSecurity.protect(
          "notes", rows: "tenant = \(RowSecurity.currentTenant)", granting: "SELECT, INSERT")
      for statement in statements { try connection.execute(statement) }
    }
    return database
  }

  private static func insert(
    _ number: Int64, of tenant: String, in connection: any SQLConnection
  ) throws {
    try connection.submit("INSERT INTO notes VALUES ($1, $2)", [.text(tenant), .integer(number)])
  }

  private static func notes(_ connection: any SQLConnection) throws -> [Int64] {
    try connection.query("SELECT n FROM notes ORDER BY n").map { try $0.integer("n") }
  }

  @Test("members of one commit see and make their own tenants' rows, and nobody's sees all")
  func group() async throws {
    let database = try await database()
    let seen = Shared<[Int: [Int64]]>([:])
    let errors = try await database.gather(5) { number, connection in
      let tenant: String? = [0: "a", 1: "b", 3: "a"][number]
      if let tenant {
        try connection.actAs(tenant: tenant)
        try Self.insert(Int64(number), of: tenant, in: connection)
      }
      let notes = try Self.notes(connection)
      seen.withLock { $0[number] = notes }
    }
    #expect(errors.allSatisfy { $0 == nil })
    #expect(
      seen.withLock { $0 } == [0: [0], 1: [1], 2: [0, 1], 3: [0, 3], 4: [0, 1, 3]])
  }

  @Test("members stay apart where one of a tenant fails", arguments: [true, false])
  func failures(isServers: Bool) async throws {
    let database = try await database()
    let seen = Shared<[Int: [Int64]]>([:])
    let errors = try await database.gather(7) { number, connection in
      let tenant: String? = [0: "a", 1: "b", 2: "a", 4: "a", 5: "b"][number]
      if let tenant { try connection.actAs(tenant: tenant) }
      if number == 2 || number == 5 {
        try Self.insert(Int64(number), of: tenant ?? "", in: connection)
        if isServers {
          // What is submitted fails when the next one is waited for.
          try Self.insert(100, of: "another", in: connection)
        } else {
          throw DatabaseError.closed
        }
      } else {
        // The pipeline writes what it likes.
        try Self.insert(Int64(number), of: tenant ?? "anyone", in: connection)
      }
      let notes = try Self.notes(connection)
      seen.withLock { $0[number] = notes }
    }
    for (number, error) in errors.enumerated() {
      switch error {
      case nil: #expect(number != 2 && number != 5)
      case .notPermitted: #expect(isServers && (number == 2 || number == 5))
      case .closed: #expect(!isServers && (number == 2 || number == 5))
      default: Issue.record("\(number): \(String(describing: error))")
      }
    }
    #expect(
      seen.withLock { $0 } == [0: [0], 1: [1], 3: [0, 1, 3], 4: [0, 4], 6: [0, 1, 3, 4, 6]])
    #expect(try await database.read { try Self.notes($0) } == [0, 1, 3, 4, 6])
  }

  @Test("a transaction's tenant ends with it, however it ends")
  func ends() async throws {
    let database = try await database()
    try await database.groupedWrite(as: "a") { try Self.insert(1, of: "a", in: $0) }
    try await database.groupedWrite(as: "b") { try Self.insert(2, of: "b", in: $0) }
    #expect(try await database.read(as: "a") { try Self.notes($0) } == [1])
    #expect(try await database.read { try Self.notes($0) } == [1, 2])
    await #expect(throws: Refusal.self) {
      try await database.write { connection in
        try connection.actAs(tenant: "a")
        _ = try Self.notes(connection)
        throw Refusal()
      }
    }
    #expect(try await database.write { try Self.notes($0) } == [1, 2])
    #expect(try await database.read(as: "nobody") { try Self.notes($0) } == [])
    #expect(try await database.read(as: "") { try Self.notes($0) } == [])
  }

  @Test(
    "a body can't become anyone else by itself",
    arguments: [
      "SET ROLE none", "RESET ROLE", "SET LOCAL ROLE none", "set local \"role\" = 'none'",
      "SET LOCAL SESSION AUTHORIZATION DEFAULT", "SET LOCAL paywatch.tenant = 'b'",
      "RESET ALL", "SELECT set_config('role', 'none', true)",
      "SELECT pg_catalog.\"set_config\"('paywatch.tenant', 'b', true)",
      "SELECT set_config('role', $1, true), set_config('paywatch.tenant', $2, true)",
    ])
  func refusals(_ sql: String) async throws {
    let database = try await database()
    await #expect(throws: DatabaseError.transactionControl(sql: sql)) {
      try await database.groupedWrite(as: "a") { connection in
        _ = try Self.notes(connection)
        _ = try connection.query(sql)
      }
    }
  }

  @Test("a login that may not make roles is told what an administrator must run, and then goes on")
  func powerless() async throws {
    let server = try await PostgresServer.shared
    let name = "powerless_" + UUID().uuidString.lowercased().prefix(8)
    try await server.run("CREATE ROLE \(name) LOGIN PASSWORD '\(server.password)'")
    let uri = try await server.makeDatabase(name, owner: name)
    let database = PostgresDatabase(options: PostgresOptions(connection: uri))
    let prepare: @Sendable () async throws -> Void = {
      try await database.write { connection in
        for statement in RowSecurity.roles(.postgreSQL) { try connection.execute(statement) }
      }
    }
    let error = await #expect(throws: DatabaseError.self) { try await prepare() }
    guard case .notPermitted(let message) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(message.contains("GRANT paywatch_pipeline, paywatch_tenant TO \(name)"))
    // Other tests' databases may have made them already.
    let roles = try await server.run(
      "SELECT count(*) FROM pg_roles WHERE rolname IN ('paywatch_pipeline', 'paywatch_tenant')")
    if !roles.hasPrefix("2") { _ = try await self.database() }
    try await server.run("GRANT paywatch_pipeline, paywatch_tenant TO \(name)")
    try await prepare()
    let warning = try await database.read { try RowSecurity.warning(in: $0) }
    #expect(warning == nil)
    try await database.close()
    try await server.dropDatabase(name)
  }

  @Test("databases of one cluster that make the roles at once all get them")
  func races() async throws {
    let directory = try TemporaryDirectory()
    let server = try await PostgresServer.start(directory: directory.path("server"))
    var databases: [PostgresDatabase] = []
    for number in 0..<6 {
      let uri = try await server.makeDatabase("d\(number)", owner: "paywatch")
      databases.append(PostgresDatabase(options: PostgresOptions(connection: uri)))
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for database in databases {
        group.addTask {
          let migration = Migration(
            number: 1, name: "roles", statements: { RowSecurity.roles($0) })
          let applied = try await Migrator.migrate(database, [migration])
          #expect(applied == 1)
        }
      }
      try await group.waitForAll()
    }
    for database in databases {
      let user = try await database.read(as: "a") {
        try $0.queryFirst("SELECT CAST(current_user AS TEXT) AS name")?.text("name")
      }
      #expect(user == RowSecurity.tenantRole)
      try await database.close()
    }
    await server.stop()
  }

  @Test("a superuser's login is warned of")
  func superuser() async throws {
    let server = try await PostgresServer.shared
    var options = PostgresOptions(connection: server.uri(database: "postgres"))
    options.poolSize = 1
    let database = PostgresDatabase(options: options)
    let warning = try await database.read { try RowSecurity.warning(in: $0) }
    #expect(warning?.contains("postgres is a superuser") == true)
    try await database.close()
    let ordinary = try await TestDatabase(.postgreSQL)
    let none = try await ordinary.read { try RowSecurity.warning(in: $0) }
    #expect(none == nil)
  }
}
