import Bytes
import ChainSim
import ChainTypes
import Database
import Foundation
import Payments
import SQLite
import Simulation
import TestSupport
import Testing
import Watching

@Suite("payctl payment proof")
struct ProofTests {
  private struct Page: Decodable {
    let paymentId: String
    let address: String
    let data: [Item]
    let nextAfter: String?

    struct Item: Decodable {
      let txid: String
      let outputs: [Output]
      let proof: Proof?
    }

    struct Output: Decodable {
      let vout: Int
      let amountMinor: String
      let state: String
    }

    struct Proof: Decodable {
      let blockHash: String
      let blockHeight: Int
    }
  }

  private func proof(_ scene: RescanScene, _ payment: Payment) async throws -> Program.Outcome {
    let database = scene.scratch.url.appending(path: "paywatch.sqlite").path
    return try await Program.payctl.finish(
      ["payment", "proof", payment.terms.id, "--database", database])
  }

  //  110 ── 111 (pays) ── 112
  //    └─── 111' (pays) ── 112' ── 113'
  @Test("money is proved in its block, and after a reorg in the other one")
  func reorganised() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    let none = try await proof(scene, payment)
    #expect(none.status == 0 && none.errors == "0 proved\n", "\(none.errors)")
    #expect(try none.object(Page.self).data.isEmpty)

    let known = try scene.node.pay(SimulatedWorld.script(of: payment.terms), value: 150_000)
    try scene.node.pay(Faucet.scriptPubKey, value: 20_000)
    try await scene.settle()
    let waiting = try await proof(scene, payment)
    #expect(waiting.status == 0)
    #expect(waiting.errors == "0 proved, 1 without a proof\n")
    #expect(try waiting.object(Page.self).data.map(\.outputs.first?.state) == ["seen"])

    let block = try scene.node.mine(2)[0]
    try await scene.settle()
    let proved = try await proof(scene, payment)
    #expect(proved.status == 0 && proved.errors == "1 proved\n", "\(proved.errors)")
    let page = try proved.object(Page.self)
    #expect(page.paymentId == payment.terms.id && page.address == payment.terms.address)
    #expect(page.nextAfter == nil)
    let item = try #require(page.data.first)
    #expect(item.txid == known.txid.displayHex)
    #expect(item.outputs.map(\.amountMinor) == ["150000"])
    #expect(item.proof?.blockHash == block.hash.displayHex)
    #expect(item.proof?.blockHeight == 111)

