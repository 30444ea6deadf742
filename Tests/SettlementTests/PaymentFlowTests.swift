import Bytes
import ChainTracking
import ChainTypes
import Database
import EventLog
import Payments
import Settlement
import Testing
import Watching

@Suite("Payments as the chain moves")
struct PaymentFlowTests {
  private func output(
    _ transaction: String, _ value: UInt256 = 100_000, vout: UInt32 = 0, to ordinal: UInt64 = 1,
    spends: String? = nil
  ) -> World.Output {
    World.Output(
      transaction: transaction, vout: vout, ordinal: ordinal, value: value, spends: spends)
  }

  @Test("a payment goes from the mempool to final, each step told once")
  func whole() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    try await world.look(output("t"))
    #expect(try await world.status(payment) == .processing)
    try await world.mine(output("t"))
    try await world.mineEmpty(1)
    #expect(try await world.status(payment) == .paid)
    try await world.mineEmpty(4)
    #expect(try await world.status(payment) == .settled)
    #expect(
      try await world.events(payment) == [
        "payment.created", "payment.processing", "payment.paid", "payment.settled",
      ])
    #expect(try await world.count("payments WHERE holds_order = 1") == 0)
    #expect(try await world.differences() == [])
  }

  @Test("two outputs to one address are two receipts and one total")
  func twoOutputs() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(output("t", 60_000), output("t", 40_000, vout: 1))
    try await world.mineEmpty(1)
    let after = try await world.payment(payment)
    #expect(after.status == .paid)
    #expect(after.transfers.count == 2)
    #expect(after.isMultiple)
    #expect(after.confirmed == 100_000)
    #expect(try await world.count("transfers") == 2)
    #expect(try await world.count("transfer_inputs") == 1)
    #expect(try await world.differences() == [])
  }

  @Test("a reorg takes back what was paid, and a later block restores it")
  func reversal() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(output("t"))
    try await world.mineEmpty(1)
    #expect(try await world.status(payment) == .paid)
    try await world.advance(leaving: 2, [[], [], []], label: "b")
    #expect(try await world.status(payment) == .open)
    try await world.look(output("t"))
    try await world.advance([[output("t")], [], [], [], [], []], label: "b")
    #expect(
      try await world.events(payment) == [
        "payment.created", "payment.processing", "payment.paid", "payment.reversed",
        "payment.processing", "payment.paid", "payment.settled",
      ])
    #expect(try await world.payment(payment).reversals == 1)
    #expect(try await world.differences() == [])
  }

  @Test("a tip that is taken back costs confirmations, not the money")
  func stepDown() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(output("t"))
    try await world.mineEmpty(1)
    try await world.advance(leaving: 1, [], label: "b")
    #expect(try await world.status(payment) == .processing)
    try await world.mineEmpty(1, label: "b")
    #expect(try await world.status(payment) == .paid)
    #expect(try await world.payment(payment).reversals == 1)
    #expect(try await world.differences() == [])
  }

  @Test("a payment without confirmations is paid from the mempool on, until it is replaced")
  func zeroConfirmations() async throws {
    var policy = TenantPolicy()
    policy.zeroConfirmationMaximum = [.btc: 100_000]
    let world = try await World.make(policy: policy)
    let payment = try await world.create(world.request("order-1"))
    try await world.look(output("t"))
    #expect(try await world.status(payment) == .paid)
    // Its coin goes elsewhere, to another watched address.
    try await world.look(output("thief", to: 4, spends: "t"))
    #expect(try await world.status(payment) == .open)
    #expect(
      try await world.events(payment) == [
        "payment.created", "payment.processing", "payment.paid", "payment.reversed",
      ])
    #expect(try await world.payment(payment).transfers.first?.state == .replaced)
    #expect(try await world.differences() == [])
  }

  // MARK: Deadlines

  @Test("deadlines pass only once the mempool was looked through after them")
  func deadlines() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    let deadline = payment.terms.expiresAt
    // A day of downtime: blocks alone expire nothing.
    world.now = deadline.adding(seconds: 86_400)
    try await world.mineEmpty(3)
    #expect(try await world.status(payment) == .open)
    // A look that began before the deadline, or at it, says nothing about it.
    for seconds: Int64 in [-1, 0] {
      world.now = deadline.adding(seconds: seconds)
      try await world.look()
      #expect(try await world.status(payment) == .open)
    }
    world.now = Timestamp(microseconds: deadline.microseconds + 1)
    try await world.look()
    #expect(try await world.status(payment) == .expired)
    #expect(try await world.events(payment) == ["payment.created", "payment.expired"])
    #expect(try await world.differences() == [])
  }

  @Test("what was paid during downtime isn't expired by the look that finds it")
  func downtime() async throws {
    let world = try await World.make()
    let inBlock = try await world.create(world.request("order-1"))
    let deadline = inBlock.terms.expiresAt
    world.now = deadline.adding(seconds: 86_400)
    try await world.mine(output("t"), time: deadline.adding(seconds: -5))
    try await world.look()
    let after = try await world.payment(inBlock)
    #expect(after.status == .processing)
    #expect(!after.isLate)
    #expect(after.deadlinePassed)
    // That block is replaced; what it showed stays true.
    try await world.advance(leaving: 1, [[], []], label: "b")
    try await world.look(output("t"))
    #expect(try await world.status(inBlock) == .processing)
    #expect(try await world.differences() == [])
  }

  @Test("something received by the deadline expires with it and is told so")
  func expiredPartial() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(output("t", 40_000))
    world.now = payment.terms.expiresAt.adding(seconds: 1)
    try await world.look()
    #expect(
      try await world.events(payment) == [
        "payment.created", "payment.partially_paid", "payment.expired_partial",
      ])
    #expect(try await world.payment(payment).received == 40_000)
    #expect(try await world.payment(payment).reversals == 0)
    #expect(try await world.differences() == [])
  }

  @Test("what the first look after the deadline finds may have come before it, and is in time")
  func foundByTheLookThatExpires() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    world.now = payment.terms.expiresAt
    try await world.look()
    world.now = payment.terms.expiresAt.adding(seconds: 5)
    try await world.look(output("t"))
    let after = try await world.payment(payment)
    #expect(after.deadlinePassed)
    #expect(after.status == .processing)
    #expect(!after.isLate)
    #expect(try await world.differences() == [])
  }

  @Test(
    "money one second late meets the late policy and is never lost",
    arguments: PaymentTerms.LatePolicy.allCases)
  func late(policy late: PaymentTerms.LatePolicy) async throws {
    var policy = TenantPolicy()
    policy.late = late
    let world = try await World.make(policy: policy)
    let payment = try await world.create(world.request("order-1"))
    world.now = payment.terms.expiresAt.adding(seconds: 1)
    try await world.look()
    try await world.look(output("t"))
    try await world.mine(output("t"))
    try await world.mineEmpty(5)
    let after = try await world.payment(payment)
    #expect(after.received == 100_000)
    #expect(after.isLate)
    switch late {
    case .accept:
      #expect(after.status == .settled)
      #expect(
        try await world.events(payment) == [
          "payment.created", "payment.expired", "payment.processing", "payment.late",
          "payment.paid", "payment.settled",
        ])
    case .hold, .refund:
      #expect(after.status == .expired)
      #expect(after.heldValue == 100_000)
      #expect(
        try await world.events(payment) == [
          "payment.created", "payment.expired", "payment.late",
        ])
      let accepted = try await world.decide(.accepted(due: 100_000, by: "operator"), on: payment)
      #expect(accepted.status == .settled)
    }
    #expect(try await world.differences() == [])
  }

  @Test("more deadlines than one step takes pass in the steps after it")
  func manyDeadlines() async throws {
    let world = try await World.make(ready: 600)
    for number in 0..<510 { try await world.create(world.request("order-\(number)")) }
    world.now = world.now.adding(seconds: 10_000)
    try await world.look()
    #expect(try await world.count("payments WHERE status = 'expired'") == 500)
    try await world.look()
    #expect(try await world.count("payments WHERE status = 'expired'") == 510)
  }

  // MARK: What doesn't pay

  @Test("dust is recorded and told, and the payment stays as it was")
  func dust() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(output("dust", 545))
    #expect(try await world.payment(payment) == payment)
    #expect(try await world.count("transfers WHERE state = 'quarantined'") == 1)
    let subject = "bitcoin-regtest/\(World.hash("dust").displayHex)/0"
    #expect(try await world.events(subject) == ["transfer.quarantined"])
    #expect(try await world.differences() == [])
  }

  @Test("a thousand transfers, dust or not, keep neither payment nor watcher from moving")
  func flood() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1", 9_500_000))
    let dust = (0..<1_000).map { output("dust", 1, vout: UInt32($0)) }
    let small = (0..<1_000).map { output("small", 600, vout: UInt32($0)) }
    try await world.advance([dust, small])
    try await world.restart()
    try await world.advance([[output("t", 9_000_000)], [], [], [], [], []])
    let after = try await world.payment(payment)
    #expect(after.status == .settled)
    #expect(after.transfers.count == 1_001)
    #expect(after.confirmed == 9_600_000)
    let text = try PaymentDocument.json(of: after)
    #expect(text.utf8.count < 100_000)
    #expect(text.contains(#""transfer_count":1001"#))
    #expect(text.contains(#""amount_minor":"9000000","block"#))
    #expect(try await world.differences() == [])
  }

  @Test("the same address on another chain of the family pays nothing, and is told")
  func misdirected() async throws {
    let other = try World.spec("bitcoin-signet")
    let world = try await World.make(others: [other])
    let anchor = World.link(7, parent: World.hash("x"), "other", World.start)
    var cursor = try await world.store.start(other.name, links: [anchor])
    cursor = try await world.store.commit(
      ChainStep(
        chain: other.name, expectedVersion: cursor.version, addressesThrough: 4, now: world.now))
    let payment = try await world.create(world.request("order-1"))
    let found = try #require(try await world.found([output("t")], on: other).first)
    #expect(found.requirement.confirmations == 6)
    let seen = TrackedTransfer(found, state: .seen, firstSeen: world.now, blockTime: nil)
    var mined = seen
    mined.state = .included(anchor.ref)
    var step = ChainStep(
      chain: other.name, expectedVersion: cursor.version, addressesThrough: 4, now: world.now)
    step.changes = [
      TransferChange(before: nil, after: seen), TransferChange(before: seen, after: mined),
    ]
    _ = try await world.store.commit(step)
    #expect(try await world.payment(payment) == payment)
    #expect(try await world.events(payment) == ["payment.created"])
    #expect(
      try await world.events(found.id.description) == [
        "transfer.seen", "transfer.misdirected", "transfer.included",
      ])
    #expect(try await world.differences() == [])
  }

  @Test("a transfer pays its address's payment, whoever's it is, and no other")
  func tenants() async throws {
    let world = try await World.make(tenants: [World.tenant, "other"])
    let own = try await world.create(world.request("order-1"))
    let other = try await world.create(world.request("order-1", tenant: "other"))
    try await world.mine(output("t", to: other.terms.ordinal))
    #expect(try await world.status(own) == .open)
    #expect(try await world.status(other) == .processing)
    try await Sequencer(database: world.database).drain()
    let rows = try await world.rows(
      "SELECT DISTINCT tenant FROM events WHERE type LIKE 'transfer%'")
    #expect(rows.count == 1 && rows[0].contains("other"))
  }

  // MARK: Halts

  @Test("a reorg that breaks finality halts: nothing more is credited, what is gone is told")
  func halt() async throws {
    let world = try await World.make(ready: 8)
    let settled = try await world.create(world.request("order-1"))
    let waiting = try await world.create(world.request("order-2"))
    try await world.mine(output("t"))
    try await world.mineEmpty(5)
    #expect(try await world.status(settled) == .settled)
    try await world.advance(
      leaving: 6, Array(repeating: [], count: 7), label: "b", halt: "finality was broken")
    #expect(try await world.status(settled) == .open)
    #expect(
      try await world.events(settled) == [
        "payment.created", "payment.processing", "payment.paid", "payment.settled",
        "payment.reversed",
      ])
    #expect(
      try await world.events("bitcoin-regtest") == ["chain.reorged", "chain.halted"])
    try await world.restart()
    try await world.advance([[output("t"), output("u", to: 2)], [], [], [], [], [], []])
    #expect(try await world.status(settled) == .processing)
    #expect(try await world.status(waiting) == .processing)
    // Seen in time and held back by us: no deadline takes that away.
    world.now = settled.terms.expiresAt.adding(seconds: 1)
    try await world.look()
    #expect(try await world.status(waiting) == .processing)
    #expect(try await world.differences() == [])
  }
}
