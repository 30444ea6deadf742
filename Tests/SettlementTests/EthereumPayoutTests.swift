import Addresses
import Bytes
import ChainTypes
import Database
import Digests
import Ethereum
import JSON
import Keys
import NodeRPC
import Payments
import Settlement
import Testing
import Watching

/// Refunds and sweeps on a chain whose blocks a real EVM makes.
@Suite("Money out on a real EVM")
struct EthereumPayoutTests {
  private static let payer = "0x1111111111111111111111111111111111111111"

  private func treasurer(_ story: EthereumStory) -> EthereumTreasurer {
    EthereumTreasurer(spec: story.spec, pool: story.pool, database: story.database)
  }

  private func signed(_ transaction: OutgoingTransaction) throws -> [UInt8] {
    try EthereumTreasurer.signed(transaction)
  }

  private func payouts(_ story: EthereumStory) throws -> EthereumPayouts {
    try treasurer(story).payouts()
  }

  private func send(_ made: [OutgoingTransaction], _ story: EthereumStory) async throws {
    try await treasurer(story).send(made, now: SystemTime().now)
  }

  private func settle(_ story: EthereumStory) async throws {
    try await story.mine(3)
    try await story.finalize()
  }

  private func refund(
    _ payment: Payment, _ kind: RefundTerms.Kind, _ story: EthereumStory, number: UInt64 = 1
  ) async throws -> Refund {
    let service = RefundService(specs: [story.spec], policies: ["shop": TenantPolicy()])
    let request = RefundRequest(
      payment: payment.terms.id, kind: kind, address: Self.payer, requestedBy: "ann")
    return try await story.database.write {
      try service.request(
        request, tenant: "shop", now: SystemTime().now, random: (number, number), in: $0)
    }
  }

  private func status(_ refund: Refund, _ story: EthereumStory) async throws -> RefundStatus? {
    try await story.database.read {
      try RefundRecords.load(refund.terms.id, locking: false, in: $0)?.status
    }
  }

  private func treasury() throws -> EthereumAddress { try EthereumTreasurer.account() }

  /// What the ledger says is ours, of one asset.
  private func treasuryInLedger(_ contract: Hash20?, _ story: EthereumStory) async throws
    -> UInt256
  {
    let balances = try await story.database.read { try LedgerRecords.balances(in: $0) }
    for asset in Set(balances.map(\.contract)) {
      let own = balances.filter { $0.contract == asset }
      let debits = try own.reduce(UInt256.zero) { try $0.adding($1.debit) }
      let credits = try own.reduce(UInt256.zero) { try $0.adding($1.credit) }
      #expect(debits == credits)
    }
    return try balances.filter { $0.account == .treasury && $0.contract == contract }
      .reduce(UInt256.zero) { try $0.adding($1.debit).subtracting($1.credit) }
  }

  @Test("tokens are swept once ether for their gas is there, and an overpayment goes back")
  func tokens() async throws {
    let story = try await EthereumStory()
    let payment = try await story.pay("USDC", 12_500_000)
    try await story.transact("USDC", "transfer", [.string(payment.terms.address), "15000000"])
    let treasury = try treasury()
    try await story.fund(treasury.text, 1_000_000_000_000_000_000)
    try await settle(story)
    #expect(try await story.statuses([payment]) == [.settled])
    let payouts = try payouts(story)
    let random: EthereumPayouts.Randomness = { (.random(in: 0 ... .max), .random(in: 0 ... .max)) }
    let contract = try #require(story.contracts["USDC"]).hash

    // The treasury has no tokens yet: the refund waits.
    let refund = try await refund(payment, .overpayment, story)
    let early = try await payouts.payRefunds(
      tenant: "shop", now: SystemTime().now, random: random)
    #expect(early.made.isEmpty)
    #expect(early.left.map(\.subject) == [refund.terms.id])

    // 3,000 tokens for an ether.
    let price = try #require(
      SweepWorth.Rate(wei: UInt256(1_000_000_000_000_000_000), minorUnits: 3_000_000_000))
    func sweep() async throws -> EthereumPayouts.Outcome {
      try await payouts.sweep(
        contract, weiPer: price, tenant: "shop", now: SystemTime().now, random: random)
    }
    let funding = try await sweep()
    #expect(funding.made.map(\.purpose) == [.gas])
    #expect(try await sweep().left.map(\.reason) == ["ether for its gas is on the way"])
    try await send(funding.made, story)
    try await settle(story)
    let swept = try await sweep()
    #expect(swept.made.map(\.purpose) == [.sweep])
    #expect(swept.made.first?.payouts.first?.address == treasury.text)
    try await send(swept.made, story)
    try await settle(story)
    #expect(try await sweep().made.isEmpty)

    let paid = try await payouts.payRefunds(
      tenant: "shop", now: SystemTime().now, random: random)
    #expect(paid.made.count == 1)
    #expect(try await status(refund, story) == .built)
    try await send(paid.made, story)
    #expect(try await status(refund, story) == .broadcast)
    try await story.mine(1)
    #expect(try await status(refund, story) == .broadcast)
    try await story.mine(1)
    #expect(try await status(refund, story) == .confirmed)
    try await settle(story)
    #expect(try await status(refund, story) == .final)

