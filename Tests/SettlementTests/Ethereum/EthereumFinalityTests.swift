import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import NodeRPC
import Payments
import Settlement
import Testing
import Watching

@Suite("Finality, time and restarts on EVM chains")
struct EthereumFinalityTests {
  @Test(
    "money settles when its block is below what the chain calls final, however deep it is before")
  func tag() async throws {
    let options = EthereumChainOptions(safeDepth: 100, finalizedDepth: 100)
    let scene = try await EthereumScene([options])
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(20)
    #expect(try await scene.status(payment) == .paid)
    for node in scene.chain.nodes { node.finalize(3, safe: 4) }
    try await scene.follow()
    #expect(try await scene.status(payment) == .paid)
    // One node's word isn't enough.
    scene.node.finalize(4, safe: 4)
    try await scene.follow()
    #expect(try await scene.status(payment) == .paid)
    scene.chain.nodes[1].finalize(4, safe: 4)
    try await scene.follow()
    #expect(try await scene.status(payment) == .settled)
  }

  @Test("a chain may take as final what its nodes call safe, and halts where that is replaced")
  func safe() async throws {
    let options = EthereumChainOptions(safeDepth: 100, finalizedDepth: 100)
    let scene = try await EthereumScene([options], finalityTag: .safe)
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(20)
    for node in scene.chain.nodes { node.finalize(1, safe: 3) }
    try await scene.follow()
    #expect(try await scene.status(payment) == .paid)
    for node in scene.chain.nodes { node.finalize(2, safe: 4) }
    try await scene.follow()
    #expect(try await scene.status(payment) == .settled)
    let kept = try await scene.rows("SELECT final_height AS n FROM chains") { try $0.integer("n") }
    #expect(kept == [4])
    for node in scene.chain.nodes { try node.reorganize(depth: 20, transactions: .dropped) }
    try await scene.mine(3)
    #expect(try await scene.halt()?.contains("final") == true)
  }

  @Test("without a tag depth alone settles")
  func depth() async throws {
    let scene = try await EthereumScene(finalityTag: nil)
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(3)
    #expect(try await scene.status(payment) == .paid)
    try await scene.mine(1)
    #expect(try await scene.status(payment) == .settled)
  }

  @Test("nodes that name no final block settle nothing")
  func noTag() async throws {
    let scene = try await EthereumScene()
    for node in scene.chain.nodes { node.inject(.noFinality) }
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(20)
    #expect(try await scene.status(payment) == .paid)
  }