    let other = try scene.node.fork(depth: 2, blocks: 3, including: [known.transaction])[0]
    try await scene.settle()
    let again = try await proof(scene, payment)
    #expect(again.status == 0, "\(again.errors)")
    let moved = try #require(try again.object(Page.self).data.first?.proof)
    #expect(moved.blockHash == other.hash.displayHex && moved.blockHash != block.hash.displayHex)
    try await scene.close()
  }

  @Test("whatever is changed of a proof, its check fails and says why")
  func changed() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    try scene.node.pay(SimulatedWorld.script(of: payment.terms), value: 150_000)
    try scene.node.pay(Faucet.scriptPubKey, value: 20_000)
    try scene.node.mine(2)
    try await scene.settle()
    let kept = try await scene.database.read { try $0.query("SELECT * FROM transfer_proofs") }
    let row = try #require(kept.first)
    let columns = ["header", "transaction_bytes", "siblings", "coinbase", "coinbase_siblings"]
    let reasons = [
      "header": "its header is that of block", "transaction_bytes": "its branch leads to",
      "siblings": "its branch leads to", "coinbase": "is no coinbase",
      "coinbase_siblings": "its branch leads to",
    ]
    for column in columns {
      var bytes = try row.blob(column)
      bytes[7] ^= 1
      let outcome = try await withChange(scene, column, .blob(bytes), row, payment)
      #expect(outcome.status == 1, "\(column)")
      #expect(outcome.errors.contains(reasons[column] ?? "-"), "\(column): \(outcome.errors)")
    }
    let position = SQLValue.integer(try row.integer("position") ^ 1)
    let moved = try await withChange(scene, "position", position, row, payment)
    #expect(moved.status == 1 && moved.errors.contains("its branch"), "\(moved.errors)")
    let shallow = try await withChange(scene, "coinbase_siblings", .blob([]), row, payment)
    #expect(shallow.errors.contains("its coinbase is 0 levels deep"), "\(shallow.errors)")
    let whole = try await proof(scene, payment)
    #expect(whole.status == 0, "\(whole.errors)")

    // The proof is sound, but of less money than the payment counts.
    try await scene.database.write { connection in
      try connection.execute(
        "UPDATE payment_facts SET fact = REPLACE(fact, '\"150000\"', '\"150001\"')")
    }
    let more = try await proof(scene, payment)
    #expect(more.status == 1)
    #expect(
      more.errors.contains("doesn't pay 150001 to \(payment.terms.address)"), "\(more.errors)")
    try await scene.close()
  }

  /// What the command says while a column of the proof has another value.
  private func withChange(
    _ scene: RescanScene, _ column: String, _ value: SQLValue, _ row: SQLRow, _ payment: Payment
  ) async throws -> Program.Outcome {
    let statement = "UPDATE transfer_proofs SET \(column) = $1"
    let former = try row.value(column)
    try await scene.database.write { _ = try $0.execute(statement, [value]) }
    let outcome = try await proof(scene, payment)
    try await scene.database.write { _ = try $0.execute(statement, [former]) }
    return outcome
  }

  @Test("what a rescan records it records with its proof, and proofs that lack besides")
  func rescanned() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    try await scene.payUnwatched(payment, value: 150_000, blocks: 3)
    #expect(try await scene.rescan("--from", "105", "--write").status == 0)
    let written = try await proof(scene, payment)
    #expect(written.status == 0 && written.errors == "1 proved\n", "\(written.errors)")

    // As if it had been recorded before proofs were kept.
    try await scene.database.write { _ = try $0.execute("DELETE FROM transfer_proofs") }
    #expect(try await proof(scene, payment).errors == "0 proved, 1 without a proof\n")
    let told = try await scene.rescan("--from", "105")
    #expect(told.status == 0)
    #expect(told.errors.contains("1 recorded transactions lack a proof"), "\(told.errors)")
    #expect(try await proof(scene, payment).errors == "0 proved, 1 without a proof\n")
    let filled = try await scene.rescan("--from", "105", "--write")
    #expect(filled.status == 0, "\(filled.errors)")
    #expect(try await proof(scene, payment).errors == "1 proved\n")
    #expect(try await !scene.rescan("--from", "105").errors.contains("lack a proof"))
    #expect(try await scene.replayDifferences().isEmpty)
    try await scene.close()
  }

  @Test("a rescan keeps proofs up to a limit, and brings the others when it is run again")
  func limit() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    for _ in 0..<2 {
      try scene.node.pay(SimulatedWorld.script(of: payment.terms), value: 10_000)
      try scene.node.mine()
    }
    try await scene.settle()
    try await scene.database.write { _ = try $0.execute("DELETE FROM transfer_proofs") }
    var settings = WatcherSettings(spec: .simulated, network: .regtest, start: .tip)
    settings.proofBytesPerCommit = 1
    let rescan = ChainRescan(
      BitcoinRescanReader(settings: settings, pool: scene.pipeline.pool),
      store: scene.pipeline.store, time: SimulatedTime(start: SimulatedWorld.beginning),
      watchKey: (1, 2))
    for left in [true, false] {
      let findings = try await rescan.compare(from: 105, through: nil)
      #expect(findings.missing.isEmpty)
      #expect(findings.unproved.count == 1)
      #expect(findings.leavesProofsOut == left)
      #expect(try await rescan.write(findings).isEmpty)
    }
    #expect(try await proof(scene, payment).errors == "2 proved\n")
    try await scene.close()
  }
}
