import Bytes
import ChainSim
import ChainTypes
import Database
import Foundation
import JSON
import NodeRPC
import Payments
import Settlement
import Testing
import Watching

@Suite("Reconciling with a Bitcoin chain")
struct BitcoinReconciliationTests {
  /// A payment that got 150,000 in one output and 500 of dust in another; both final.
  private func paid() async throws -> (BitcoinScene, Payment, Outpoint) {
    let scene = try await BitcoinScene()
    let payment = try await scene.request()
    let script = try await scene.script(payment.terms.ordinal)
    let paid = try scene.node.pay(script, value: 150_000)
    try scene.node.pay(script, value: 500)
    try await scene.mine(8)
    return (scene, payment, Outpoint(txid: paid.txid, vout: 0))
  }

  @Test("what came, dust included, stands in the node's UTXO set")
  func clean() async throws {
    let (scene, _, _) = try await paid()
    let outcome = try await scene.reconcile()
    #expect(outcome.rows == [])
    // The payment's address and those of the treasury.
    #expect(outcome.addresses == 7)
    #expect(outcome.block == scene.node.tip)
    #expect(try await scene.reconcile(tenant: "other").addresses == 0)
  }

  @Test("a coin that was spent and that nobody told of is found, and its outpoint named")
  func spent() async throws {
    let (scene, payment, coin) = try await paid()
    try scene.node.mine(exactly: [scene.spend(coin, paying: 149_000)])
    try await scene.follow()
    let rows = try await scene.reconcile().rows
    #expect(rows.count == 1)
    let row = try #require(rows.first)
    #expect(row.kind == .chain)
    #expect(row.address == payment.terms.address)
    #expect(row.tenant == World.tenant)
    #expect(row.expected == "150500")
    #expect(row.found == "500")
    #expect(row.difference == "-150000")
    #expect(row.explanation == "\(coin) is spent, by no transaction of ours")
    #expect(row.blockHeight == scene.node.tip.height)
  }