  @Test("one node that calls another block final halts nothing; a quorum that does halts crediting")
  func wrongFinalized() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    try await scene.mine(12)
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    scene.node.inject(.wrongFinalized)
    try await scene.mine(12)
    #expect(try await scene.halt()?.contains("final") == true)
    #expect(try await scene.status(payment) != .settled)
    #expect(try await scene.eventCount("chain.halted") == 1)
  }

  @Test("a final block that is replaced halts crediting, and the money stays told as it was")
  func finalReplaced() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let settled = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: settled.address))
    try await scene.mine(12)
    #expect(try await scene.status(settled) == .settled)
    let later = try await scene.pay("ETH", 800)
    try scene.node.reorganize(depth: 12, transactions: .dropped)
    try scene.node.send(.ether(800, to: later.address))
    try await scene.mine(20)
    #expect(try await scene.halt()?.contains("final") == true)
    #expect(try await scene.status(settled) == .open, "what isn't in the chain isn't credited")
    #expect(try await scene.status(later) == .processing, "nothing is confirmed any more")
  }

  //  1 ── 2 ── 3 (scanning begins) ── 4 ── 5          halted │ resumed
  //  └─── 2' (pays) ── … ── 9'
  @Test("a reorg below where scanning began is followed, and halts crediting alone")
  func belowAnchor() async throws {
    let scene = try await EthereumScene(
      nodes: 1, quorum: 1, finalityTag: nil,
      adjust: {
        $0 = EthereumWatcherSettings(spec: $0.spec, network: $0.network, start: .height(3))
      })
    let payment = try await scene.pay("ETH", 700)
    try await scene.mine(2)
    let paying = try scene.node.transaction(.ether(700, to: payment.address))
    try scene.node.reorganize(depth: 4, blocks: 8, including: [paying])
    let reports = try await scene.follow()
    #expect(reports.map(\.isAtTip) == [true])
    #expect(try await scene.halt()?.contains("took back 4 blocks") == true)
    #expect(try await scene.status(payment) == .processing)
    let (name, now) = (scene.chain.spec.name, scene.now)
    _ = try await scene.database.write {
      try ChainResumption.resume(name, by: "ada", now: now, in: $0)
    }
    scene.restart()
    try await scene.mine()
    #expect(try await scene.halt() == nil)
    #expect(try await scene.status(payment) == .settled)
    let holes = try await scene.database.read { try ChainRecords.coverageHoles(of: name, in: $0) }
    #expect(holes == [])
  }

  @Test("a deadline passes with a block of a later time, and with none before")
  func deadline() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700, expiresInSeconds: 600)
    scene.pass(seconds: 601)
    try await scene.follow()
    #expect(try await scene.status(payment) == .open, "no block says that nothing came")
    try await scene.mine()
    #expect(try await scene.status(payment) == .expired)
  }

  @Test("a chain that stalls passes no deadline and is told once; a block's time says what is late")
  func stalled() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700, expiresInSeconds: 600)
    try scene.node.send(.ether(700, to: payment.address))
    scene.pass(seconds: 4_000)
    for _ in 0..<3 { try await scene.follow() }
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.eventCount("chain.stalled") == 1)
    try await scene.mine(12)
    let paid = try await scene.load(payment)
    #expect(paid.isLate)
    #expect(paid.status == .expired, "it waits for an operator")
  }

  @Test("money a second after the deadline is late, held for an operator, and never lost")
  func late() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700, expiresInSeconds: 600)
    scene.pass(seconds: 601)
    try await scene.mine()
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(12)
    let late = try await scene.load(payment)
    #expect(late.status == .expired)
    #expect(late.heldValue == 700)
    #expect(late.received == 700)
  }

  @Test("a watcher that begins anew in the middle goes on where the store stands")
  func restart() async throws {
    let scene = try await EthereumScene()
    let first = try await scene.pay("ETH", 700)
    let second = try await scene.pay("USDC", 800)
    try scene.node.send(.ether(700, to: first.address))
    try await scene.mine()
    scene.restart()
    try scene.node.send(.token(SimulatedContracts.usdc, 800, to: second.address))
    try scene.node.reorganize(depth: 1)
    try await scene.mine(2)
    scene.restart()
    try await scene.mine(10)
    #expect(try await scene.status(first) == .settled)
    #expect(try await scene.status(second) == .settled)
    let name = scene.chain.spec.name
    let holes = try await scene.database.read { try ChainRecords.coverageHoles(of: name, in: $0) }
    #expect(holes == [])
  }

  @Test("some hundred blocks are caught up with, and every payment in them is found")
  func catchUp() async throws {
    let scene = try await EthereumScene(adjust: {
      $0.blocksPerCommit = 32
      $0.headersPerStep = 100
    })
    var payments: [Payment] = []
    for place in 0..<5 {
      let payment = try await scene.pay(["ETH", "USDC", "USDT"][place % 3], 1_000)
      payments.append(payment)
    }
    let contracts = ["USDC": SimulatedContracts.usdc, "USDT": SimulatedContracts.usdt]
    for payment in payments {
      if let contract = contracts[payment.terms.asset.symbol] {
        try scene.node.send(.token(contract, 1_000, to: payment.address))
      } else {
        try scene.node.send(.ether(1_000, to: payment.address))
      }
      try scene.node.mine(60)
    }
    scene.chain.nodes[1].inject(.forgedReceipts(.missing))
    scene.chain.nodes[2].inject(.nullReceipts)
    try await scene.share()
    #expect(try await scene.follow()[0].isAtTip)
    for payment in payments { #expect(try await scene.status(payment) == .settled) }
  }
}
