import Addresses
import Bytes
import ChainSim
import ChainTracking
import ChainTypes
import Database
import JSON
import NodeRPC
import Payments
import Settlement
import Testing
import Watching

/// Ether that contracts moved while nobody traces.
@Suite("Balances that nothing explains")
struct EthereumAuditTests {
  private static func untraced(
    nodes: Int = 3, quorum: Int = 2, proofs: Int = 8
  ) async throws -> EthereumScene {
    try await EthereumScene(
      nodes: nodes, quorum: quorum,
      adjust: {
        $0.asksTraces = false
        $0.balanceProofsPerBlock = proofs
      })
  }

  private func forward(_ scene: EthereumScene, _ wei: UInt256, to payment: Payment) throws {
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forward(address)", [.address(payment.address)], wei: wei))
  }

  /// What was told, as payment and amount.
  private func alerts(_ scene: EthereumScene) async throws -> [String] {
    try await scene.told("income.unattributed").map {
      "\($0["payment_id"]?.string ?? "none") \($0["amount_minor"]?.string ?? "")"
    }
  }

  @Test("what a contract moved is told once, names the payment and its tenant, and isn't credited")
  func told() async throws {
    let scene = try await Self.untraced()
    let payment = try await scene.pay("ETH", 700)
    let other = try await scene.pay("ETH", 700)
    try forward(scene, 700, to: payment)
    try await scene.mine()
    #expect(try await alerts(scene) == ["\(payment.terms.id) 700"])
    let event = try #require(try await scene.told("income.unattributed").first)
    let head = scene.node.machine.head
    #expect(event["block_hash"]?.string == "0x\(head.hash.hex)")
    #expect(event["source"]?.string == "unattributed")
    let table = scene.database.dialect == .sqlite ? "events" : "outbox"
    let tenants = try await scene.rows(
      "SELECT tenant FROM \(table) WHERE type = 'income.unattributed'"
    ) { try $0.text("tenant") }
    #expect(tenants == ["shop"])
    scene.restart()
    try await scene.mine(12)
    #expect(try await alerts(scene).count == 1)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.status(other) == .open)
    // More of it is told by itself.
    try forward(scene, 30, to: payment)
    try await scene.mine()
    #expect(try await alerts(scene).last == "\(payment.terms.id) 30")
  }

