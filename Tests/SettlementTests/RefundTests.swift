import Addresses
import Bytes
import ChainTracking
import ChainTypes
import Database
import Leases
import Payments
import Settlement
import TestDatabases
import Testing
import Watching

@Suite("Refunds and the ledger in the database")
struct RefundTests {
  private static let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
  private static let other = "bcrt1qs758ursh4q9z627kt3pp5yysm78ddny6txaqgw"

  /// A payment of 100,000 that got `value`, final.
  private func paid(
    _ value: UInt256 = 130_000, policy: TenantPolicy = TenantPolicy(), final: Bool = true
  ) async throws -> (World, Payment) {
    let world = try await World.make(policy: policy)
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(
      .init(transaction: "t", ordinal: payment.terms.ordinal, value: value))
    try await world.mineEmpty(final ? 5 : 2)
    return (world, payment)
  }

  private func service(_ world: World) -> RefundService {
    RefundService(specs: [world.spec], policies: [World.tenant: world.policy])
  }

  @discardableResult
  private func request(
    _ world: World, _ payment: Payment, _ kind: RefundTerms.Kind = .full, _ amount: UInt256? = nil,
    to address: String? = RefundTests.address, number: UInt64 = 1
  ) async throws -> Refund {
    let (service, now) = (service(world), world.now)
    let request = RefundRequest(
      payment: payment.terms.id, kind: kind, amount: amount, address: address, requestedBy: "shop")
    return try await world.database.write {
      try service.request(
        request, tenant: World.tenant, now: now, random: (number, number), in: $0)
    }
  }

  /// A transaction that pays the refund out of the payment's coin, with change.
  private func build(
    _ world: World, _ refund: Refund, number: Int = 1, replaces: String? = nil
  ) async throws -> OutgoingTransaction {
    let now = world.now
    let payouts = [
      OutgoingTransaction.Payout(
        refund: refund.terms.id, address: refund.terms.address, contract: nil,
        amount: refund.terms.amount)
    ]
    let transaction = OutgoingTransaction(
      id: "out_\(number)", tenant: World.tenant, chain: world.spec.name, purpose: .refund,
      slots: [.outpoint(Outpoint(txid: World.hash("t"), vout: 0))], replaces: replaces,
      payouts: payouts, maximumFee: 500, unsigned: World.psbt(paying: payouts), keyPath: nil,
      createdAt: now, raw: nil,
      txid: World.hash("out \(number)"))
    try await world.database.write { connection in
      try OutgoingService.record(transaction, now: now, in: connection)
    }
    return transaction
  }

  private func status(_ world: World, _ refund: Refund) async throws -> RefundStatus? {
    let (service, id) = (service(world), refund.terms.id)
    return try await world.database.read {
      try service.refund(id, tenant: World.tenant, in: $0)?.status
    }
  }

  /// What each account has, debits less credits.
  private func ledger(_ world: World) async throws -> [LedgerAccount: Int] {
    let balances = try await world.database.read { try LedgerRecords.balances(in: $0) }
    var sums: [LedgerAccount: Int] = [:]
    for balance in balances {
      sums[balance.account, default: 0] +=
        (Int(balance.debit.decimal) ?? 0) - (Int(balance.credit.decimal) ?? 0)
    }
    #expect(sums.values.reduce(0, +) == 0)
    return sums.filter { $0.value != 0 }
  }

  // MARK: Caps

