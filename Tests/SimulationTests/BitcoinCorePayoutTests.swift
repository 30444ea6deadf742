import Addresses
import Bitcoin
import Database
import Keys
import NodeRPC
import Payments
import Settlement
import Simulation
import Testing

@Suite("Money out on Bitcoin Core in regtest")
struct BitcoinCorePayoutTests {
  @Test(
    "a refund and a sweep are signed offline, taken by the node and final, as it lists coins itself",
    .enabled(if: BitcoinCore.path != nil, "bitcoind isn't on the PATH"),
    arguments: [SingleKeyScript.wpkh, .tr])
  func paidOut(script: SingleKeyScript) async throws {
    let core = try await BitcoinCore()
    do {
      let scene = try await CorePayoutScene(core, script)
      try await refund(scene)
      try await sweep(scene)
      try await reconcile(scene)
      try await scene.database.close()
    } catch {
      try? await core.stop()
      throw error
    }
    try await core.stop()
  }

  /// An overpayment goes back: replaced for a higher fee, and mined again after a reorg.
  private func refund(_ scene: CorePayoutScene) async throws {
    let core = scene.core
    let (payment, _) = try await scene.pay(150_000, with: 400_000)
    try await scene.mine(6)
    #expect(try await scene.pipeline.payment(payment.terms.id).status == .settled)
    let refund = try await scene.overpayment(
      of: payment, to: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080")
    let first = try #require(
      try await scene.build(rate: 1_000) { try $0.payRefunds($1, in: $2).made })
    try await scene.send(first)
    #expect(try await core.node.mempool() == [#require(first.txid)])
    #expect(try await scene.status(refund) == .broadcast)

    let second = try await scene.build(rate: 20_000) { try $0.replace(first.id, $1, in: $2) }
    try await scene.send(second)
    #expect(try await core.node.mempool() == [#require(second.txid)])

    try await scene.mine(2)
    #expect(try await scene.status(refund) == .confirmed)
    let block = try await core.node.blockHash(at: 117)
    try await core.call("invalidateblock", [.displayHash(block)])
    try await core.generateEmpty(3)
    try await scene.follow()
    #expect(try await scene.status(refund) == .broadcast, "a reorg has put it into the mempool")
    try await scene.mine(6)
    #expect(try await scene.status(refund) == .final)
    #expect(try await scene.statuses() == [.replaced, .final])
  }

  /// What further payments brought comes together on an address of ours.
  private func sweep(_ scene: CorePayoutScene) async throws {
    for value: UInt64 in [200_000, 230_000] { _ = try await scene.pay(value, with: value) }
    try await scene.mine(6)
    let swept = try #require(
      try await scene.build(rate: 2_000) { try $0.sweep($1, least: 2, in: $2) })
    #expect(swept.slots.count == 2)
    try await scene.send(swept)
    try await scene.mine(6)
    #expect(try await scene.statuses() == [.replaced, .final, .final])
    #expect(try await scene.build(rate: 2_000) { try $0.sweep($1, least: 1, in: $2) } == nil)
  }

  /// The node's coins are those in the books, until one is spent around them.
  private func reconcile(_ scene: CorePayoutScene) async throws {
    let (payment, funding) = try await scene.pay(300_000, with: 300_000)
    try await scene.mine(6)
    #expect(try await scene.reconcile() == [])
    let coin = try await scene.spendAround(payment, funding)
    try await scene.mine(1)
    let rows = try await scene.reconcile()
    #expect(rows.map(\.kind) == [.chain])
    #expect(rows.map(\.address) == [payment.terms.address])
    #expect(rows.map(\.expected) == ["300000"] && rows.map(\.found) == ["0"])
    #expect(rows.map(\.explanation) == ["\(coin) is spent, by no transaction of ours"])
    #expect(try await scene.database.read { try ReplayCheck.differences(in: $0) } == [])
  }
}
