import Bytes
import ChainTypes
import Database
import EventLog
import Payments
import Settlement
import TestDatabases
import Testing
import Watching

@Suite("Replaying settlement")
struct SettlementReplayTests {
  @Test("whatever happens, every payment is what its facts make", arguments: 1...25)
  func random(seed: UInt64) async throws {
    let world = try await RandomLife.world(seed: seed)
    #expect(try await world.differences() == [], "seed \(seed)")
  }

  @Test("the same acts on a fresh database give the same rows and event ids", arguments: 1...6)
  func deterministic(seed: UInt64) async throws {
    let world = try await RandomLife.world(seed: seed)
    let again = try await World.make(
      policy: world.policy, ready: 40, watching: false, finality: 4)
    try await again.repeating(world.acts)
    #expect(try await again.allEvents() == world.allEvents(), "seed \(seed)")
    for table in [
      "accounts", "addresses", "payments", "payment_facts", "chains", "headers", "coverage",
      "transfers", "transfer_inputs",
    ] {
      // PostgreSQL numbers its transactions by itself.
      let columns =
        table == "payments" && world.database.dialect == .postgreSQL
        ? "CAST(TO_JSONB(payments) - 'transaction_id' AS TEXT)" : "*"
      let sql = "SELECT \(columns) FROM \(table)"
      #expect(
        try await again.rows(sql).sorted() == world.rows(sql).sorted(), "seed \(seed), \(table)")
    }
  }

  @Test("a database that is opened again is the same world")
  func reopened() async throws {
    let store = try await TestStore()
    defer { withExtendedLifetime(store) {} }
    let world = try await World.make(in: store)
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(World.Output(transaction: "t", ordinal: 1, value: 100_000))
    let before = try await world.payment(payment)
    try await world.database.close()
    let database = try await World.database(in: store)
    let id = payment.terms.id
    let (after, differences) = try await database.read {
      (try PaymentRecords.load(id, locking: false, in: $0), try ReplayCheck.differences(in: $0))
    }
    #expect(after == before)
    #expect(differences == [])
    try await database.close()
  }

  @Test(
    "whatever is changed by another hand is found",
    arguments: [
      "UPDATE payments SET status = 'paid'",
      "UPDATE payments SET received = '1'",
      "UPDATE payments SET confirmed = '1'",
      "UPDATE payments SET version = 7",
      "UPDATE payments SET holds_order = 0",
      "UPDATE payments SET deadline_passed = 1",
      "UPDATE payments SET updated_at = 1",
      "UPDATE payments SET amount = '1'",
      "UPDATE payments SET tenant = 'thief'",
      "UPDATE payments SET expires_at = 1",
      "UPDATE payments SET terms = replace(terms, '100000', '100001')",
      "UPDATE payments SET terms = replace(terms, ',', ', ')",
      "DELETE FROM payment_facts",
      "UPDATE payment_facts SET fact = replace(fact, '100000', '99999')",
      "UPDATE payment_facts SET recorded_at = 1",
      "UPDATE payment_facts SET number = 2",
      "UPDATE transfers SET state = 'dropped'",
      "UPDATE transfers SET value = '1'",
      "UPDATE transfers SET first_seen = 1",
      "DELETE FROM transfers",
      "UPDATE addresses SET address = 'bcrt1qthief' WHERE payment_id IS NOT NULL",
      "UPDATE addresses SET payment_id = NULL",
      "DELETE FROM events WHERE sequence = 2 AND type LIKE 'payment%'",
      "DELETE FROM events WHERE sequence = 1 AND type LIKE 'payment%'",
      "UPDATE events SET data = '{}' WHERE type LIKE 'payment%'",
      "UPDATE events SET type = 'payment.paid' WHERE type = 'payment.processing'",
      "UPDATE events SET time = 1 WHERE type LIKE 'payment%'",
      "UPDATE events SET tenant = NULL WHERE type LIKE 'payment%'",
      "INSERT INTO outbox (id, type, subject, sequence, time, data) SELECT parent, "
        + "'payment.paid', payment_id, 3, 1, '{}' FROM payments, headers WHERE height = 1000",
    ])
  func tampering(statement: String) async throws {
    let world = try await World.make()
    try await world.create(world.request("order-1"))
    try await world.mine(World.Output(transaction: "t", ordinal: 1, value: 100_000))
    #expect(try await world.differences() == [])
    try await Sequencer(database: world.database).drain()
    try await world.write(statement)
    #expect(try await world.differences() != [])
  }

  @Test("a payment with dozens of facts is checked and read")
  func manyFacts() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1", 1_000_000))
    for number in 0..<80 {
      try await world.mine(
        World.Output(transaction: "t\(number)", ordinal: 1, value: 1_000))
    }
    #expect(try await world.payment(payment).received == 80_000)
    #expect(try await world.payment(payment).version == 80)
    #expect(try await world.differences() == [])
  }
}