  @Test("money that isn't final can't be sent back")
  func beforeFinality() async throws {
    let (world, payment) = try await paid(final: false)
    #expect(try await world.status(payment) == .paid)
    await #expect(throws: RefundRefusal.nothingToRefund) {
      try await request(world, payment)
    }
    await #expect(throws: RefundRefusal.exceedsReceipts(1_000, left: 0)) {
      try await request(world, payment, .partial, 1_000)
    }
    #expect(try await world.count("refunds") == 0)
  }

  @Test("of many refunds of all at once one is made")
  func concurrent() async throws {
    let (world, payment) = try await paid()
    let (database, service, now) = (world.database, service(world), world.now)
    let request = RefundRequest(
      payment: payment.terms.id, kind: .full, address: Self.address, requestedBy: "shop")
    let made = await withTaskGroup(of: Bool.self) { group in
      for number in 1...12 {
        group.addTask {
          let refund = try? await database.write {
            try service.request(
              request, tenant: World.tenant, now: now, random: (UInt64(number), 1), in: $0)
          }
          return refund != nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(made == 1)
    #expect(try await world.count("refunds") == 1)
    #expect(try await world.payment(payment).refundable == 0)
  }

  @Test("the database itself refuses refunds above what was received")
  func capInDatabase() async throws {
    let (world, payment) = try await paid()
    try await request(world, payment, .partial, 30_000)
    await #expect(throws: DatabaseError.self) {
      try await world.write("UPDATE refund_caps SET taken = '130001'")
    }
    await #expect(throws: DatabaseError.self) {
      try await world.write("UPDATE refund_caps SET receipts = '29999'")
    }
    try await world.write("UPDATE refund_caps SET taken = '130000'")
  }

  @Test("an overpayment is sent back without what was due")
  func overpayment() async throws {
    let (world, payment) = try await paid()
    let refund = try await request(world, payment, .overpayment)
    #expect(refund.terms.amount == 30_000)
    await #expect(throws: RefundRefusal.nothingToRefund) {
      try await request(world, payment, .overpayment, number: 2)
    }
    #expect(try await world.events(refund.terms.id) == ["refund.requested", "refund.approved"])
  }

  @Test("addresses of other chains, and none at all, are refused with the reason")
  func addresses() async throws {
    let (world, payment) = try await paid()
    await #expect(throws: RefundRefusal.noAddress) { try await request(world, payment, to: nil) }
    // BIP-0340's test vector 5: no point of the curve has this x, so nobody could sign for it.
    let nobody = BitcoinAddress(
      .p2tr(try Hash32(hex: "eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34")),
      network: .regtest)
    // What goes to an address of ours goes back to nobody.
    let refused = [
      "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", nobody.text, "0x00", "", payment.terms.address,
    ]
    for address in refused {
      let error = await #expect(throws: RefundRefusal.self) {
        try await request(world, payment, to: address)
      }
      guard case .invalidAddress = error else {
        Issue.record("\(address): \(String(describing: error))")
        continue
      }
    }
  }

  @Test("another address than the first cools down")
  func cooldown() async throws {
    let (world, payment) = try await paid()
    let first = try await request(world, payment, .partial, 10_000)
    #expect(first.terms.notBefore == world.now)
    let second = try await request(
      world, payment, .partial, 10_000, to: Self.other, number: 2)
    #expect(second.terms.notBefore == world.now.adding(seconds: 86_400))
    #expect(!second.isBuildable(at: world.now.adding(seconds: 86_399)))
  }

  @Test("above an amount another person must approve")
  func fourEyes() async throws {
    var policy = TenantPolicy()
    policy.refunds.fourEyesAbove[.btc] = 20_000
    let (world, payment) = try await paid(policy: policy)
    let small = try await request(world, payment, .partial, 20_000)
    #expect(small.status == .approved)
    let large = try await request(world, payment, .partial, 20_001, number: 2)
    #expect(large.status == .requested)
    let (service, now) = (service(world), world.now)
    await #expect(throws: RefundRefusal.sameApprover("shop")) {
      try await world.database.write {
        _ = try service.decide(
          .approved(by: "shop"), on: large.terms.id, tenant: nil, now: now, in: $0)
      }
    }
    try await world.database.write {
      _ = try service.decide(
        .approved(by: "ann"), on: large.terms.id, tenant: nil, now: now, in: $0)
    }
    #expect(try await status(world, large) == .approved)
  }

  // MARK: Transactions

  @Test("a refund's transaction is followed to final, and the ledger with it")
  func paidOut() async throws {
    let (world, payment) = try await paid()
    #expect(
      try await ledger(world) == [.treasury: 130_000, .receivable: -100_000, .overpaid: -30_000])
    let refund = try await request(world, payment, .overpayment)
    let transaction = try await build(world, refund)
    #expect(try await status(world, refund) == .built)
    let spend = (txid: World.hash("out 1"), slots: transaction.slots)
    try await world.advance([[]], spending: [spend])
    #expect(
      try await ledger(world) == [
        .treasury: 99_500, .receivable: -100_000, .overpaid: -30_000, .refunds: 30_000,
        .fees: 500,
      ])
    try await world.mineEmpty(1)
    #expect(try await status(world, refund) == .confirmed)
    try await world.mineEmpty(4)
    #expect(try await status(world, refund) == .final)
    #expect(try await world.payment(payment).refundProgress == .partial)
    #expect(
      try await world.events(refund.terms.id) == [
        "refund.requested", "refund.approved", "refund.built", "refund.signed",
        "refund.broadcast", "refund.confirmed", "refund.final",
      ])
    #expect(try await world.count("outgoing_slots WHERE is_open = 1") == 0)
    #expect(try await world.differences() == [])
  }

  @Test("a reorg takes a refund's block back, and the ledger with it")
  func reorg() async throws {
    let (world, payment) = try await paid()
    let refund = try await request(world, payment, .overpayment)
    let transaction = try await build(world, refund)
    let before = try await ledger(world)
    let spend = (txid: World.hash("out 1"), slots: transaction.slots)
    try await world.advance([[], []], spending: [spend])
    #expect(try await status(world, refund) == .confirmed)
    try await world.advance(leaving: 2, [[], [], []], label: "b")
    #expect(try await status(world, refund) == .broadcast)
    #expect(try await ledger(world) == before)
    try await world.advance([[], [], [], [], [], []], label: "b", spending: [spend])
    #expect(try await status(world, refund) == .final)
    #expect(try await world.differences() == [])
  }

  @Test("of a transaction and its replacement the chain takes one, and the refund is paid once")
  func replacement() async throws {
    let (world, payment) = try await paid()
    let refund = try await request(world, payment, .overpayment)
    let first = try await build(world, refund)
    let second = try await build(world, refund, number: 2, replaces: first.id)
    try await world.advance(
      [[], [], [], [], [], []], spending: [(txid: World.hash("out 2"), slots: second.slots)])
    #expect(try await status(world, refund) == .final)
    #expect(
      try await world.rows("SELECT outgoing_id, status FROM outgoing ORDER BY outgoing_id").count
        == 2)
    #expect(try await world.count("outgoing WHERE status = 'final'") == 1)
    #expect(try await world.count("outgoing WHERE status = 'replaced'") == 1)
    #expect(try await ledger(world)[.refunds] == 30_000)
  }

  @Test("a coin that is set aside can't be spent by another refund")
  func reserved() async throws {
    let (world, payment) = try await paid()
    let first = try await request(world, payment, .partial, 10_000)
    let second = try await request(world, payment, .partial, 10_000, number: 2)
    _ = try await build(world, first)
    await #expect(throws: OutgoingRecords.SlotTaken.self) {
      _ = try await build(world, second, number: 2)
    }
    #expect(try await status(world, second) == .approved)
  }

  @Test("a stranger's spend of a coin that is set aside is told, and leaves the refund to a person")
  func stranger() async throws {
    let (world, payment) = try await paid()
    let refund = try await request(world, payment, .overpayment)
    let transaction = try await build(world, refund)
    try await world.advance(
      [[]], spending: [(txid: World.hash("thief"), slots: transaction.slots)])
    #expect(
      try await world.events(world.spec.name.text).last == "reconciliation.mismatch")
    #expect(try await status(world, refund) == .built)
    try await world.mineEmpty(5)
    // What it paid nobody knows: nothing is refunded again by itself.
    #expect(try await status(world, refund) == .built)
    #expect(try await world.payment(payment).refundable == 100_000)
    let (service, now) = (service(world), world.now)
    try await world.database.write {
      _ = try service.decide(
        .failed(reason: "ann: stolen"), on: refund.terms.id, tenant: nil, now: now, in: $0)
    }
    #expect(try await world.payment(payment).refundable == 130_000)
  }

  @Test("a watcher that looked without knowing of a transaction looks again")
  func barrier() async throws {
    let (world, payment) = try await paid()
    let refund = try await request(world, payment, .overpayment)
    _ = try await build(world, refund)
    var step = world.newStep()
    let parent = try #require(world.links.last)
    step.connected = [
      World.link(parent.ref.height + 1, parent: parent.ref.hash, "late", world.now)
    ]
    let stale = step
    await #expect(throws: (any Error).self) { try await world.commit(stale) }
  }

  // MARK: Ledger

  @Test("entries can't be changed or removed, whoever asks the engine")
  func appendOnly() async throws {
    let (world, _) = try await paid()
    #expect(try await world.count("ledger_entries") > 0)
    await #expect(throws: DatabaseError.self) {
      try await world.write("UPDATE ledger_entries SET postings = '[]'")
    }
    await #expect(throws: DatabaseError.self) {
      try await world.write("DELETE FROM ledger_entries")
    }
  }

  @Test("money that belongs to no payment is unallocated, and a reorg takes it back")
  func unallocated() async throws {
    let world = try await World.make()
    try await world.mine(.init(transaction: "stray", ordinal: 3, value: 5_000))
    #expect(try await ledger(world) == [.treasury: 5_000, .unallocated: -5_000])
    try await world.advance(leaving: 1, [[], []], label: "b")
    #expect(try await ledger(world) == [:])
  }

  // MARK: Policies

  @Test("what is too much is sent back by itself, however long nothing ran meanwhile")
  func remedy() async throws {
    var policy = TenantPolicy()
    policy.over = .refund
    let world = try await World.make(policy: policy)
    var request = world.request("order-1")
    request.refundAddress = Self.address
    let payment = try await world.create(request)
    try await world.mine(
      .init(transaction: "t", ordinal: payment.terms.ordinal, value: 130_000))
    try await world.mineEmpty(5)
    world.now = world.now.adding(seconds: 30 * 86_400)
    let remedies = RemedyService(refunds: service(world))
    let now = world.now
    // One that sleeps past its lease does nothing when it wakes.
    let paused = try await acquire("a", world)
    let lease = try await acquire("b", world)
    await #expect(throws: LeaseLost(paused)) {
      try await remedies.step(on: world.database, under: paused, now: now) { (9, 9) }
    }
    #expect(try await world.count("refunds") == 0)
    #expect(try await remedies.step(on: world.database, under: lease, now: now) { (9, 9) } == 1)
    #expect(try await remedies.step(on: world.database, under: lease, now: now) { (9, 9) } == 0)
    #expect(try await world.count("refunds WHERE amount = '30000'") == 1)
    #expect(try await world.differences() == [])
  }

  /// The lease on policies, which whoever has it has slept over.
  private func acquire(_ holder: String, _ world: World) async throws -> Lease {
    let lease = try await world.database.write { connection in
      try connection.execute("UPDATE leases SET expires_at = 1")
      return try Leases.acquire("remedies", holder: holder, milliseconds: 60_000, in: connection)
    }
    return try #require(lease)
  }
}
