import Database
import GatewayFixtures
import JSON
import LoopbackHTTP
import TestDatabases
import Testing

@Suite("tenants apart inside PostgreSQL, whatever a statement forgets")
struct RowSecurityTests {
  private static let tables = [
    "accounts", "addresses", "address_reservations", "payments", "payment_facts", "events",
    "idempotency_keys", "refunds", "refund_facts", "refund_caps", "ledger_entries",
    "ledger_balances",
  ]
  private static let refund =
    #"{"kind":"full","address":"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"}"#
  private static let (own, other) = (TestGateway.tenant, TestGateway.otherTenant)

  /// Runs `body` on a gateway where each of two tenants has a payment in everything there is.
  private func run(
    _ body: (TestGateway, (own: String, theirs: String)) async throws -> Void
  ) async throws {
    var options = TestGateway.Options()
    options.engine = .postgreSQL
    try await TestGateway.run(options) { gateway in
      let ids = (
        own: try await gateway.made("order-1"),
        theirs: try await gateway.made("order-1", as: Self.other)
      )
      for id in [ids.own, ids.theirs] { try await gateway.chain.look(.init(to: id, 50_000)) }
      for tenant in [Self.own, Self.other] {
        let made = try await gateway.made("order-2", as: tenant)
        try await gateway.chain.mine(.init(to: made, 100_000))
        try await gateway.chain.mineEmpty(5)
        let refund = try await gateway.refund(made, Self.refund, as: tenant).json()["id"]?.string
        let canceled = try await gateway.send(
          "POST", "/v1/refunds/\(try #require(refund))/cancel", as: tenant)
        try #require(canceled.status == 200, "\(canceled.body)")
      }
      try await gateway.sequence()
      try await body(gateway, ids)
    }
  }

  private static func counts(_ connection: any SQLConnection) throws -> [Int64] {
    try tables.map {
      try connection.queryFirst("SELECT COUNT(*) AS n FROM \($0)")?.integer("n") ?? -1
    }
  }

