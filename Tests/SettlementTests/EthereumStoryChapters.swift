import Addresses
import Bytes
import ChainTypes
import Database
import Ethereum
import JSON
import NodeRPC
import Payments
import Settlement
import Testing

// What happens on a chain, whoever makes its blocks.
extension EthereumStory {
  /// Ether and tokens are credited once they are proved, and settle with the chain's finality.
  func payments() async throws {
    let coins = try await pay("ETH", 1_000_000_000_000_000_000)
    let inner = try await pay("ETH", 2_500)
    let usdc = try await pay("USDC", 12_500_000)
    let usdt = try await pay("USDT", 3_000_000)
    let statuses = { try await self.statuses([coins, inner, usdc, usdt]) }

    try await fund(coins, 1_000_000_000_000_000_000)
    try await transact(
      "FORWARDER", "forward", [.string(inner.terms.address)], value: 2_500)
    try await transact("USDC", "transfer", [.string(usdc.terms.address), "12500000"])
    try await transact("USDT", "transfer", [.string(usdt.terms.address), "3000000"])
    #expect(try await statuses() == [.open, .open, .open, .open])

    try await mine(1)
    if chain.minesExactly {
      #expect(
        try await statuses() == [.processing, .processing, .processing, .processing])
    }
    try await mine(1)
    #expect(try await statuses() == [.paid, .paid, .paid, .paid])
    try await mine(3)
    #expect(try await statuses() == [.paid, .paid, .paid, .paid], "deep, but not called final")
    try await finalize()
    #expect(try await statuses() == [.settled, .settled, .settled, .settled])
    let positions = try await rows("SELECT position FROM transfers ORDER BY position") {
      try $0.text("position")
    }
    #expect(positions == ["log:0", "log:0", "trace:0", "value"])
  }

  /// What only looks like money pays nothing.
  func lookalikes() async throws {
    let payment = try await pay("USDC", 5_000_000)
    let address = JSONValue.string(payment.terms.address)
    // Another contract under the same name; nothing at all; value in calls that are undone, or that
    // move nothing by their kind; ether where a token is due; less than arrives.
    try await transact("FAKE", "transfer", [address, "5000000"])
    try await transact("USDC", "transfer", [address, "0"])
    try await transact("FORWARDER", "innerReverts", [address], value: 700)
    try await transact("FORWARDER", "forwardAndRevert", [address], value: 700)
    try await transact("FORWARDER", "delegate", [address], value: 700)
    try await fund(payment, 123_456_789)
    try await mine(4)

    #expect(try await statuses([payment]) == [.open])
    let transfers = try await rows(
      "SELECT contract, state, detail, value FROM transfers ORDER BY contract, value"
    ) {
      [
        try $0.text("contract"), try $0.text("state"), try $0.optionalText("detail") ?? "",
        try $0.amount("value").decimal,
      ]
    }
    let addresses = contracts.mapValues { "0x\($0.hash.hex)" }
    #expect(
      Set(transfers) == [
        [addresses["FAKE"] ?? "", "confirmed", "", "5000000"],
        [addresses["USDC"] ?? "", "quarantined", "dust", "0"],
        ["", "confirmed", "", "123456789"],
      ])
    let misdirected = try await rows(
      "SELECT COUNT(*) AS n FROM \(eventTable) WHERE type = 'transfer.misdirected'"
    ) { try $0.integer("n") }
    #expect(misdirected == [2], "the other contract's token, and ether")
  }

  /// A reorganisation takes back and restores.
  func reorganisation() async throws {
    let first = try await pay("USDC", 1_000)
    let second = try await pay("ETH", 5_000)
    let dropped = try await pay("USDT", 9_000)
    try await transact("USDC", "transfer", [.string(first.terms.address), "1000"])
    try await fund(second, 5_000)
    let lost = try await transact(
      "USDT", "transfer", [.string(dropped.terms.address), "9000"])
    try await mine(2)
    #expect(try await statuses([first, second, dropped]) == [.paid, .paid, .paid])

    try await reorganise(2, blocks: 3, dropping: [lost])
    #expect(try await statuses([first, second, dropped]) == [.paid, .paid, .open])
    let transfers = try await rows("SELECT state FROM transfers ORDER BY state") {
      try $0.text("state")
    }
    #expect(transfers == ["confirmed", "confirmed", "orphaned"], "none of them counts twice")
  }

  /// A history that contradicts what was final halts crediting.
  func brokenFinality() async throws {
    let payment = try await pay("ETH", 5_000)
    try await mine(3)
    try await finalize()
    try await fund(payment, 5_000)
    // Some clients call final only what lies far below.
    let final = try await call("eth_getBlockByNumber", "finalized", false)["number"]
    let height = try await call("eth_blockNumber").quantity(UInt64.self)
    let depth = try #require(height) - #require(final?.quantity(UInt64.self)) + 1
    try await reorganise(Int(max(depth, 3)), blocks: Int(depth) + 4)
    let halts = try await rows("SELECT halt FROM chains") { try $0.optionalText("halt") }
    #expect(halts.first??.contains("final") == true)
    #expect(try await statuses([payment]) == [.processing], "nothing is confirmed any more")
  }

  /// A watcher that starts anew goes on where the store stands.
  func restartedWatcher() async throws {
    let payment = try await pay("USDT", 9_000)
    try await transact("USDT", "transfer", [.string(payment.terms.address), "9000"])
    try await mine(1)
    try restart()
    try await mine(1)
    #expect(try await statuses([payment]) == [.paid])
    let chain = spec.name
    let holes = try await database.read {
      try ChainRecords.coverageHoles(of: chain, in: $0)
    }
    #expect(holes == [])
  }

  /// What is too much goes back from a treasury that tokens are swept to, paid for in ether, and
  /// the ledger has to the last unit what the chain has.
  func moneyOut() async throws {
    let (treasury, address) = (treasury, try EthereumTreasury.address)
    let payment = try await pay("USDC", 12_500_000)
    try await transact("USDC", "transfer", [.string(payment.terms.address), "15000000"])
    try await fund(address.text, 1_000_000_000_000_000_000)
    try await settle()
    let contract = try #require(contracts["USDC"]).hash
    let refund = try await treasury.refund(payment, .overpayment)
    // 3,000 tokens for an ether.
    let price = try #require(
      SweepWorth.Rate(wei: UInt256(1_000_000_000_000_000_000), minorUnits: 3_000_000_000))
    for purpose in [OutgoingPurpose.gas, .sweep] {
      let swept = try await treasury.sweep(contract, weiPer: price)
      #expect(swept.made.map(\.purpose) == [purpose])
      try await treasury.send(swept.made)
      try await settle()
    }
    let paid = try await treasury.payRefunds()
    #expect(paid.made.count == 1)
    try await treasury.send(paid.made)
    try await settle()
    #expect(try await treasury.status(refund) == .final)
    #expect(try await treasury.ledger(contract)[.treasury] == 12_500_000)
    let own = try await treasury.balance(of: address)
    let rest = try await treasury.balance(of: payment.address)
    #expect(try await treasury.ledger()[.treasury] == own + rest)
  }
}