  @Test("transfers, withdrawals and fees explain a balance to the wei")
  func explained() async throws {
    let scene = try await Self.untraced()
    let direct = try await scene.pay("ETH", 700)
    let withdrawn = try await scene.pay("ETH", 700)
    let earning = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(300, to: direct.address))
    try scene.node.send(.ether(0, to: direct.address))
    try await scene.mine(
      extras: BlockExtras(
        feeRecipient: try earning.address,
        withdrawals: [(recipient: try withdrawn.address, gwei: 9)]))
    try await scene.mine(3)
    #expect(scene.node.balance(of: try earning.address) > .zero)
    #expect(try await alerts(scene) == [])
    // A part that nobody saw, beside one that stands in a transaction.
    try scene.node.send(.ether(100, to: direct.address))
    try forward(scene, 40, to: direct)
    try await scene.mine(3)
    #expect(try await alerts(scene) == ["\(direct.terms.id) 40"])
    #expect(try await scene.load(direct).received == 400)
  }

  @Test("with fewer proofs a block than payments, each has its turn")
  func turns() async throws {
    let scene = try await Self.untraced(proofs: 2)
    var payments: [Payment] = []
    for _ in 0..<5 { payments.append(try await scene.pay("ETH", 700)) }
    for payment in payments { try forward(scene, 50, to: payment) }
    try await scene.mine()
    #expect(try await alerts(scene).count == 2)
    for _ in 0..<2 { try await scene.mine() }
    #expect(
      try await Set(alerts(scene)) == Set(payments.map { "\($0.terms.id) 50" }))
    for payment in payments { try forward(scene, 60, to: payment) }
    for _ in 0..<3 { try await scene.mine() }
    #expect(try await alerts(scene).count == 10)
  }

  @Test("a payment is looked at before its deadline passes, whosever turn it is")
  func deadline() async throws {
    let scene = try await Self.untraced(proofs: 1)
    var payments: [Payment] = []
    for _ in 0..<3 { payments.append(try await scene.pay("ETH", 700, expiresInSeconds: 3_600)) }
    let last = try await scene.pay("ETH", 700, expiresInSeconds: 600)
    try await scene.mine()
    try forward(scene, 50, to: last)
    scene.pass(seconds: 700)
    try await scene.mine()
    #expect(try await alerts(scene) == ["\(last.terms.id) 50"])
    #expect(try await scene.status(last) == .expired)
  }

  @Test("a reorganisation takes the alert back, and what comes again is told again")
  func reorganised() async throws {
    let scene = try await Self.untraced()
    let payment = try await scene.pay("ETH", 700)
    try forward(scene, 700, to: payment)
    try await scene.mine()
    try scene.node.reorganize(depth: 1, blocks: 2, transactions: .pending)
    try await scene.share()
    #expect(try await alerts(scene).count == 1)
    #expect(try await scene.eventCount("income.reversed") == 1)
    #expect(try await scene.rows("SELECT source FROM incomes") { try $0.text("source") } == [])
    try await scene.mine(3)
    #expect(try await alerts(scene).count == 2)
    #expect(try await scene.eventCount("income.reversed") == 1)
  }

  @Test(
    "no false proof makes an alert, and none hides what came",
    arguments: [ProofForgery.balance(5), .truncated, .flippedBit, .parentState])
  func lies(forgery: ProofForgery) async throws {
    let scene = try await Self.untraced(nodes: 1, quorum: 1)
    let payment = try await scene.pay("ETH", 700)
    let fault = scene.node.inject(.forgedProof(forgery))
    try await scene.mine()
    #expect(try await alerts(scene) == [])
    try forward(scene, 700, to: payment)
    try scene.node.mine()
    let report = try await scene.follow()[0]
    #expect(report.isAtTip)
    let isTrue = forgery == .balance(5)
    #expect(try await alerts(scene).count == (isTrue ? 1 : 0))
    scene.node.removeFault(fault)
    try await scene.followThroughTrouble()
    try await scene.mine()
    #expect(try await alerts(scene) == ["\(payment.terms.id) 700"])
  }

  @Test("blocks that nobody traced are made up for by balances, also after a restart")
  func lackingTraces() async throws {
    let scene = try await EthereumScene(adjust: { $0.tracePatienceSeconds = 0 })
    let payment = try await scene.pay("ETH", 700)
    for node in scene.chain.nodes {
      for method in ["debug_traceBlockByHash", "eth_getProof"] {
        node.inject(Fault(.error(code: -32_000, message: "execution timeout"), method: method))
      }
    }
    try forward(scene, 700, to: payment)
    try await scene.mine()
    #expect(try await scene.eventCount("chain.untraced") == 1)
    #expect(try await alerts(scene) == [])
    for node in scene.chain.nodes { node.removeAllFaults() }
    scene.restart()
    try await scene.mine()
    #expect(try await alerts(scene) == ["\(payment.terms.id) 700"])
    // What is made later is found by its traces.
    scene.pass(seconds: 10)
    let later = try await scene.pay("ETH", 700)
    try forward(scene, 700, to: later)
    try await scene.mine(2)
    #expect(try await alerts(scene).count == 1)
    #expect(try await scene.status(later) == .paid)
  }

  @Test(
    "a transfer that turns out to be what came takes the alert back, a part of it a part",
    arguments: [700, 300])
  func attributed(found: UInt64) async throws {
    let scene = try await Self.untraced()
    let payment = try await scene.pay("ETH", 700)
    try forward(scene, 700, to: payment)
    try await scene.mine()
    let head = scene.node.machine.head
    let block = BlockRef(height: UInt32(head.number), hash: head.hash)
    let transfer = TrackedTransfer(
      id: TransferID(
        chain: scene.chain.spec.name, txid: try #require(head.transactions.last).hash,
        position: .trace([0])), ordinal: payment.terms.ordinal, value: UInt256(found), inputs: [],
      isCoinbase: false, requirement: ConfirmationRequirement(confirmations: 2, finality: 4),
      state: .included(block), firstSeen: payment.terms.createdAt, blockTime: nil)
    try await scene.commit([TransferChange(before: nil, after: transfer)])
    scene.restart()
    try await scene.mine(3)
    #expect(try await scene.load(payment).received == UInt256(found))
    #expect(try await scene.eventCount("income.reversed") == 1)
    let rest = 700 - found
    #expect(
      try await scene.rows("SELECT value FROM incomes") { try $0.text("value") }
        == (rest > 0 ? ["\(rest)"] : []))
    #expect(
      try await alerts(scene)
        == ["\(payment.terms.id) 700"] + (rest > 0 ? ["\(payment.terms.id) \(rest)"] : []))
  }

  @Test("a further surplus at the same block adds to the first, and what is booked is no news")
  func again() async throws {
    let scene = try await Self.untraced()
    let payment = try await scene.pay("ETH", 700)
    let store = ChainStore(database: scene.database, specs: [scene.chain.spec])
    let record = try #require(try await store.record(of: scene.chain.spec.name, window: 2))
    let tip = record.cursor.tip
    var version = record.cursor.version
    for source in [.unattributed, .unattributed, .fees, .fees] as [IncomeSource] {
      var step = ChainStep(
        chain: scene.chain.spec.name, expectedVersion: version,
        addressesThrough: record.cursor.addressesThrough, now: payment.terms.createdAt)
      step.incomes = [
        AddressIncome(block: tip, ordinal: payment.terms.ordinal, source: source, value: 5)
      ]
      version = try await store.commit(step).version
    }
    let rows = try await scene.rows("SELECT source, value FROM incomes ORDER BY source") {
      try "\($0.text("source")) \($0.text("value"))"
    }
    #expect(rows == ["fees 5", "unattributed 10"])
    #expect(try await alerts(scene).count == 2)
    #expect(try await scene.eventCount("income.booked") == 1)
  }

  @Test("what was proved at another block than the store's is refused")
  func stale() async throws {
    let scene = try await Self.untraced()
    let payment = try await scene.pay("ETH", 700)
    let store = ChainStore(database: scene.database, specs: [scene.chain.spec])
    let record = try #require(try await store.record(of: scene.chain.spec.name, window: 2))
    var step = ChainStep(
      chain: scene.chain.spec.name, expectedVersion: record.cursor.version,
      addressesThrough: record.cursor.addressesThrough, now: Timestamp(seconds: 1_700_000_100))
    step.incomes = [
      AddressIncome(
        block: record.links[0].ref, ordinal: payment.terms.ordinal, source: .unattributed, value: 5)
    ]
    let refused = step
    await #expect(throws: StaleCursor.self) { _ = try await store.commit(refused) }
    #expect(try await scene.eventCount("income.unattributed") == 0)
  }

  @Test("an unproven call explains nothing, and takes the alert back once it is proved")
  func provedLater() async throws {
    let scene = try await Self.untraced(nodes: 1, quorum: 1)
    let payment = try await scene.pay("ETH", 700)
    try forward(scene, 700, to: payment)
    try await scene.mine(3)
    #expect(try await alerts(scene) == ["\(payment.terms.id) 700"])

    let fault = scene.node.inject(.prunedState(depth: 1))
    let told = try await scene.rescan(tracing: true).compare(from: 1, through: nil)
    _ = try await scene.rescan(tracing: true).write(told)
    scene.restart()
    #expect(try await scene.transfers() == ["trace:0 quarantined(unproven) 700"])
    scene.node.removeFault(fault)
    // What nobody proves mustn't hide what comes next.
    try forward(scene, 50, to: payment)
    try await scene.mine()
    #expect(
      try await alerts(scene) == ["\(payment.terms.id) 700", "\(payment.terms.id) 50"])

    let proved = try await scene.rescan(tracing: true).compare(from: 1, through: nil)
    _ = try await scene.rescan(tracing: true).write(proved)
    #expect(try await scene.load(payment).received == 750)
    #expect(try await scene.told("income.reversed").count == 2)
    #expect(try await scene.rows("SELECT value FROM incomes") { try $0.amount("value") } == [])
  }
}