  @Test("a statement without its WHERE reads the tenant's own rows, and for no tenant none")
  func reading() async throws {
    try await run { gateway, ids in
      let database = gateway.database
      let all = try await database.read { try Self.counts($0) }
      let own = try await database.read(as: Self.own) { try Self.counts($0) }
      let theirs = try await database.read(as: Self.other) { try Self.counts($0) }
      for (place, table) in Self.tables.enumerated() {
        #expect(own[place] > 0 && theirs[place] > 0, "\(table)")
        #expect(own[place] + theirs[place] <= all[place], "\(table)")
        // Only chains have events of nobody.
        if table != "events" { #expect(own[place] + theirs[place] == all[place], "\(table)") }
      }
      for tenant in ["", "nobody", "roaster", "roastery "] {
        let none = try await database.read(as: tenant) { try Self.counts($0) }
        #expect(none.allSatisfy { $0 == 0 })
      }
      for table in ["payments", "events", "accounts", "idempotency_keys"] {
        let tenants = try await database.read(as: Self.own) {
          try $0.query("SELECT DISTINCT tenant FROM \(table)").map { try $0.text("tenant") }
        }
        #expect(tenants == [Self.own], "\(table)")
      }
      // Naming what is another's finds nothing either.
      for sql in [
        "SELECT 1 AS n FROM payments WHERE payment_id = $1",
        "SELECT 1 AS n FROM payment_facts WHERE payment_id = $1",
        "SELECT 1 AS n FROM events WHERE subject = $1",
        "SELECT 1 AS n FROM event_subjects WHERE subject = $1",
        "SELECT 1 AS n FROM addresses WHERE payment_id = $1",
      ] {
        let found = try await database.read(as: Self.own) { connection in
          try [ids.own, ids.theirs].map { try !connection.query(sql, [.text($0)]).isEmpty }
        }
        #expect(found == [true, false], "\(sql)")
      }
    }
  }

  @Test("a statement without its WHERE changes and holds the tenant's own rows")
  func changing() async throws {
    try await run { gateway, _ in
      let database = gateway.database
      let payments = try await database.groupedWrite(as: Self.own) { connection in
        let held = try connection.query("SELECT payment_id FROM payments FOR UPDATE").count
        let changed = try connection.execute("UPDATE payments SET updated_at = 7")
        return (held, changed)
      }
      #expect(payments.0 == 2 && payments.1 == 2)
      let touched = try await database.read {
        try $0.query("SELECT DISTINCT tenant FROM payments WHERE updated_at = 7").map {
          try $0.text("tenant")
        }
      }
      #expect(touched == [Self.own])
      let addresses = try await database.groupedWrite(as: Self.own) { connection in
        let all = try connection.query("SELECT ordinal FROM addresses").count
        return (all, try connection.execute("UPDATE addresses SET payment_id = payment_id"))
      }
      #expect(addresses.0 == 8 && addresses.1 == 8)
    }
  }

  @Test("nothing can be written in another tenant's name, or into what isn't a tenant's to write")
  func forbidden() async throws {
    try await run { gateway, ids in
      let columns = """
        order_id, chain, ordinal, confirmations, finality, created_at, expires_at, terms, version,
        status, amount, received, confirmed, deadline_passed, holds_order, updated_at
        """
      let inserts = [
        "INSERT INTO payments (payment_id, tenant, \(columns)) "
          + "SELECT 'pay_x', '\(Self.other)', \(columns) FROM payments LIMIT 1",
        "INSERT INTO payment_facts (payment_id, number, recorded_at, fact) "
          + "VALUES ('\(ids.theirs)', 99, 0, '{}')",
        "INSERT INTO outbox (id, type, subject, sequence, tenant, time, data) "
          + "SELECT sha256('x'), type, 'x', 1, '\(Self.other)', time, data FROM events LIMIT 1",
        "INSERT INTO outbox (id, type, subject, sequence, tenant, time, data) "
          + "SELECT sha256('x'), type, 'x', 1, NULL, time, data FROM events LIMIT 1",
        "INSERT INTO idempotency_keys (tenant, idempotency_key, request_hash, created_at) "
          + "VALUES ('\(Self.other)', 'k', sha256('x'), 0)",
        "INSERT INTO address_reservations SELECT * FROM address_reservations",
        "INSERT INTO refund_caps VALUES ('\(ids.theirs)', 1, 0)",
        "INSERT INTO payment_timers VALUES ('\(ids.theirs)', 0)",
        "INSERT INTO ledger_balances VALUES ('\(Self.other)', 'c', '', 'refunds', 1, 0)",
      ]
      let others = [
        "UPDATE payments SET tenant = '\(Self.other)'", "UPDATE payments SET terms = '{}'",
        "UPDATE addresses SET touched = 1", "UPDATE accounts SET next_index = 0",
        "UPDATE payment_facts SET fact = '{}'", "UPDATE events SET data = '{}'",
        "UPDATE outbox SET data = '{}'", "UPDATE refunds SET amount = 1",
        "UPDATE refunds SET terms = '{}'", "UPDATE ledger_entries SET postings = '[]'",
        "UPDATE event_subjects SET subject = 'x'",
        "UPDATE chains SET halt = NULL", "UPDATE event_positions SET last_position = 0",
        "DELETE FROM transfer_proofs", "TRUNCATE payments",
        "ALTER TABLE payments DISABLE ROW LEVEL SECURITY", "DROP POLICY tenant ON payments",
        "CREATE POLICY all_of_it ON payments USING (true)", "GRANT SELECT ON tenants TO PUBLIC",
        "CREATE TABLE a_table (n BIGINT)",
      ]
      let reads = [
        "SELECT descriptor FROM accounts", "SELECT digest FROM api_keys", "SELECT id FROM tenants",
        "SELECT txid FROM transfers", "SELECT txid FROM transfer_inputs",
        "SELECT hash FROM headers",
        "SELECT number FROM schema_migrations", "SELECT unsigned FROM outgoing",
        "SELECT slot FROM outgoing_slots",
      ]
      let deletes = Self.tables.map { "DELETE FROM \($0)" }
      let before = try await gateway.database.read { try Self.counts($0) }
      for sql in inserts + others + reads + deletes {
        await #expect("\(sql)") {
          try await gateway.database.groupedWrite(as: Self.own) { _ = try $0.query(sql) }
        } throws: { error in
          if case DatabaseError.notPermitted = error { true } else { false }
        }
      }
      #expect(try await gateway.database.read { try Self.counts($0) } == before)
    }
  }

  @Test("the owner is under the policies like everyone: without the pipeline's it sees nothing")
  func forced() async throws {
    struct Undone: Error {}
    try await run { gateway, _ in
      await #expect(throws: Undone.self) {
        try await gateway.database.write { connection in
          let before = try Self.counts(connection)
          #expect(before.allSatisfy { $0 > 0 })
          for table in Self.tables {
            try connection.execute("DROP POLICY pipeline ON \(table)")
          }
          let after = try Self.counts(connection)
          #expect(after.allSatisfy { $0 == 0 })
          throw Undone()
        }
      }
    }
  }

  @Test("a session of the tenants' role that names no tenant sees nothing")
  func unnamed() async throws {
    var options = TestGateway.Options()
    options.engine = .postgreSQL
    try await TestGateway.run(options) { gateway in
      _ = try await gateway.made("order-1")
      let session = try TestStore.open(
        .postgreSQL, gateway.location + "%20-crole%3D\(RowSecurity.tenantRole)")
      let seen = try await session.read { connection in
        let user = try connection.queryFirst("SELECT CAST(current_user AS TEXT) AS name")
        return (try user?.text("name"), try Self.counts(connection))
      }
      #expect(seen.0 == RowSecurity.tenantRole)
      #expect(seen.1.allSatisfy { $0 == 0 })
      try await session.close()
    }
  }
}
