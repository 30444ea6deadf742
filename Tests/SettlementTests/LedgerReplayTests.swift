import Bytes
import ChainTracking
import ChainTypes
import Database
import EventLog
import Payments
import Settlement
import TestDatabases
import Testing
import Watching

@Suite("Replaying refunds and the ledger")
struct LedgerReplayTests {
  /// A payment that was settled with a surplus, which went back to the payer and is final.
  private func world(drained: Bool = true) async throws -> World {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(
      .init(transaction: "t", ordinal: payment.terms.ordinal, value: 130_000),
      .init(transaction: "stray", ordinal: 4, value: 7_000))
    try await world.mineEmpty(5)
    let outgoing = try await Self.refund(world, payment)
    try await world.advance(
      [[], [], [], [], [], []],
      spending: [(txid: World.hash("out 1"), slots: outgoing.slots)])
    if drained { try await Sequencer(database: world.database).drain() }
    return world
  }

  private static func refund(
    _ world: World, _ payment: Payment
  ) async throws -> OutgoingTransaction {
    let service = RefundService(specs: [world.spec], policies: [World.tenant: world.policy])
    let (now, chain) = (world.now, world.spec.name)
    let request = RefundRequest(
      payment: payment.terms.id, kind: .overpayment, amount: nil,
      address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", requestedBy: "shop")
    return try await world.database.write { connection in
      let refund = try service.request(
        request, tenant: World.tenant, now: now, random: (1, 1), in: connection)
      let payouts = [
        OutgoingTransaction.Payout(
          refund: refund.terms.id, address: refund.terms.address, contract: nil,
          amount: refund.terms.amount)
      ]
      let outgoing = OutgoingTransaction(
        id: "out_1", tenant: World.tenant, chain: chain, purpose: .refund,
        slots: [.outpoint(Outpoint(txid: World.hash("t"), vout: 0))], replaces: nil,
        payouts: payouts, maximumFee: 500, unsigned: World.psbt(paying: payouts), keyPath: nil,
        createdAt: now,
        txid: World.hash("out 1"))
      try OutgoingService.record(outgoing, now: now, in: connection)
      return outgoing
    }
  }

  @Test("what was paid, sent back and settled is what facts and tables make, and is counted")
  func whole() async throws {
    let world = try await world()
    let report = try await world.database.read { try ReplayCheck.report(in: $0) }
    #expect(report.differences == [])
    #expect(report.payments == 1)
    #expect(report.refunds == 1)
    // Two transfers, the settled payment, and the transaction that sent money back.
    #expect(report.entries == 4)
  }

  @Test("a reorganisation leaves reversals that mirror what they take back")
  func reorganised() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    let output = World.Output(transaction: "t", ordinal: payment.terms.ordinal, value: 100_000)
    try await world.mine(output)
    try await world.advance(leaving: 1, [[], [output]], label: "b")
    try await world.advance(leaving: 1, [[], []], label: "c")
    let kinds = try await world.rows("SELECT kind FROM ledger_entries ORDER BY number")
    #expect(kinds.count == 4)
    #expect(try await world.differences() == [])
  }

  @Test(
    "whatever is changed of a refund by another hand is found",
    arguments: [
      "UPDATE refunds SET status = 'built'",
      "UPDATE refunds SET amount = '1'",
      "UPDATE refunds SET version = 7",
      "UPDATE refunds SET tenant = 'thief'",
      "UPDATE refunds SET not_before = 1",
      "UPDATE refunds SET updated_at = 1",
      "UPDATE refunds SET terms = replace(terms, '30000', '30001')",
      "UPDATE refunds SET terms = replace(terms, 'bcrt1qw508', 'bcrt1qw509')",
      "DELETE FROM refund_facts WHERE number > 1",
      "UPDATE refund_facts SET recorded_at = 1",
      "UPDATE refund_facts SET fact = replace(fact, 'out_1', 'out_2')",
      "UPDATE refund_caps SET taken = '29999'",
      "UPDATE refund_caps SET receipts = '130001'",
      "DELETE FROM refund_caps",
      "UPDATE events SET data = '{}' WHERE type = 'refund.final'",
      "UPDATE events SET time = 1 WHERE type = 'refund.requested'",
      "DELETE FROM events WHERE type = 'refund.final'",
    ])
  func tamperedRefund(statement: String) async throws {
    let world = try await world()
    #expect(try await world.differences() == [])
    try await world.write(statement)
    #expect(try await world.differences() != [])
  }

