import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Payments
import Simulation
import Testing

@Suite("The mempool through the whole pipeline")
struct MempoolTests {
  @Test(
    "a replacement that pays elsewhere takes the payment back, signalling or not",
    arguments: [true, false])
  func replacedElsewhere(signals: Bool) async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(
      PaymentOrder(
        outputs: [TransactionOutput(value: 150_000, scriptPubKey: scene.script(payment))],
        signalsReplacement: signals))
    try await scene.world.stepUntilQuiet()
    let seen = try await scene.world.payment(payment.terms.id)
    #expect(seen.status == .processing)
    #expect(seen.isReplaceable)
    try scene.node.replace(known.txid, paying: [])
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.story(ofTransfer: known.txid) == ["seen", "replaced"])
    #expect(try await scene.story(payment) == ["created", "processing", "reversed"])
    try await scene.world.close()
  }

  @Test("a replacement that pays us less leaves what it pays")
  func replacedByLess() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    try scene.node.replace(
      known.txid,
      paying: [TransactionOutput(value: 90_000, scriptPubKey: scene.script(payment))])
    try scene.node.mine(2)
    try await scene.world.stepUntilQuiet()
    let now = try await scene.world.payment(payment.terms.id)
    #expect(now.status == .partiallyPaid)
    #expect(now.received == UInt256(90_000))
    #expect(now.shortfall == UInt256(60_000))
    try await scene.world.close()
  }

  @Test("a transaction that vanishes is dropped, and seen when it is back")
  func droppedAndBack() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    try scene.node.evict(known.txid)
    try await scene.lookLongEnough()
    #expect(try await scene.status(payment) == .open)
    try scene.node.accept(known.transaction)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .processing)
    #expect(try await scene.story(ofTransfer: known.txid) == ["seen", "dropped", "seen"])
    try await scene.world.close()
  }

  @Test("evicted and later mined, it is credited once")
  func evictedThenMined() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    try scene.node.evict(known.txid)
    try await scene.lookLongEnough()
    try scene.node.mine(exactly: [known.transaction])
    try scene.node.mine(5)
    try await scene.world.stepUntilQuiet()
    let now = try await scene.world.payment(payment.terms.id)
    #expect(now.status == .settled)
    #expect(now.confirmed == UInt256(150_000))
    #expect(
      try await scene.story(ofTransfer: known.txid) == [
        "seen", "dropped", "included", "confirmed", "final",
      ])
    try await scene.world.close()
  }

  @Test("what was dropped before a restart is replaced once its coins are spent elsewhere")
  func droppedThenReplacedAfterRestart() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    try scene.node.evict(known.txid)
    try await scene.lookLongEnough()
    try await scene.world.restart()
    try scene.node.mine(
      exactly: [try scene.node.conflict(with: known.transaction, paying: [])])
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.story(ofTransfer: known.txid) == ["seen", "dropped", "replaced"])
    try await scene.world.close()
  }

  @Test("a mempool read while the node's tip isn't ours tells nothing")
  func lookAtAnotherTip() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    // Mined, but the block can't be had yet: absence from the mempool is no loss.
    try scene.node.mine()
    let fault = scene.node.inject(Fault(.prunedBelow(height: scene.node.tip.height + 1)))
    try await scene.world.step()
    #expect(try await scene.story(ofTransfer: known.txid) == ["seen"])
    #expect(try await scene.status(payment) == .processing)
    scene.node.removeFault(fault)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.story(ofTransfer: known.txid) == ["seen", "included"])
    try await scene.world.close()
  }
}
