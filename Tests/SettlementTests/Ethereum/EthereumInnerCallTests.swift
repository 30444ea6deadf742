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

/// Ether that moves without a transaction of its own.
@Suite("Ether inside transactions and beside them")
struct EthereumInnerCallTests {
  private static let forwarder = SimulatedContracts.forwarder

  /// A payment of 700 wei that a call of the forwarder is meant for.
  private func called(
    _ scene: EthereumScene, _ function: String, _ amount: UInt256 = 700
  ) async throws -> Payment {
    let payment = try await scene.pay("ETH", amount)
    try scene.node.send(
      .calling(
        Self.forwarder, "\(function)(address)", [.address(payment.address)], wei: 700))
    return payment
  }

  @Test(
    "value of calls that were undone, or that move none by their kind, isn't credited",
    arguments: ["forwardAndRevert", "innerReverts", "overdraw", "delegate", "callCode"])
  func nothingMoved(function: String) async throws {
    let scene = try await EthereumScene()
    let payment = try await called(scene, function)
    try await scene.mine(10)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == [])
    #expect(scene.node.balance(of: try payment.address) == .zero)
  }

  @Test(
    "value that did arrive inside a transaction is credited once",
    arguments: ["forward", "destroyInto"])
  func moved(function: String) async throws {
    let scene = try await EthereumScene()
    let payment = try await called(scene, function)
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.load(payment).received == 700)
    #expect(try await scene.transfers() == ["trace:0 final 700"])
  }

  @Test("traces that a single node makes up credit nothing")
  func phantom() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payment = try await scene.pay("ETH", 700)
    scene.node.inject(.forgedTraces(.phantom(to: try payment.address, 700)))
    try scene.node.send(.token(SimulatedContracts.usdc, 1, to: SimulatedContracts.fake))
    try await scene.mine(10)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == ["trace:0 quarantined(unproven) 700"])
  }

  @Test("a phantom beside a true payment takes nothing from it and adds nothing")
  func phantomBesideTruth() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payment = try await scene.pay("ETH", 700)
    scene.node.inject(.forgedTraces(.phantom(to: try payment.address, 700)))
    try scene.node.send(.ether(700, to: payment.address))
    // The phantom is put into the last transaction.
    try scene.node.send(.token(SimulatedContracts.usdc, 1, to: SimulatedContracts.fake))
    try await scene.mine(12)
    #expect(try await scene.load(payment).received == 700)
    #expect(
      try await scene.transfers() == ["trace:0 quarantined(unproven) 700", "value final 700"])
  }

  private static let traceForgeries: [TraceForgery] = [
    .withoutCalls, .withoutErrors, .doubled, .missing,
  ]

  @Test(
    "where one node lies about calls, what the others say of them is credited",
    arguments: traceForgeries, [0, 1, 2])
  func lyingTraces(forgery: TraceForgery, liar: Int) async throws {
    let scene = try await EthereumScene()
    scene.chain.nodes[liar].inject(.forgedTraces(forgery))
    let payment = try await called(scene, "forward")
    let undone = try await called(scene, "innerReverts")
    try await scene.mine(12)
    try await scene.followThroughTrouble()
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.status(undone) == .open)
    #expect(try await scene.load(payment).received == 700)
  }

  @Test("a call put in the place of another takes nothing from it", arguments: [0, 1, 2])
  func samePlace(liar: Int) async throws {
    let scene = try await EthereumScene()
    let other = try await scene.pay("ETH", 700)
    scene.chain.nodes[liar].inject(.forgedTraces(.withoutCalls))
    scene.chain.nodes[liar].inject(.forgedTraces(.phantom(to: try other.address, 700)))
    let payment = try await called(scene, "forward")
    try await scene.mine(12)
    #expect(try await scene.follow()[0].hold == nil)
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.status(other) == .open)
  }

  @Test("what two nodes tell in different numbers of calls is credited by neither")
  func contradicting() async throws {
    let scene = try await EthereumScene()
    scene.chain.nodes[0].inject(.forgedTraces(.split(7)))
    let payment = try await called(scene, "forward")
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers().allSatisfy { $0.contains("quarantined(unproven)") })
    #expect(try await scene.eventCount("transfer.quarantined") == 7)
  }

  @Test("of what nothing proves only so much is recorded, and the block counts as untraced")
  func madeUpByTheHundred() async throws {
    let scene = try await EthereumScene()
    scene.chain.nodes[0].inject(.forgedTraces(.split(200)))
    _ = try await called(scene, "forward")
    try await scene.mine(12)
    #expect(try await scene.follow()[0].hold != nil)
    scene.pass(seconds: 600)
    try await scene.follow()
    #expect(try await scene.transfers().count == 64)
    #expect(try await scene.eventCount("chain.untraced") > 0)
  }

  @Test("nodes that only number calls differently agree on what these brought")
  func renumbered() async throws {
    let scene = try await EthereumScene()
    scene.chain.nodes[1].inject(.forgedTraces(.renumbered))
    let payment = try await called(scene, "forward")
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.load(payment).received == 700)
  }

  @Test(
    "blocks that are never traced, in turns with others, don't hold a reorganisation up for ever")
  func untraceableBranch() async throws {
    var link: UntraceableTransport?
    let scene = try await EthereumScene(
      nodes: 1, quorum: 1,
      transport: { node in
        let transport = UntraceableTransport(node)
        link = transport
        return transport
      })
    let transport = try #require(link)
    try await scene.mine(3)
    let payment = try await scene.pay("ETH", 700)
    try scene.node.reorganize(depth: 2, blocks: 1)
    for place in 0..<5 {
      try scene.node.send(
        .calling(Self.forwarder, "forward(address)", [.address(payment.address)], wei: 1))
      let block = try scene.node.mine()[0]
      if place % 2 == 0 { transport.refuseTraces(of: block.hash) }
    }
    var waits = 0
    while try await scene.follow()[0].hold != nil, waits < 10 {
      scene.pass(seconds: 61)
      waits += 1
    }
    #expect(waits == 1)
    #expect(try await scene.follow()[0].tip == scene.node.tip)
    let transfers = try await scene.transfers()
    #expect(transfers.count == 2, "those of the two blocks that are traced: \(transfers)")
    #expect(transfers.allSatisfy { $0.hasPrefix("trace:0") })
  }

  @Test("traces that no node gives for a moment are waited for, and those that never come aren't")
  func tracesLater() async throws {
    let scene = try await EthereumScene()
    func interrupt() -> [UInt64] {
      scene.chain.nodes.map {
        $0.inject(
          Fault(.error(code: -32_000, message: "execution timeout"), method: Self.tracing))
      }
    }
    let faults = interrupt()
    let payment = try await called(scene, "forward")
    try await scene.mine(12)
    #expect(try await scene.follow()[0].hold != nil)
    for (node, fault) in zip(scene.chain.nodes, faults) { node.removeFault(fault) }
    try await scene.follow()
    #expect(try await scene.status(payment) == .settled)

    _ = interrupt()
    let direct = try await scene.pay("ETH", 5)
    try scene.node.send(.ether(5, to: direct.address))
    try await scene.mine(12)
    #expect(try await scene.status(direct) == .open)
    scene.pass(seconds: 600)
    try await scene.follow()
    #expect(try await scene.status(direct) == .settled)
  }

  @Test("one node's word for calls isn't enough while another may yet tell of them")
  func silentWitnesses() async throws {
    let scene = try await EthereumScene()
    scene.node.inject(.forgedTraces(.withoutCalls))
    for node in scene.chain.nodes.dropFirst() {
      node.inject(
        Fault(.error(code: -32_000, message: "execution timeout"), method: Self.tracing, count: 1))
    }
    let payment = try await called(scene, "forward")
    try await scene.mine(12)
    for _ in 0..<3 { try await scene.follow() }
    #expect(try await scene.status(payment) == .settled)
  }

  private static let tracing = "debug_traceBlockByHash"

  private static let proofForgeries: [ProofForgery] = [
    .balance(5), .truncated, .flippedBit, .parentState,
  ]

  @Test(
    "where one node lies about balances, another one's proofs count",
    arguments: proofForgeries, [0, 1, 2])
  func lyingProofs(forgery: ProofForgery, liar: Int) async throws {
    let scene = try await EthereumScene()
    scene.chain.nodes[liar].inject(.forgedProof(forgery))
    let payment = try await called(scene, "forward")
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.transfers() == ["trace:0 final 700"])
  }

  @Test(
    "without a sound proof nothing inside a transaction is credited, and it is told",
    arguments: [ProofForgery.truncated, .flippedBit, .parentState])
  func noProof(forgery: ProofForgery) async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    scene.node.inject(.forgedProof(forgery))
    let payment = try await called(scene, "forward")
    try await scene.mine(10)
    #expect(try await scene.follow()[0].hold != nil, "proofs may come yet")
    #expect(try await scene.transfers() == [])
    scene.pass(seconds: 600)
    try await scene.follow()
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == ["trace:0 quarantined(unproven) 700"])
    #expect(try await scene.eventCount("transfer.quarantined") == 1)
  }

  @Test("proofs that no node gives for a moment are waited for")
  func proofsLater() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let fault = scene.node.inject(.forgedProof(.truncated))
    let payment = try await called(scene, "forward")
    try await scene.mine(12)
    #expect(try await scene.follow()[0].hold != nil)
    scene.node.removeFault(fault)
    try await scene.follow()
    #expect(try await scene.transfers() == ["trace:0 final 700"])
    #expect(try await scene.status(payment) == .settled)
  }

  @Test("a state that every node has thrown away is waited for by nobody")
  func prunedState() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payment = try await called(scene, "forward")
    try scene.node.mine(12)
    scene.node.inject(.prunedState(depth: 2))
    try await scene.follow()
    #expect(try await scene.follow()[0].hold == nil)
    #expect(try await scene.transfers() == ["trace:0 quarantined(unproven) 700"])
    #expect(try await scene.status(payment) == .open)
  }

  @Test("a node without traces keeps neither the chain nor other payments waiting")
  func noTraces() async throws {
    let scene = try await EthereumScene()
    for node in scene.chain.nodes {
      node.inject(.methodUnavailable, method: "debug_traceBlockByHash")
    }
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .settled)
    #expect(scene.chain.pool.status().allSatisfy { $0.score == 1_000 }, "it is no fault of theirs")
  }

  @Test("one node that traces is enough to find what moved, and enough to be proved wrong")
  func oneTraces() async throws {
    let scene = try await EthereumScene()
    for node in scene.chain.nodes.dropLast() {
      node.inject(.methodUnavailable, method: Self.tracing)
    }
    let payment = try await called(scene, "forward")
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .settled)
    scene.chain.nodes[2].inject(.forgedTraces(.doubled))
    let other = try await called(scene, "forward")
    try await scene.mine(12)
    #expect(try await scene.status(other) == .open)
    #expect(
      try await scene.transfers() == ["trace:0 final 700", "trace:0 quarantined(unproven) 1400"])
    // What that node left out only balances show: they are looked at.
    let since = try await scene.rows("SELECT untraced_at FROM chains") {
      try $0.optionalInteger("untraced_at")
    }
    #expect(since.allSatisfy { $0 != nil })
    #expect(try await scene.eventCount("chain.untraced") == 0)
  }

  @Test("withdrawals and fees of a watched address are never a payment")
  func besideTransactions() async throws {
    let scene = try await EthereumScene()
    let withdrawn = try await scene.pay("ETH", 9_000_000_000)
    let earning = try await scene.pay("ETH", 21_000_000_000_000)
    try scene.node.send(.ether(1, to: SimulatedContracts.fake))
    let extras = BlockExtras(
      feeRecipient: try earning.address, withdrawals: [(recipient: try withdrawn.address, gwei: 9)])
    try await scene.mine(12, extras: extras)
    #expect(scene.node.balance(of: try withdrawn.address) == 9_000_000_000)
    #expect(scene.node.balance(of: try earning.address) > .zero)
    #expect(try await scene.status(withdrawn) == .open)
    #expect(try await scene.status(earning) == .open)
    #expect(try await scene.transfers() == [])
  }

  @Test("a withdrawal in the same block takes nothing from what a call moved, and adds nothing")
  func withdrawalBeside() async throws {
    let scene = try await EthereumScene()
    let payment = try await called(scene, "forward")
    let extras = BlockExtras(withdrawals: [(recipient: try payment.address, gwei: 9)])
    try await scene.mine(12, extras: extras)
    #expect(try await scene.load(payment).received == 700)
    #expect(try await scene.transfers() == ["trace:0 final 700"])
  }

  @Test("fees that can't be told from a payment leave it to an operator")
  func feesBeside() async throws {
    let scene = try await EthereumScene()
    let payment = try await called(scene, "forward")
    try await scene.mine(10, extras: BlockExtras(feeRecipient: try payment.address))
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == ["trace:0 quarantined(unproven) 700"])
  }

  @Test("ether that the chain itself logs is counted once, by its transaction or its call")
  func loggedEther() async throws {
    let scene = try await EthereumScene([EthereumChainOptions(fork: .amsterdam)])
    let plain = try await scene.pay("ETH", 700)
    let tokens = try await scene.pay("USDC", 5)
    try scene.node.send(.ether(700, to: plain.address))
    try scene.node.send(.token(SimulatedContracts.usdc, 5, to: tokens.address))
    let inner = try await called(scene, "forward")
    try await scene.mine(12)
    for payment in [plain, tokens, inner] {
      #expect(try await scene.status(payment) == .settled)
      #expect(try await scene.load(payment).received == payment.terms.amount)
    }
    #expect(
      try await scene.transfers() == ["log:0 final 5", "trace:0 final 700", "value final 700"])
    #expect(try await scene.eventCount("transfer.misdirected") == 0)
  }
}
