import Bitcoin
import Bytes
import ChainTypes
import Database
import Foundation
import NodeRPC
import Payments
import Simulation
import TestDatabases
import Testing
import Watching

@Suite("The story against Bitcoin Core in regtest")
struct BitcoinCoreTests {
  @Test(
    "mempool, replacement, confirmation, a reorg that takes the payment back, and its return",
    .enabled(if: BitcoinCore.path != nil, "bitcoind isn't on the PATH"))
  func story() async throws {
    let core = try await BitcoinCore()
    do {
      try await tell(core)
    } catch {
      try? await core.stop()
      throw error
    }
    try await core.stop()
  }

  private func tell(_ core: BitcoinCore) async throws {
    try await core.generate(110)
    let database = try await TestDatabase()
    try await Pipeline.migrate(database)
    let pipeline = try Pipeline(
      nodes: [core.node], database: database, settings: PipelineSettings(), time: SystemTime(),
      clock: SystemRPCClock(), watchKey: (.random(in: 0 ... .max), .random(in: 0 ... .max)))
    try await pipeline.registerAccounts()
    try await pipeline.fill()
    try await pipeline.step()
    let payment = try await pipeline.request(
      150_000, tenant: "roastery", order: "1", random: (1, 2))
    let id = payment.terms.id
    let script = try SimulatedWorld.script(of: payment.terms)
    func expect(_ status: PaymentStatus, _ comment: Comment) async throws {
      var report = try await pipeline.step()
      while report.isBusy { report = try await pipeline.step() }
      #expect(report.isAtTip, comment)
      #expect(try await pipeline.payment(id).status == status, comment)
    }
    let output = TransactionOutput(value: 150_000, scriptPubKey: script)

    let first = try await core.spend(coinbaseAt: 1, paying: [output], fee: 1_000)
    _ = try await core.node.send(first.bytes)
    try await expect(.processing, "seen in the mempool")

    let elsewhere = try await core.spend(coinbaseAt: 1, paying: [], fee: 5_000)
    _ = try await core.node.send(elsewhere.bytes)
    try await expect(.open, "replaced by a transaction that pays elsewhere")

    let second = try await core.spend(coinbaseAt: 1, paying: [output], fee: 20_000)
    _ = try await core.node.send(second.bytes)
    try await expect(.processing, "replaced once more")

    try await core.generate(1)
    try await expect(.processing, "in a block")
    try await core.generate(1)
    try await expect(.paid, "deep enough")

    let block = try await core.node.blockHash(at: 111)
    try await core.call("invalidateblock", [.displayHash(block)])
    try await core.generateEmpty(3)
    try await expect(.processing, "a reorg has put it back into the mempool")
    #expect(try await pipeline.payment(id).reversals == 2)

    try await core.generate(2)
    try await expect(.paid, "mined again")
    try await core.generate(4)
    try await expect(.settled, "final")
    #expect(
      try await pipeline.story(of: id)
        == [
          "created", "processing", "reversed", "processing", "paid", "reversed", "processing",
          "paid", "settled",
        ].map { "payment." + $0 })
    #expect(try await pipeline.payment(id).confirmed == UInt256(150_000))
    #expect(await pipeline.watcher.nodeStatus[0].quarantine == nil)
    try await database.close()
  }
}