  @Test(
    "whatever is changed of the ledger, or of what it tells of, is found",
    arguments: [
      "UPDATE ledger_balances SET debit = '1' WHERE account = 'treasury'",
      "UPDATE ledger_balances SET credit = '1' WHERE account = 'received'",
      "UPDATE ledger_balances SET tenant = 'thief' WHERE account = 'treasury'",
      "DELETE FROM ledger_balances WHERE account = 'fees'",
      "UPDATE transfers SET value = '7001' WHERE value = '7000'",
      "UPDATE transfers SET state = 'dropped' WHERE value = '7000'",
      "UPDATE transfers SET ordinal = 1 WHERE value = '7000'",
      "DELETE FROM transfers WHERE value = '7000'",
      "UPDATE outgoing SET fee = '501'",
      "UPDATE outgoing SET payouts = replace(payouts, '30000', '30001')",
      "UPDATE outgoing SET succeeded = 0",
      "UPDATE outgoing SET block_hash = NULL",
      "UPDATE outgoing SET tenant = 'thief'",
    ])
  func tamperedLedger(statement: String) async throws {
    let world = try await world()
    try await world.write(statement)
    #expect(try await world.differences() != [])
  }

  @Test(
    "an entry that was slipped in is found, whatever it is of",
    arguments: [
      // A second booking of what stands, with a matching reversal of nothing.
      (
        "bitcoin-regtest/x/0", 1, "booked", #"[{"account":"treasury","amount":"5","side":"debit"}]"#
      ),
      ("pay_thief", 1, "reversed", #"[]"#), ("out_1", 3, "reversed", "[]"),
      (
        "out_1", 2, "booked",
        #"[{"account":"fees","amount":"5","side":"debit"},{"account":"treasury","amount":"5","side":"credit"}]"#
      ),
    ])
  func slippedIn(subject: String, number: Int, kind: String, postings: String) async throws {
    let world = try await world()
    try await world.write(
      """
      INSERT INTO ledger_entries
        (subject, chain, contract, number, tenant, kind, postings, recorded_at)
      VALUES ('\(subject)', 'bitcoin-regtest', '', \(number), 'roastery', '\(kind)', '\(postings)',
        1)
      """)
    #expect(try await world.differences() != [])
  }

  @Test(
    "an outgoing transaction that isn't what its bytes and refunds say is found",
    arguments: [
      ("UPDATE outgoing SET payouts = replace(payouts, '30000', '29999')", "its outputs aren't"),
      ("UPDATE outgoing SET unsigned = ''", "no PSBT is recorded"),
      (
        """
        INSERT INTO outgoing SELECT 'out_2', tenant, chain, purpose, replaces, payouts, maximum_fee,
          unsigned, key_path, created_at, status, version, raw, NULL, block_height, block_hash,
          succeeded, fee, sent_at, note, updated_at, tokens_left, tokens_arrived FROM outgoing
        """, "which out_1 has paid"
      ),
      (
        "UPDATE refund_facts SET fact = '{\"canceled\":{\"by\":\"x\"}}' WHERE number = 1",
        "can't be applied"
      ),
    ])
  func outgoing(statement: String, reason: String) async throws {
    let world = try await world()
    #expect(try await world.differences() == [])
    try await world.write(statement)
    let differences = try await world.differences()
    #expect(differences.contains { $0.contains(reason) }, "\(differences)")
  }

  @Test("what was never booked is found")
  func missing() async throws {
    let world = try await world()
    try await world.write(
      """
      INSERT INTO incomes (chain, block_height, ordinal, source, family, block_hash, value,
        booked_at)
      SELECT 'bitcoin-regtest', 1001, 1, 'fees', 'bitcoin', hash, '9', 1 FROM headers
      WHERE height = 1001
      """)
    #expect(
      try await world.differences() == [
        "income:bitcoin-regtest/1001/1/fees: nothing of it is booked"
      ])
  }
}