    // To the last unit what the chain has.
    #expect(try await treasuryInLedger(contract, story) == 12_500_000)
    let ether = try await story.pool.serve { (node) async throws(NodeError) in
      try await node.balance(of: treasury)
    }.value
    let address = try EthereumAddress(payment.terms.address)
    let rest = try await story.pool.serve { (node) async throws(NodeError) in
      try await node.balance(of: address)
    }.value
    #expect(try await treasuryInLedger(nil, story) == ether.adding(rest))
    let misdirected = try await story.rows(
      "SELECT COUNT(*) AS n FROM \(story.eventTable) WHERE type = 'transfer.misdirected'"
    ) { try $0.integer("n") }
    #expect(misdirected == [0])
    try await story.stop()
  }

  @Test("ether is refunded from the treasury with gas as estimated, and a reorg takes it back")
  func ether() async throws {
    let story = try await EthereumStory()
    let payment = try await story.pay("ETH", 1_000_000_000)
    try await story.fund(payment, 3_000_000_000)
    let treasury = try treasury()
    try await story.fund(treasury.text, 1_000_000_000_000_000_000)
    try await settle(story)
    let refund = try await refund(payment, .overpayment, story)
    let payouts = try payouts(story)
    let paid = try await payouts.payRefunds(
      tenant: "shop", now: SystemTime().now,
      random: { (.random(in: 0 ... .max), .random(in: 0 ... .max)) })
    let made = try #require(paid.made.first)
    #expect(made.payouts.first?.amount == 2_000_000_000)
    // Estimated by the node, with a margin.
    let unsigned = try EthereumTransaction(unsigned: Hex.decode(made.unsigned.dropFirst(2)))
    #expect(unsigned.gasLimit > 21_000)
    try await send(paid.made, story)
    try await story.mine(2)
    #expect(try await status(refund, story) == .confirmed)
    let before = try await treasuryInLedger(nil, story)
    _ = try await story.call("test_reorg", 2, ["blocks": 1, "drop": []])
    try await story.follow()
    #expect(try await status(refund, story) == .broadcast)
    try await settle(story)
    #expect(try await status(refund, story) == .final)
    #expect(try await treasuryInLedger(nil, story) == before)
    try await story.stop()
  }

  @Test("what was sent around us is a stranger's until its bytes are taken in, and pays once")
  func sentElsewhere() async throws {
    let story = try await EthereumStory()
    let payment = try await story.pay("ETH", 1_000_000_000)
    try await story.fund(payment, 3_000_000_000)
    try await story.fund(try treasury().text, 1_000_000_000_000_000_000)
    try await settle(story)
    let refund = try await refund(payment, .overpayment, story)
    let paid = try await payouts(story).payRefunds(
      tenant: "shop", now: SystemTime().now,
      random: { (.random(in: 0 ... .max), .random(in: 0 ... .max)) })
    let made = try #require(paid.made.first)
    let raw = try signed(made)
    _ = try await story.pool.serve { (node) async throws(NodeError) in try await node.send(raw) }
    try await settle(story)
    #expect(try await status(refund, story) == .built)
    let left = try await story.database.read {
      try PaymentRecords.load(payment.terms.id, locking: false, in: $0)?.refundable
    }
    #expect(left == 1_000_000_000, "nothing is refunded again by itself")

    let spec = story.spec
    try await story.database.write {
      try OutgoingService.takeIn(raw, for: made.id, spec: spec, now: SystemTime().now, in: $0)
    }
    try await settle(story)
    #expect(try await status(refund, story) == .final)
    #expect(
      try await story.database.read { try ReplayCheck.differences(in: $0) } == [])
    try await story.stop()
  }

  @Test("signed bytes that do something else are refused, whatever the file says")
  func tampered() async throws {
    let story = try await EthereumStory()
    let payment = try await story.pay("ETH", 1_000_000_000)
    try await story.fund(payment, 3_000_000_000)
    try await story.fund(try treasury().text, 1_000_000_000_000_000_000)
    try await settle(story)
    _ = try await refund(payment, .overpayment, story)
    let paid = try await payouts(story).payRefunds(
      tenant: "shop", now: SystemTime().now,
      random: { (.random(in: 0 ... .max), .random(in: 0 ... .max)) })
    let made = try #require(paid.made.first)
    var other = try EthereumTransaction(unsigned: Hex.decode(made.unsigned.dropFirst(2)))
    other.value = 2_000_000_001
    let key = try PrivateKey(.init(copying: [UInt8](repeating: 7, count: 32).span.bytes))
    let own = try EthereumTransaction(unsigned: Hex.decode(made.unsigned.dropFirst(2)))
    let spec = story.spec
    for raw in [other.signed(by: key).encoded, own.signed(by: key).encoded, [0x02], []] {
      await #expect(throws: OutgoingService.Refusal.self) {
        try await story.database.write {
          try OutgoingService.takeIn(
            raw, for: made.id, spec: spec, now: SystemTime().now, in: $0)
        }
      }
    }
    try await story.stop()
  }
}
