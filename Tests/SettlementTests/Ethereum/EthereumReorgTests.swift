import Addresses
import Bytes
import ChainSim
import ChainTracking
import ChainTypes
import NodeRPC
import Payments
import Settlement
import Testing
import Watching

@Suite("Reorganisations of EVM chains")
struct EthereumReorgTests {
  @Test(
    "a transaction in another block, at another place, with other log indices is the same transfer")
  func moved() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("USDC", 5_000)
    let other = try await scene.pay("USDT", 6_000)
    try scene.node.send(.token(SimulatedContracts.usdt, 6_000, to: other.address).by(account: 1))
    try scene.node.send(.token(SimulatedContracts.usdc, 5_000, to: payment.address).by(account: 2))
    try await scene.mine(2)
    #expect(try await scene.status(payment) == .paid)
    try scene.node.reorganize(depth: 2, transactions: .mined(reversed: true))
    try await scene.share()
    #expect(try await scene.status(payment) == .paid)
    #expect(try await scene.status(other) == .paid)
    #expect(try await scene.transfers() == ["log:0 confirmed 5000", "log:0 confirmed 6000"])

    try scene.node.reorganize(depth: 3, blocks: 4, transactions: .pending)
    try await scene.share()
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == ["log:0 orphaned 5000", "log:0 orphaned 6000"])
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.load(payment).received == 5_000)
    #expect(try await scene.transfers() == ["log:0 final 5000", "log:0 final 6000"])
  }

  @Test("what a reorganisation drops for good is reversed and stays gone")
  func dropped() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(2)
    #expect(try await scene.status(payment) == .paid)
    try scene.node.reorganize(depth: 2, transactions: .dropped)
    try await scene.mine(12)
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.load(payment).reversals == 1)
    #expect(try await scene.transfers() == ["value orphaned 700"])
    #expect(scene.node.balance(of: try payment.address) == .zero)
  }

  @Test(
    "a token's transfer that fails in the other branch is reversed, and counts again with its success"
  )
  func failsAndSucceeds() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payment = try await scene.pay("USDC", 5_000)
    try scene.node.send(
      .token(SimulatedContracts.usdc, 5_000, to: payment.address).by(account: 1))
    try await scene.mine(2)
    #expect(try await scene.status(payment) == .paid)
    let pause = scene.node.transaction(.calling(SimulatedContracts.usdc, "pause()"))
    try scene.node.reorganize(depth: 2, including: [pause])
    try await scene.follow()
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == ["log:0 orphaned 5000"])
    try scene.node.reorganize(depth: 3, transactions: .mined(except: [pause.hash]))
    try await scene.follow()
    #expect(try await scene.status(payment) == .paid)
    #expect(try await scene.load(payment).received == 5_000)
  }

  @Test("a transfer that failed first and succeeds after a reorganisation is credited once")
  func succeedsLater() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payment = try await scene.pay("USDC", 5_000)
    let pause = try scene.node.send(.calling(SimulatedContracts.usdc, "pause()"))
    try await scene.mine()
    try scene.node.send(
      .token(SimulatedContracts.usdc, 5_000, to: payment.address).by(account: 1))
    try await scene.mine(3)
    #expect(try await scene.status(payment) == .open)
    try scene.node.reorganize(depth: 4, transactions: .mined(except: [pause.hash]))
    try await scene.follow()
    #expect(try await scene.status(payment) == .paid)
    #expect(try await scene.transfers() == ["log:0 confirmed 5000"])
  }

  @Test("where the same transaction moves another value after a reorganisation, that value counts")
  func anotherValue() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payment = try await scene.pay("USDT", 9_990)
    func fee(_ points: UInt256) -> EthereumOrder {
      .calling(
        SimulatedContracts.usdt, "setParams(uint256,uint256)", [.number(points), .number(49)])
    }
    try scene.node.send(fee(10))
    try await scene.mine()
    try scene.node.send(
      .token(SimulatedContracts.usdt, 10_000, to: payment.address).by(account: 1))
    try await scene.mine(2)
    #expect(try await scene.status(payment) == .paid)
    try scene.node.reorganize(depth: 2, including: [scene.node.transaction(fee(19))])
    try await scene.mine(12)
    let arrived = scene.node.balance(of: try payment.address, in: SimulatedContracts.usdt)
    #expect(arrived == 9_981)
    let received = try await scene.load(payment).received
    #expect(received == arrived)
    #expect(try await scene.status(payment) == .partiallyPaid)
    #expect(try await scene.transfers() == ["log:1 final 9981"])
  }

  @Test("a transfer that another branch gives to another payment counts for that one alone")
  func anotherRecipient() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let first = try await scene.pay("ETH", 700)
    let second = try await scene.pay("ETH", 700)
    let tip = scene.node.tip
    func transfer(_ payment: Payment, _ state: TransferState) -> TrackedTransfer {
      TrackedTransfer(
        id: TransferID(chain: scene.chain.spec.name, txid: .zero, position: .trace([0])),
        ordinal: payment.terms.ordinal, value: 700, inputs: [], isCoinbase: false,
        requirement: ConfirmationRequirement(confirmations: 2, finality: 4), state: state,
        firstSeen: payment.terms.createdAt, blockTime: nil)
    }
    let (was, gone) = (transfer(first, .included(tip)), transfer(first, .orphaned(tip)))
    try await scene.commit([TransferChange(before: nil, after: was)])
    #expect(try await scene.status(first) == .processing)
    // In one step with others, as a reorganisation is.
    try await scene.commit([
      TransferChange(before: was, after: gone),
      TransferChange(before: gone, after: transfer(second, .included(tip))),
    ])
    #expect(try await scene.status(first) == .open)
    #expect(try await scene.status(second) == .processing)
    let owners = try await scene.rows("SELECT ordinal FROM transfers") { try $0.ordinal("ordinal") }
    #expect(owners == [second.terms.ordinal])
  }

  @Test("a reorganisation whose blocks nobody proves yet takes nothing back until somebody does")
  func unprovenBranch() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(3)
    try scene.node.reorganize(depth: 3, transactions: .dropped)
    try scene.node.send(.token(SimulatedContracts.usdc, 1, to: SimulatedContracts.fake))
    try scene.node.mine()
    let fault = scene.node.inject(.nullReceipts)
    let report = try await scene.follow()[0]
    #expect(report.hold != nil)
    #expect(report.disconnected == 0)
    #expect(try await scene.status(payment) == .paid)
    scene.node.removeFault(fault)
    try await scene.follow()
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.transfers() == ["value orphaned 700"])
  }

  @Test("a reorganisation deeper than what is held in memory is followed from the store")
  func belowWindow() async throws {
    let options = EthereumChainOptions(safeDepth: 50, finalizedDepth: 50)
    let scene = try await EthereumScene([options], adjust: { $0.window = 4 })
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(12)
    try scene.node.reorganize(depth: 12, transactions: .pending)
    try await scene.share()
    #expect(try await scene.halt() == nil)
    #expect(try await scene.transfers() == ["value orphaned 700"])
    try await scene.mine(2)
    #expect(try await scene.follow()[0].isAtTip)
    #expect(try await scene.status(payment) == .paid)
  }

  @Test("nodes on branches of their own settle nothing, and the quorum's branch is followed")
  func partition() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    scene.chain.network.partition([[0], [1], [2]])
    for node in scene.chain.nodes { try node.mine(2) }
    let held = try await scene.follow()[0]
    guard case .nodes(.disagreement(_)) = held.hold else {
      Issue.record("\(String(describing: held.hold))")
      return
    }
    #expect(try await scene.status(payment) == .open)
    scene.chain.network.heal()
    try await scene.mine(2)
    try await scene.share()
    #expect(try await scene.follow()[0].isAtTip)
    #expect(try await scene.status(payment) == .paid)
  }

  @Test("with the honest nodes down, one node's word is never enough")
  func noQuorum() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    for node in scene.chain.nodes.dropFirst() { node.inject(Fault(.connectionDropped)) }
    try await scene.mine(6)
    #expect(try await scene.follow()[0].hold == .nodes(.tooFewNodes(answering: 1, quorum: 2)))
    #expect(try await scene.status(payment) == .open)
    for node in scene.chain.nodes { node.removeAllFaults() }
    scene.pass(seconds: 3_600)
    try await scene.mine(6)
    #expect(try await scene.status(payment) == .settled)
  }

  @Test("a node that lags, even one that is asked first, takes nothing back", arguments: [0, 1, 2])
  func lagging(place: Int) async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(3)
    scene.chain.nodes[place].inject(Fault(.laggingTip(blocks: 3)))
    let report = try await scene.follow()[0]
    #expect(report.disconnected == 0)
    try await scene.mine(10)
    #expect(try await scene.follow()[0].isAtTip)
    #expect(try await scene.status(payment) == .settled)
  }

  @Test("where all nodes fall behind, the watcher waits and takes nothing back")
  func allBehind() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(3)
    for node in scene.chain.nodes { node.inject(Fault(.laggingTip(blocks: 3))) }
    let report = try await scene.follow()[0]
    guard case .behind(_) = report.hold else {
      Issue.record("\(String(describing: report.hold))")
      return
    }
    #expect(try await scene.status(payment) == .paid)
  }
}
