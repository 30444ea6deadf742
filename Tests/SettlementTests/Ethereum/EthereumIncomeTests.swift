import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import JSON
import Payments
import Settlement
import Testing
import Watching

@Suite("Withdrawals and fees")
struct EthereumIncomeTests {
  /// Each row as `height source value`, the last first.
  private func rows(_ scene: EthereumScene) async throws -> [String] {
    try await scene.rows(
      "SELECT block_height, source, value FROM incomes ORDER BY block_height, source"
    ) {
      try "\($0.integer("block_height")) \($0.text("source")) \($0.amount("value").decimal)"
    }
  }

  @Test("a validator's withdrawals to a payment's address are booked and told, and pay nothing")
  func withdrawals() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700)
    let address = try payment.address
    let extras = BlockExtras(
      withdrawals: [(recipient: address, gwei: 9), (recipient: address, gwei: 2)])
    try await scene.mine(extras: extras)
    try await scene.mine(10)
    let head = scene.node.machine.head.number - 10
    #expect(
      try await rows(scene) == [
        "\(head) withdrawal:0 9000000000", "\(head) withdrawal:1 2000000000",
      ])
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.load(payment).received == .zero)
    // On the books it is ours, and belongs to no payment.
    #expect(
      try await scene.treasury.ledger() == [
        .treasury: 11_000_000_000, .unallocated: -11_000_000_000,
      ])
    #expect(try await scene.transfers() == [])
    let events = try await scene.told("income.booked")
    #expect(events.map { $0["amount_minor"]?.string } == ["9000000000", "2000000000"])
    #expect(events.allSatisfy { $0["payment_id"]?.string == payment.terms.id })
    #expect(events.allSatisfy { $0["address"]?.string == payment.terms.address })
    let hash = scene.node.machine.block(at: head)?.hash.hex
    #expect(events.allSatisfy { $0["block_hash"]?.string == hash.map { "0x\($0)" } })
  }

  @Test("tips to a block's beneficiary are booked to the wei, whatever the transactions' types")
  func fees() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700)
    let stranger = SimulatedContracts.unlisted
    let price = UInt256(50_000_000_000)
    for fees in [.legacy(gasPrice: price), .accessList(gasPrice: price), .standard]
      as [EthereumOrder.Fees]
    {
      try scene.node.send(.ether(5, to: stranger).paying(fees))
    }
    // One that fails pays all the same.
    try scene.node.send(.token(SimulatedContracts.usdc, .max, to: stranger).by(account: 2))
    try await scene.mine(extras: BlockExtras(feeRecipient: try payment.address))
    try await scene.mine(10)
    let balance = scene.node.balance(of: try payment.address)
    #expect(balance > .zero)
    #expect(try await rows(scene) == ["4 fees \(balance.decimal)"])
    let booked = try #require(Int(balance.decimal))
    #expect(
      try await scene.treasury.ledger() == [.treasury: booked, .unallocated: -booked])
    #expect(try await scene.status(payment) == .open)
    // A block without transactions earns nothing.
    try await scene.mine(extras: BlockExtras(feeRecipient: try payment.address))
    #expect(try await rows(scene).count == 1)
  }

  @Test(
    "on an OP-stack chain the sequencer's tips are booked, and deposits, which pay none, aren't")
  func opStack() async throws {
    let options = EthereumChainOptions(chainID: 8453, profile: .opStack)
    let scene = try await EthereumScene([options])
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(5, to: SimulatedContracts.unlisted))
    let deposit = BlockExtras.Deposit(
      from: SimulatedContracts.fake, to: SimulatedContracts.unlisted, wei: 9)
    try await scene.mine(
      extras: BlockExtras(feeRecipient: try payment.address, deposits: [deposit]))
    let balance = scene.node.balance(of: try payment.address)
    #expect(balance > .zero)
    #expect(try await rows(scene) == ["4 fees \(balance.decimal)"])
  }

  @Test("a reorganisation takes incomes back, and the next block that has them books them again")
  func reorganised() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700)
    let extras = BlockExtras(
      feeRecipient: try payment.address, withdrawals: [(recipient: try payment.address, gwei: 9)])
    try scene.node.send(.ether(5, to: SimulatedContracts.unlisted))
    try await scene.mine(extras: extras)
    let before = try await rows(scene)
    #expect(before.count == 2)
    try scene.node.reorganize(depth: 1, blocks: 2, transactions: .pending)
    try await scene.share()
    #expect(try await rows(scene) == [])
    #expect(try await scene.treasury.ledger() == [:])
    #expect(try await scene.eventCount("income.reversed") == 2)
    try await scene.mine(extras: extras)
    #expect(try await rows(scene).count == 2)
    #expect(try await scene.eventCount("income.booked") == 4)
    let (table, subject) = (
      scene.database.dialect == .sqlite ? "events" : "outbox",
      "\(scene.chain.spec.name)/\(payment.terms.address)"
    )
    let told = try await scene.rows(
      "SELECT sequence, tenant FROM \(table) WHERE subject = '\(subject)' ORDER BY sequence"
    ) { (try $0.integer("sequence"), try $0.text("tenant")) }
    #expect(told.map(\.0) == [1, 2, 3, 4, 5, 6])
    #expect(told.allSatisfy { $0.1 == "shop" })
  }

  @Test("an address that nobody has and that got a withdrawal is never handed out")
  func touched() async throws {
    let scene = try await EthereumScene()
    let first = try EthereumScene.firstAddresses[0]
    try await scene.mine(extras: BlockExtras(withdrawals: [(recipient: first, gwei: 9)]))
    #expect(try await rows(scene).count == 1)
    for _ in 0..<3 {
      let payment = try await scene.pay("ETH", 700)
      #expect(try payment.address != first)
    }
  }

  @Test("incomes are read again as they were written")
  func sources() throws {
    for source in [.withdrawal(0), .withdrawal(.max), .fees, .unattributed] as [IncomeSource] {
      #expect(IncomeSource(source.description) == source)
    }
    for text in ["", "withdrawal", "withdrawal:", "withdrawal:-1", "fee"] {
      #expect(IncomeSource(text) == nil)
    }
  }
}
