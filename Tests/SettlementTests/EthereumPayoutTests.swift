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
  @Test(
    "tokens are swept once ether for their gas is there, and an overpayment goes back",
    arguments: ["USDC", "USDT"])
  func tokens(symbol: String) async throws {
    let story = try await EthereumStory()
    let (treasury, address) = (story.treasury, try EthereumTreasury.address)
    let payment = try await story.pay(symbol, 12_500_000)
    try await story.transact(symbol, "transfer", [.string(payment.terms.address), "15000000"])
    try await story.fund(address.text, 1_000_000_000_000_000_000)
    try await story.settle()
    #expect(try await story.statuses([payment]) == [.settled])
    let contract = try #require(story.contracts[symbol]).hash

    // The treasury has no tokens yet: the refund waits.
    let refund = try await treasury.refund(payment, .overpayment)
    let early = try await treasury.payRefunds()
    #expect(early.made.isEmpty)
    #expect(early.left.map(\.subject) == [refund.terms.id])

    let funding = try await sweep(symbol, story)
    #expect(funding.made.map(\.purpose) == [.gas])
    #expect(
      try await sweep(symbol, story).left.map(\.reason) == ["ether for its gas is on the way"])
    try await treasury.send(funding.made)
    try await story.settle()
    let swept = try await sweep(symbol, story)
    #expect(swept.made.map(\.purpose) == [.sweep])
    #expect(swept.made.first?.payouts.first?.address == address.text)
    try await treasury.send(swept.made)
    try await story.settle()
    #expect(try await sweep(symbol, story).made.isEmpty)

    let paid = try await treasury.payRefunds()
    #expect(paid.made.count == 1)
    #expect(try await treasury.status(refund) == .built)
    try await treasury.send(paid.made)
    #expect(try await treasury.status(refund) == .broadcast)
    try await story.mine(1)
    #expect(try await treasury.status(refund) == .broadcast)
    try await story.mine(1)
    #expect(try await treasury.status(refund) == .confirmed)
    try await story.settle()
    #expect(try await treasury.status(refund) == .final)

    // To the last unit what the chain has.
    #expect(try await treasury.ledger(contract)[.treasury] == 12_500_000)
    try await expectEther(story, besides: payment)
    let misdirected = try await story.rows(
      "SELECT COUNT(*) AS n FROM \(story.eventTable) WHERE type = 'transfer.misdirected'"
    ) { try $0.integer("n") }
    #expect(misdirected == [0])
    try await expectSpendingIsFound(story)
    try await story.stop()
  }

  /// At 3,000 tokens for an ether.
  private func sweep(
    _ symbol: String, _ story: EthereumStory
  ) async throws -> EthereumPayouts.Outcome {
    let price = try #require(
      SweepWorth.Rate(wei: UInt256(1_000_000_000_000_000_000), minorUnits: 3_000_000_000))
    return try await story.treasury.sweep(
      try #require(story.contracts[symbol]).hash, weiPer: price)
  }

  /// The books are what the chain has, until ether leaves the treasury around them.
  private func expectSpendingIsFound(_ story: EthereumStory) async throws {
    let treasury = story.treasury
    #expect(try await treasury.reconcile() == [])
    let before = try await treasury.balance(of: EthereumTreasury.address)
    // After the two that gave ether and paid the refund.
    try await treasury.give(treasury.signedElsewhere(nonce: 2))
    try await story.settle()
    let rows = try await treasury.reconcile()
    #expect(rows.map(\.kind) == [.chain])
    #expect(try rows.map(\.address) == [EthereumTreasury.address.text])
    #expect(rows.map(\.expected) == ["\(before)"])
    let after = try await treasury.balance(of: EthereumTreasury.address)
    #expect(after < before)
    #expect(rows.map(\.found) == ["\(after)"])
  }

  @Test("a token whose transfer would return false moves nothing: it is told, and nothing is made")
  func returningFalse() async throws {
    let story = try await EthereumStory(tokens: ["VETO": "VetoToken"])
    let (treasury, address) = (story.treasury, try EthereumTreasury.address)
    let payment = try await story.pay("VETO", 12_500_000)
    try await story.transact("VETO", "transfer", [.string(payment.terms.address), "15000000"])
    try await story.fund(address.text, 1_000_000_000_000_000_000)
    try await story.settle()
    let refund = try await treasury.refund(payment, .overpayment)
    let reason = "the token's transfer would return 0x" + String(repeating: "0", count: 64)
    func expectUnmade(_ outcome: EthereumPayouts.Outcome, _ subject: String) {
      #expect(outcome.made.isEmpty)
      #expect(outcome.left.map(\.subject) == [subject])
      #expect(outcome.left.map(\.reason) == [reason])
    }
    // Too little at the treasury is no revert here.
    expectUnmade(try await treasury.payRefunds(), refund.terms.id)
    try await story.transact("VETO", "veto", [.bool(true)])
    try await story.mine(1)
    expectUnmade(try await sweep("VETO", story), payment.terms.address)
    #expect(try await story.rows("SELECT status FROM outgoing") { try $0.text("status") } == [])

    try await story.transact("VETO", "veto", [.bool(false)])
    try await story.transact("VETO", "transfer", [.string(address.text), "2500000"])
    try await story.settle()
    try await treasury.send(try await treasury.payRefunds().made)
    try await story.settle()
    #expect(try await treasury.status(refund) == .final)
    #expect(try await sweep("VETO", story).made.map(\.purpose) == [.gas])
    try await story.stop()
  }

  @Test("a token that returns false in its block, with status 1, has paid nothing: people decide")
  func returningFalseLate() async throws {
    let story = try await EthereumStory(tokens: ["VETO": "VetoToken"])
    let (treasury, address) = (story.treasury, try EthereumTreasury.address)
    let payment = try await story.pay("VETO", 12_500_000)
    try await story.transact("VETO", "transfer", [.string(payment.terms.address), "15000000"])
    try await story.transact("VETO", "transfer", [.string(address.text), "15000000"])
    try await story.fund(address.text, 1_000_000_000_000_000_000)
    try await story.settle()
    let contract = try #require(story.contracts["VETO"]).hash
    let refund = try await treasury.refund(payment, .overpayment)
    let made = try #require(try await treasury.payRefunds().made.first)
    try await story.transact("VETO", "veto", [.bool(true)])
    try await story.mine(1)
    try await treasury.send([made])
    try await story.settle()
    let mined = try await treasury.load(made)
    #expect(mined.sighting?.succeeded == true && mined.effect == .nothing)
    #expect(mined.status == .failed)
    let held = try #require(try await treasury.load(refund))
    #expect(held.status == .held && held.arrived == 0)
    let ledger = try await treasury.ledger(contract)
    #expect(ledger[.treasury] == 30_000_000 && ledger[.refunds] == nil && ledger[.fees] == nil)
    #expect(try await treasury.reconcile() == [])
    #expect(try await treasury.differences() == [])
    // Nothing else is asked for before somebody has looked.
    #expect(try await treasury.refundable(payment) == 12_500_000)

    let (service, now) = (RefundService(specs: [], policies: [:]), treasury.now())
    try await story.database.write {
      _ = try service.decide(
        .failed(reason: "ann: returned false"), on: refund.terms.id, tenant: nil, now: now, in: $0)
    }
    #expect(try await treasury.refundable(payment) == 15_000_000)
    try await story.transact("VETO", "veto", [.bool(false)])
    try await story.mine(1)
    let again = try await treasury.refund(payment, .overpayment, number: 2)
    try await treasury.send(try await treasury.payRefunds().made, unpaid: [refund])
    try await story.settle()
    #expect(try await treasury.status(again) == .final)
    #expect(try await treasury.ledger(contract)[.refunds] == 2_500_000)
    #expect(try await treasury.differences() == [])
    try await story.stop()
  }

  /// To the wei the ledger has what lies at the treasury and at the payment's address.
  private func expectEther(_ story: EthereumStory, besides payment: Payment) async throws {
    let own = try await story.treasury.balance(of: EthereumTreasury.address)
    let rest = try await story.treasury.balance(of: payment.address)
    #expect(try await story.treasury.ledger()[.treasury] == own + rest)
  }

  /// A payment of a gwei that got three, and a treasury with an ether, all final.
  private func overpaid(_ story: EthereumStory) async throws -> Payment {
    let payment = try await story.pay("ETH", 1_000_000_000)
    try await story.fund(payment, 3_000_000_000)
    try await story.fund(try EthereumTreasury.address.text, 1_000_000_000_000_000_000)
    try await story.settle()
    return payment
  }

  @Test("ether is refunded from the treasury with gas as estimated, and a reorg takes it back")
  func ether() async throws {
    let story = try await EthereumStory()
    let treasury = story.treasury
    let refund = try await treasury.refund(overpaid(story), .overpayment)
    let paid = try await treasury.payRefunds()
    let made = try #require(paid.made.first)
    #expect(made.payouts.first?.amount == 2_000_000_000)
    // Estimated by the node, with a margin.
    #expect(try EthereumTreasury.unsigned(made).gasLimit > 21_000)
    try await treasury.send(paid.made)
    try await story.mine(2)
    #expect(try await treasury.status(refund) == .confirmed)
    let before = try await treasury.ledger()
    _ = try await story.call("test_reorg", 2, ["blocks": 1, "drop": []])
    try await story.follow()
    #expect(try await treasury.status(refund) == .broadcast)
    try await story.settle()
    #expect(try await treasury.status(refund) == .final)
    #expect(try await treasury.ledger() == before)
    try await story.stop()
  }

  @Test("what was sent around us is known by what was signed, and pays once")
  func sentElsewhere() async throws {
    let story = try await EthereumStory()
    let treasury = story.treasury
    let payment = try await overpaid(story)
    let refund = try await treasury.refund(payment, .overpayment)
    let made = try #require(try await treasury.payRefunds().made.first)
    try await treasury.give(EthereumTreasury.signed(made))
    try await story.settle()
    #expect(try await treasury.status(refund) == .final)
    #expect(try await treasury.refundable(payment) == 1_000_000_000)
    // Its bytes come late, and change nothing.
    try await treasury.takeIn(made)
    #expect(try await treasury.load(made).raw == EthereumTreasury.signed(made))
    try await story.settle()
    #expect(try await treasury.status(refund) == .final)
    #expect(try await treasury.differences() == [])
    try await story.stop()
  }

  @Test("signed bytes that do something else are refused, whatever the file says")
  func tampered() async throws {
    let story = try await EthereumStory()
    let treasury = story.treasury
    _ = try await treasury.refund(overpaid(story), .overpayment)
    let made = try #require(try await treasury.payRefunds().made.first)
    let own = try EthereumTreasury.unsigned(made)
    var other = own
    other.value = 2_000_000_001
    let key = try PrivateKey(.init(copying: [UInt8](repeating: 7, count: 32).span.bytes))
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

  @Test("a higher fee is what a real node's pool asks for, and only the replacement lands")
  func replaced() async throws {
    let story = try await EthereumStory()
    let treasury = story.treasury
    let refund = try await treasury.refund(overpaid(story), .overpayment)
    let first = try #require(try await treasury.payRefunds().made.first)
    try await treasury.send([first])
    let second = try await treasury.replace(first.id)
    try await treasury.send([second])
    try await story.settle()
    #expect(try await treasury.status(refund) == .final)
    #expect(try await treasury.load(first).status == .replaced)
    #expect(try await treasury.load(second).status == .final)
    #expect(
      try await treasury.balance(of: EthereumAddress(EthereumTreasury.payer)) == 2_000_000_000)
    try await story.stop()
  }

  @Test("ether is swept whole but for the gas, and who is paid back bears the fee where agreed")
  func coins() async throws {
    let story = try await EthereumStory()
    let treasury = story.treasury
    let value: UInt64 = 2_000_000_000_000_000_000
    let payment = try await story.pay("ETH", 1_500_000_000_000_000_000)
    let small = try await story.pay("ETH", 20_000)
    try await story.fund(payment, value)
    try await story.fund(small, 20_000)
    try await story.settle()

    let swept = try await treasury.sweep()
    #expect(swept.left.map(\.subject) == [small.terms.address])
    #expect(swept.left.map(\.reason) == ["moving it costs more than it may"])
    let sweep = try #require(swept.made.first)
    let moved = try #require(sweep.payouts.first)
    #expect(try moved.amount.adding(sweep.maximumFee) == UInt256(value))
    try await treasury.send(swept.made)
    // What is on its way isn't swept twice.
    #expect(try await treasury.sweep().made.isEmpty)
    try await story.settle()
    #expect(try await treasury.load(sweep).status == .final)
    #expect(try await treasury.sweep().made.isEmpty)
    #expect(
      try await treasury.balance(of: EthereumTreasury.address) == Int(moved.amount.decimal))

    var policy = RefundPolicy()
    policy.feePayer = .payee
    let refund = try await treasury.refund(payment, .overpayment, policy: policy)
    #expect(refund.terms.amount == 500_000_000_000_000_000)
    // So little that its fee takes it all.
    let dust = try await treasury.refund(payment, .partial, 2_000, policy: policy, number: 2)
    let paid = try await treasury.payRefunds()
    #expect(paid.left.map(\.subject) == [dust.terms.id])
    #expect(paid.left.map(\.reason) == ["the fee is more than the amount"])
    let made = try #require(paid.made.first)
    let arrives = try #require(made.payouts.first).amount
    #expect(try arrives.adding(made.maximumFee) == refund.terms.amount)
    try await treasury.send(paid.made)
    try await story.settle()
    #expect(try await treasury.status(refund) == .final)
    #expect(
      try await treasury.balance(of: EthereumAddress(EthereumTreasury.payer))
        == Int(arrives.decimal))
    #expect(try await treasury.ledger()[.refunds] == Int(arrives.decimal))
    let rest = try await treasury.balance(of: small.address)
    let own = try await treasury.balance(of: EthereumTreasury.address)
    let left = try await treasury.balance(of: payment.address)
    #expect(try await treasury.ledger()[.treasury] == own + left + rest)
    try await story.stop()
  }

  @Test("more small transfers than are read at once keep nothing larger behind them from a sweep")
  func manySmallTransfers() async throws {
    let story = try await EthereumStory()
    let treasury = story.treasury
    let small = try await story.pay("ETH", 20_000)
    let large = try await story.pay("ETH", 1_500_000_000_000_000_000)
    try await story.fund(small, 20_000)
    try await story.fund(large, 1_500_000_000_000_000_000)
    try await story.settle()
    try await treasury.database.write { connection in
      for number in 0..<1_000 {
        try connection.execute(
          """
          INSERT INTO transfers SELECT chain, $1, position, family, ordinal, value, is_coinbase,
            confirmations, finality, state, detail, block_height, block_hash, block_time,
            first_seen, contract
          FROM transfers WHERE ordinal = $2 AND contract = '' LIMIT 1
          """,
          [.blob(Keccak256.hash(Array("\(number)".utf8)).bytes), .ordinal(small.terms.ordinal)])
      }
    }
    let swept = try await treasury.sweep()
    #expect(swept.made.count == 1)
    #expect(swept.made.first?.payouts.first?.amount ?? .zero > 1_000_000_000_000_000_000)
    #expect(swept.left.map(\.subject) == [small.terms.address])
    try await story.stop()
  }
}
