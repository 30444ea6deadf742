import Bytes
import ChainSim
import ChainTracking
import ChainTypes
import Database
import NodeRPC
import Payments
import Testing
import Watching

@Suite("Rescans of EVM chains")
struct EthereumRescanTests {
  /// A block with a payment by value, by log and by call, and a transaction that fails.
  private static func pay(_ scene: EthereumScene) async throws -> [Payment] {
    let ether = try await scene.pay("ETH", 700)
    let tokens = try await scene.pay("USDC", 5)
    let called = try await scene.pay("ETH", 800)
    let failed = try await scene.pay("ETH", 900)
    try scene.node.send(.ether(700, to: ether.address))
    try scene.node.send(.token(SimulatedContracts.usdc, 5, to: tokens.address))
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forward(address)", [.address(called.address)], wei: 800))
    try scene.node.send(.token(SimulatedContracts.fake, 5, to: tokens.address))
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forwardAndRevert(address)", [.address(failed.address)],
        wei: 900))
    return [ether, tokens, called]
  }

  @Test("a range that is recorded as it stands is clean, and what was lost comes back as it was")
  func lost() async throws {
    let scene = try await EthereumScene()
    let payments = try await Self.pay(scene)
    try await scene.mine(12)
    let recorded = try await scene.transfers()
    #expect(recorded.count == 4)
    let clean = try await scene.rescan().compare(from: 1, through: nil)
    #expect(clean.missing.isEmpty && clean.surplus.isEmpty)
    #expect(clean.transferCount == 4 && clean.untracedCount == 0)

    _ = try await scene.database.write { try $0.execute("DELETE FROM transfers") }
    let findings = try await scene.rescan().compare(from: 1, through: nil)
    #expect(findings.missing.count == 4)
    #expect(findings.missing.allSatisfy { $0.isRecordable })
    _ = try await scene.rescan().write(findings)
    #expect(try await scene.transfers() == recorded)
    for payment in payments { #expect(try await scene.status(payment) == .settled) }
    #expect(try await scene.rescan().compare(from: 1, through: nil).missing.isEmpty)
  }

  @Test("what couldn't be proved is credited once a rescan proves it")
  func provedLater() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let fault = scene.node.inject(.prunedState(depth: 2))
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forward(address)", [.address(payment.address)], wei: 700))
    try scene.node.mine(12)
    try await scene.follow()
    #expect(try await scene.transfers() == ["trace:0 quarantined(unproven) 700"])
    let still = try await scene.rescan().compare(from: 1, through: nil)
    #expect(still.missing.isEmpty, "nobody proves it yet, and that is recorded")

    scene.node.removeFault(fault)
    let findings = try await scene.rescan().compare(from: 1, through: nil)
    #expect(findings.missing.map(\.recorded?.state) == [.quarantined(.unproven)])
    let changes = try await scene.rescan().write(findings)
    #expect(changes.map(\.after.state.name) == ["included", "confirmed", "final"])
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.load(payment).received == 700)
    #expect(try await scene.rescan().write(findings).isEmpty, "once")
    #expect(try await scene.load(payment).received == 700)
  }

  @Test("what calls brought isn't credited again where a node numbers them otherwise")
  func renumbered() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    let payments = try await Self.pay(scene)
    try await scene.mine(12)
    scene.node.inject(.forgedTraces(.renumbered))
    let findings = try await scene.rescan().compare(from: 1, through: nil)
    #expect(findings.missing.map(\.transfer.id.position) == [.trace([1])])
    #expect(findings.missing.map { $0.isRecordable } == [false])
    #expect(findings.surplus.map(\.id.position) == [.trace([0])])
    #expect(try await scene.rescan().write(findings).isEmpty)
    #expect(try await scene.load(payments[2]).received == 800)
    // Nothing is recorded: then it is one like any other.
    _ = try await scene.database.write { try $0.execute("DELETE FROM transfers") }
    let lost = try await scene.rescan().compare(from: 1, through: nil)
    #expect(lost.missing.count == 4 && lost.missing.allSatisfy { $0.isRecordable })
  }

  @Test("proofs that may still come leave a rescan unfinished")
  func pending() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    _ = try await Self.pay(scene)
    try await scene.mine(12)
    scene.node.inject(.forgedProof(.truncated))
    let findings = try await scene.rescan().compare(from: 1, through: nil)
    #expect(findings.pendingCount == 1 && findings.untracedCount == 0)
    #expect(findings.missing.isEmpty && findings.surplus.isEmpty)
  }

  @Test("nothing becomes final by a rescan that the chain doesn't call so")
  func finality() async throws {
    let scene = try await EthereumScene(nodes: 1, quorum: 1)
    scene.node.inject(.noFinality)
    let payment = try await scene.pay("ETH", 700)
    try scene.node.send(.ether(700, to: payment.address))
    try await scene.mine(12)
    _ = try await scene.database.write { try $0.execute("DELETE FROM transfers") }
    let findings = try await scene.rescan().compare(from: 1, through: nil)
    let changes = try await scene.rescan().write(findings)
    #expect(changes.map(\.after.state.name) == ["included", "confirmed"])
    #expect(try await scene.status(payment) == .paid)
  }

  @Test("where no node tells of calls, what is recorded of them is no difference")
  func untraced() async throws {
    let scene = try await EthereumScene()
    _ = try await Self.pay(scene)
    try await scene.mine(12)
    for node in scene.chain.nodes {
      node.inject(.methodUnavailable, method: "debug_traceBlockByHash")
    }
    let findings = try await scene.rescan().compare(from: 1, through: nil)
    #expect(findings.missing.isEmpty && findings.surplus.isEmpty)
    #expect(findings.untracedCount == 1)
    #expect(findings.transferCount == 3)
  }

  @Test("what is recorded in a block that doesn't hold it is told")
  func surplus() async throws {
    let scene = try await EthereumScene()
    _ = try await Self.pay(scene)
    try await scene.mine(12)
    _ = try await scene.database.write {
      try $0.execute("UPDATE transfers SET position = 'log:9' WHERE position = 'value'")
    }
    let findings = try await scene.rescan().compare(from: 1, through: nil)
    #expect(findings.surplus.map(\.id.position) == [.log(9)])
    #expect(findings.missing.map(\.transfer.id.position) == [.value])
  }

  @Test("blocks below the headers that are kept are found by their hashes")
  func belowHeaders() async throws {
    let scene = try await EthereumScene()
    _ = try await Self.pay(scene)
    try await scene.mine(12)
    let tip = try #require(try await scene.follow()[0].tip?.height)
    _ = try await scene.database.write {
      try $0.execute("DELETE FROM headers WHERE height < \(tip - 2)")
    }
    let findings = try await scene.rescan().compare(from: 1, through: nil)
    #expect(findings.blockCount == Int(tip))
    #expect(findings.missing.isEmpty && findings.transferCount == 4)

    // A coverage of another history isn't compared with this one.
    _ = try await scene.database.write {
      try $0.execute("UPDATE coverage SET through_hash = $1", [.blob(Hash32.zero.bytes)])
    }
    await #expect(throws: RescanError.self) {
      try await scene.rescan().compare(from: 1, through: nil)
    }
  }

  @Test("a forged block is refused, and another node's taken", arguments: [0, 1, 2])
  func forged(liar: Int) async throws {
    let scene = try await EthereumScene()
    _ = try await Self.pay(scene)
    try await scene.mine(12)
    _ = try await scene.database.write { try $0.execute("DELETE FROM transfers") }
    scene.chain.nodes[liar].inject(.forgedReceipts(.missingLog))
    let findings = try await scene.rescan().compare(from: 1, through: nil)
    #expect(findings.missing.count == 4)

    for node in scene.chain.nodes where node.name != scene.chain.nodes[liar].name {
      node.inject(.forgedReceipts(.missingLog))
    }
    await #expect(throws: RescanError.self) {
      try await scene.rescan().compare(from: 1, through: nil)
    }
  }
}
