import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Database
import NodeRPC
import Payments
import Settlement
import Simulation
import Testing

/// What nodes answer to transactions of ours, through the pool.
@Suite("Signed transactions given to Bitcoin nodes")
struct BroadcastTests {
  private static let payer = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  /// A refund whose transaction is signed and was given to nobody; it takes two confirmations.
  private func signed() async throws -> (PayoutScene, Refund, OutgoingTransaction) {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(200_000, with: 300_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let made = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    try await scene.takeIn(made)
    return (scene, refund, made)
  }

  private func counts(_ scene: PayoutScene) async throws -> [Int] {
    let report = try await scene.broadcastOverPool()
    return [report.sent, report.refused]
  }

  @Test("a node takes it, and each minute again what it has already")
  func taken() async throws {
    let (scene, refund, _) = try await signed()
    #expect(try await counts(scene) == [1, 0])
    #expect(try await scene.status(refund) == .broadcast)
    #expect(try await counts(scene) == [0, 0])
    scene.pass(seconds: 61)
    #expect(try await counts(scene) == [1, 0])
    try await scene.mine(6)
    #expect(try await scene.status(refund) == .final)
  }

  @Test("−27 while it stands in a block is noted alone: the block tells that it is paid")
  func alreadyMined() async throws {
    let (scene, refund, made) = try await signed()
    // Whoever signed it has sent it, and no watcher knows of the block.
    try scene.node.accept(Transaction(bytes: PayoutScene.signed(made)))
    try scene.node.mine(1)
    #expect(try await counts(scene) == [0, 1])
    #expect(try await scene.note(of: made)?.contains("already in utxo set") == true)
    #expect(try await scene.outgoing(made.id)?.status == .signed)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.outgoing(made.id)?.sighting != nil)
    #expect(try await scene.status(refund) == .broadcast)
    scene.pass(seconds: 61)
    #expect(try await counts(scene) == [0, 0], "it is sent no more")
    try await scene.mine(5)
    #expect(try await scene.status(refund) == .final)
    try await scene.expectLedgerMatchesChain()
  }

  @Test("−27 for one that stands in no block isn't believed, and it is sent until a node takes it")
  func notMined() async throws {
    let (scene, refund, made) = try await signed()
    scene.node.inject(
      Fault(
        .error(code: -27, message: "Transaction outputs already in utxo set"),
        method: "sendrawtransaction", count: 1))
    #expect(try await counts(scene) == [0, 1])
    try await scene.mine(6)
    #expect(try await scene.status(refund) == .signed, "nothing was paid")
    #expect(try await scene.outgoing(made.id)?.status == .signed)
    scene.pass(seconds: 61)
    #expect(try await counts(scene) == [1, 0])
    try await scene.mine(6)
    #expect(try await scene.status(refund) == .final)
    try await scene.expectLedgerMatchesChain()
  }

  @Test(
    "what was given up and mined all the same leaves its successor refused, and a person to look")
  func spentElsewhere() async throws {
    let scene = try await PayoutScene()
    let payment = try await scene.pay(100_000, with: 130_000)
    let refund = try await scene.refund(payment, .overpayment, to: Self.payer)
    let given = try #require(try await scene.build { try $0.payRefunds($1, in: $2).made })
    let now = scene.now
    try await scene.database.write { try OutgoingService.cancel(given.id, now: now, in: $0) }
    let made = try #require(
      try await scene.build(rate: 9_000) { try $0.payRefunds($1, in: $2).made })
    #expect(made.slots == given.slots)
    try await scene.takeIn(made)
    // Somebody had signed it after all.
    try scene.node.accept(Transaction(bytes: PayoutScene.signed(given)))
    try scene.node.mine(1)
    #expect(try await counts(scene) == [0, 1])
    #expect(try await scene.note(of: made)?.contains("missingorspent") == true)
    try await scene.mine(6)
    #expect(try await scene.outgoing(made.id)?.status == .replaced)
    #expect(try await scene.status(refund) == .signed, "a person says what the other one paid")
    try await scene.expectLedgerMatchesChain()
  }
}
