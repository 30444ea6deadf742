import Bytes
import ChainSim
import ChainTypes
import Database
import Payments
import Simulation
import Testing
import Watching

@Suite("Reorgs through the whole pipeline")
struct ReorgTests {
  //  110 ── 111 (pays) ── 112
  //    └─── 111' (pays) ── 112' ── 113'
  @Test("a transfer that the new branch holds too is credited once")
  func reMined() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    try scene.node.mine(2)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .paid)
    try scene.node.fork(depth: 2, blocks: 3, including: [known.transaction])
    let report = try await scene.world.stepUntilQuiet()
    #expect(report.isAtTip)
    let now = try await scene.world.payment(payment.terms.id)
    #expect(now.status == .paid)
    #expect(now.received == UInt256(150_000))
    #expect(now.confirmed == UInt256(150_000))
    #expect(now.transfers.count == 1)
    #expect(!now.isMultiple && now.overpaidBy == .zero)
    // Another block holds the same money: for the payment nothing has happened.
    #expect(try await scene.story(payment) == ["created", "processing", "paid"])
    #expect(
      try await scene.story(ofTransfer: known.txid) == [
        "seen", "included", "confirmed", "included", "orphaned", "included", "confirmed",
      ])
    try await scene.world.close()
  }

  //  110 ── 111 (pays) ── 112
  //    └─── 111' ──────── 112' ── 113' ── 114' (pays) ── 115'
  @Test("what a reorg drops is taken back, waits again, and returns with its block")
  func takenBackAndReturned() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    try scene.node.mine(2)
    try await scene.world.stepUntilQuiet()
    try scene.node.fork(depth: 2, blocks: 3)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .processing)
    #expect(try await scene.transfers(payment).map(\.state) == [.seen])
    try scene.node.mine(2)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .paid)
    #expect(try await scene.world.payment(payment.terms.id).reversals > 0)
    let story = try await scene.story(payment)
    #expect(story == ["created", "processing", "paid", "reversed", "processing", "paid"])
    #expect(
      try await scene.story(ofTransfer: known.txid) == [
        "seen", "included", "confirmed", "included", "orphaned", "seen", "included", "confirmed",
      ])
    try await scene.world.close()
  }

  @Test("a branch that spends the money elsewhere replaces the transfer")
  func doubleSpend() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    try scene.node.mine(2)
    try await scene.world.stepUntilQuiet()
    let rival = try scene.node.conflict(with: known.transaction, paying: [])
    try scene.node.fork(depth: 2, blocks: 3, including: [rival])
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .open)
    #expect(try await scene.story(ofTransfer: known.txid).last == "replaced")
    #expect(try await scene.story(payment).last == "reversed")
    try await scene.world.close()
  }

  @Test("a reorg as deep as finality halts crediting and says so")
  func beyondFinality() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(6)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .settled)
    try scene.node.fork(depth: 6, blocks: 7)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.halt?.contains("deeper than finality") == true)
    #expect(try await scene.world.story(of: "bitcoin-regtest").contains("chain.halted"))
    #expect(try await scene.story(ofTransfer: known.txid).contains("orphaned"))
    // Mined again and again deep: nothing is credited before an operator has looked.
    try scene.node.mine(8)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.transfers(payment).map(\.state) == [.included])
    await #expect(throws: (any Error).self) { _ = try await scene.request(order: "2") }
    // A restart doesn't forget it.
    try await scene.world.restart()
    try scene.node.mine(2)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.transfers(payment).map(\.state) == [.included])
    try await scene.world.close()
  }

  @Test("a branch that leaves below the window halts where the watcher stands")
  func beyondWindow() async throws {
    let scene = try await Scene()
    try scene.node.mine(20)
    try await scene.world.stepUntilQuiet()
    let before = try await scene.cursor()?.tip
    // The store knows the last ten headers only.
    try await scene.world.database.write { connection in
      try connection.execute("DELETE FROM headers WHERE height <= 120")
    }
    try await scene.world.restart()
    try scene.node.fork(depth: 15, blocks: 16)
    let report = try await scene.world.step()
    #expect(report.hold == .beyondWindow(scene.node.tip))
    let cursor = try await scene.cursor()
    #expect(cursor?.tip == before)
    #expect(cursor?.halt != nil)
    #expect(try await scene.world.story(of: "bitcoin-regtest").last == "chain.halted")
    try await scene.world.step()
    #expect(try await scene.world.story(of: "bitcoin-regtest").count { $0 == "chain.halted" } == 1)
    try await scene.world.close()
  }
}