  @Test("a single node that hides a coin is outvoted and named, and where nobody is, told so")
  func disagreement() async throws {
    let (scene, payment, _) = try await paid()
    let liar = RewritingTransport(node: scene.node, question: "scantxoutset") {
      $0.replacingOccurrences(of: "0.00150000", with: "0.00000001")
    }
    let outvoted = try await scene.reconcile(asking: [scene.node, liar, scene.node], quorum: 2)
    #expect(outvoted.rows == [])
    #expect(outvoted.dissenting == ["b"])
    // Two that lie alike are believed, as everywhere.
    let believed = try await scene.reconcile(asking: [liar, liar, scene.node], quorum: 2)
    #expect(believed.rows.map(\.found) == ["501"])
    #expect(believed.dissenting == ["c"])
    let address = payment.terms.address
    await #expect(
      throws: Reconciler.Failure.nodesDisagree(
        scene.node.tip,
        "a: \(address) has 150500 in 2 outputs; b: \(address) has 501 in 2 outputs")
    ) { try await scene.reconcile(asking: [scene.node, liar], quorum: 2) }
    // Each alone is as good as the other.
    await #expect(throws: Reconciler.Failure.self) {
      try await scene.reconcile(asking: [scene.node, liar], quorum: 1)
    }
  }

  @Test("a quorum that isn't reached because nodes fail, or stand elsewhere, doesn't shrink")
  func tooFew() async throws {
    let (scene, _, _) = try await paid()
    let silent = RewritingTransport(node: scene.node, question: "scantxoutset") { _ in "" }
    await #expect {
      try await scene.reconcile(asking: [scene.node, silent, silent], quorum: 2)
    } throws: { error in
      guard case NodePoolError.tooFewAnswers(quorum: 2, let failures) = error else { return false }
      return failures.map(\.node) == [1, 2]
    }
    let tip = scene.node.tip.hash.text(.bitcoin)
    let elsewhere = RewritingTransport(node: scene.node, question: "scantxoutset") {
      $0.replacingOccurrences(of: tip, with: String(repeating: "ab", count: 32))
    }
    await #expect(throws: Reconciler.Failure.reorganised) {
      try await scene.reconcile(asking: [scene.node, elsewhere], quorum: 2)
    }
    // Who stands elsewhere says nothing about this block.
    let outcome = try await scene.reconcile(
      asking: [elsewhere, scene.node, scene.node], quorum: 2)
    #expect(outcome.rows == [] && outcome.dissenting == [] && outcome.block == scene.node.tip)
  }

  @Test("a coin that isn't recorded is found")
  func unrecorded() async throws {
    let (scene, _, coin) = try await paid()
    try await scene.database.write { connection in
      try connection.execute("DELETE FROM transfers WHERE value = '150000'")
    }
    let rows = try await scene.reconcile().rows
    #expect(rows.map(\.kind) == [.chain, .ledger])
    #expect(rows[0].difference == "150000")
    #expect(rows[0].explanation?.hasPrefix("\(coin) isn't recorded") == true)
    // The ledger still has what the tables lost.
    #expect(rows[1].expected == "0")
    #expect(rows[1].found == "150000")
  }

  @Test("a ledger that another hand changed is found against what is recorded")
  func ledger() async throws {
    let (scene, _, _) = try await paid()
    try await scene.database.write { connection in
      try connection.execute(
        "UPDATE ledger_balances SET debit = '150001' WHERE account = 'treasury'")
    }
    let rows = try await scene.reconcile().rows
    #expect(rows.map(\.kind) == [.ledger])
    #expect(rows[0].expected == "150000")
    #expect(rows[0].difference == "1")
  }

  @Test("a scan that found another one running is made when that has ended")
  func busy() async throws {
    let scene = try await BitcoinScene()
    scene.node.inject(
      Fault(
        .error(code: -8, message: "Scan already in progress, use action \"abort\" or \"status\""),
        method: "scantxoutset", count: 3))
    #expect(try await scene.reconcile().rows == [])
  }

  @Test("a node that is ahead of the watchers is no difference: the block isn't covered")
  func ahead() async throws {
    let (scene, _, _) = try await paid()
    try scene.node.mine()
    await #expect(throws: Reconciler.Failure.notCovered(scene.node.tip)) {
      try await scene.reconcile()
    }
  }

  @Test("each new difference is told once, and again when it comes back")
  func told() async throws {
    let (scene, _, coin) = try await paid()
    func record() async throws -> Int {
      let outcome = try await scene.reconcile()
      let (spec, now) = (scene.spec, scene.time.now)
      return try await scene.database.write {
        try ReconciliationRecords.record(outcome, of: spec, now: now, in: $0)
      }
    }
    #expect(try await record() == 0)
    let held = try await scene.database.read { try ReconciliationRecords.all(in: $0) }
    #expect(held.map(\.differences) == [0])
    try scene.node.mine(exactly: [scene.spend(coin, paying: 149_000)])
    try await scene.follow()
    #expect(try await record() == 1)
    #expect(try await record() == 0)
    let told = try await scene.database.read {
      try ReconciliationRecords.all(in: $0).map(\.differences)
    }
    #expect(told == [1])
    try scene.node.fork(depth: 1, blocks: 2)
    try await scene.follow()
    #expect(try await record() == 0)
    // What the ledger has otherwise than the records is told as well, and what a replay finds.
    try await scene.database.write {
      _ = try $0.execute("UPDATE ledger_balances SET debit = '7' WHERE account = 'treasury'", [])
    }
    #expect(try await record() == 1)
    let now = scene.time.now
    func replay() async throws -> Int {
      try await scene.database.write {
        try ReconciliationRecords.record(ReplayCheck.report(in: $0), now: now, in: $0)
      }
    }
    #expect(try await replay() > 0)
    #expect(try await replay() == 0)
  }
}
