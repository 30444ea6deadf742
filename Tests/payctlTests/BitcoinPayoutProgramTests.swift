import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Database
import Foundation
import Payouts
import TestDatabases
import TestSupport
import Testing

@Suite("payctl payout on Bitcoin")
struct BitcoinPayoutProgramTests {
  private let customer = BitcoinProgramScene.customer

  @Test(
    "an overpayment goes back: made, signed apart, sent, replaced for a higher fee, and final",
    arguments: TestEngine.allCases)
  func refunded(_ engine: TestEngine) async throws {
    let scene = try await BitcoinProgramScene(engine)
    let payment = try await scene.settled(1_000_000, paid: 1_300_000)
    let refund = try await scene.request(payment, "overpayment", to: customer)
    #expect(refund.status == "approved" && refund.amountMinor == "300000")

    let made = try await scene.make("batch.json", "build")
    #expect(try await scene.transactions().map(\.status) == ["built"])
    #expect(try await scene.told(refund).status == "built")
    let nothing = try await scene.payout("build", "--out", scene.scratch.path("none.json"))
    #expect(nothing.status == 0 && nothing.errors == "payctl: there is nothing to sign\n")
    let exported = try await scene.make("again.json", "export")
    #expect(exported.transactions == made.transactions)

    let shown = try await scene.sign("batch.json", "--show", input: "")
    #expect(shown.status == 0, "\(shown.errors)")
    #expect(shown.output.contains("pays 0.00300000 BTC to \(customer) (refund \(refund.id)"))
    #expect(shown.output.contains("which is ours (m/84h/1h/0h/1/0)"), "\(shown.output)")
    try await scene.send("batch.json")
    let first = try #require(try await scene.transactions().first)
    #expect(first.status == "broadcast")
    #expect(try scene.waiting(first) != nil)
    #expect(try await scene.told(refund).status == "broadcast")

    scene.node.setFeeEstimate(12_000)
    try await scene.make("bump.json", "bump", first.id)
    try await scene.send("bump.json")
    let second = try #require(try await scene.transactions().last)
    #expect(second.replaces == first.id && second.status == "broadcast")
    let entry = try #require(try scene.waiting(second))
    #expect(try scene.waiting(first) == nil)
    // Signatures may be a byte shorter than was reckoned.
    let rate = Double(entry.fee) / Double(entry.known.vsize)
    #expect((12...12.2).contains(rate), "\(rate) sat/vB")

    try await scene.mine(1)
    #expect(try await scene.told(refund).status == "confirmed")
    try await scene.mine(5)
    let final = try await scene.told(refund)
    #expect(final.status == "final" && final.txid == second.txid)
    #expect(try scene.received(final) == 300_000)
    let told = try await scene.transactions()
    #expect(told.map(\.status) == ["replaced", "final"])
    #expect(told.last?.maximumFeeMinor == "\(entry.fee)")
    try await scene.expectAgreement()
    let late = try await scene.payout(
      "bump", second.id, "--out", scene.scratch.path("late.json"))
    #expect(late.status == 1 && late.errors.contains("it is final"), "\(late.errors)")
    try await scene.close()
  }

  @Test("where no node has an estimate the fallback is paid, and what nodes estimate within bounds")
  func feeRates() async throws {
    let scene = try await BitcoinProgramScene(nodes: 2)
    let payment = try await scene.settled(1_000_000, paid: 1_300_000)
    let refund = try await scene.request(payment, "overpayment", to: customer)
    /// The rate of what is made now, in the words of the signer; what was made is given up again.
    func rate(_ name: String, _ more: String...) async throws -> Substring? {
      let outcome = try await Program.payctl.finish(
        [
          "payout", "build", "--config", scene.configPath, "--chain", scene.chainName, "--tenant",
          "shop", "--out", scene.scratch.path(name),
        ] + more)
      try #require(outcome.status == 0, "\(outcome.errors)")
      let id = try #require(try scene.batch(name).transactions.first).id
      let shown = try await scene.sign(name, "--show", input: "")
      let canceled = try await scene.payctl(
        "payout", "cancel", "\(id)", "--database", scene.databasePath)
      #expect(canceled.status == 0, "\(canceled.errors)")
      #expect(try await scene.told(refund).status == "approved")
      // The address for its change isn't used again.
      try await scene.settle()
      return shown.output.split(whereSeparator: \.isNewline).last?.split(separator: ", ").last
    }
    let all = scene.nodes
    #expect(try await rate("none") == "5.0 sat/vB")
    all[1].setFeeEstimate(7_000)
    #expect(try await rate("second") == "7.0 sat/vB", "the first can't say, the second can")
    all[0].setFeeEstimate(1_000_000)
    #expect(try await rate("dear") == "20.0 sat/vB")
    all[0].setFeeEstimate(100)
    #expect(try await rate("cheap") == "2.0 sat/vB")
    #expect(try await rate("own", "--fee-rate", "9") == "9.0 sat/vB")
    #expect(try await rate("own dear", "--fee-rate", "9000") == "20.0 sat/vB")
    for node in all {
      node.inject(Fault(.error(code: -32603, message: "no"), method: "estimatesmartfee"))
    }
    #expect(try await rate("failing") == "5.0 sat/vB")
    #expect(try await scene.transactions().allSatisfy { $0.status == "canceled" })
    try await scene.close()
  }

  @Test("what was given up isn't taken in signed, nor what belongs elsewhere or was changed")
  func refusals() async throws {
    let scene = try await BitcoinProgramScene()
    let payment = try await scene.settled(1_000_000, paid: 1_300_000)
    _ = try await scene.request(payment, "overpayment", to: customer)
    let made = try await scene.make("batch.json", "build")
    let id = try #require(made.transactions.first).id
    #expect(try await scene.sign("batch.json", "--words", "--yes").status == 0)

    let over = try await scene.payout("build", "--out", scene.scratch.path("batch.json"))
    #expect(over.status == 1 && over.errors.contains("never overwritten"), "\(over.errors)")
    let unsigned = try await scene.broadcast("batch.json")
    #expect(unsigned.status == 1 && unsigned.errors.contains("batch.json: "), "\(unsigned.errors)")
    let elsewhere = try await Program.payctl.finish([
      "payout", "broadcast", "--config", scene.configPath, "--chain", scene.chainName, "--tenant",
      "stall", scene.scratch.path("batch.json.signed"),
    ])
    #expect(elsewhere.status == 1 && elsewhere.errors.contains("no tenant stall"))

    // The same signatures under an output of a satoshi less.
    let file = try Data(contentsOf: URL(filePath: scene.scratch.path("batch.json.signed")))
    let text = String(decoding: file, as: UTF8.self)
    let signed = try #require(try SignedBatch(parsing: Array(file)).transactions.first)
    var changed = try Transaction(bytes: signed.raw)
    changed.outputs[0].value -= 1
    let damaged = text.replacing(Hex.encode(signed.raw), with: Hex.encode(changed.bytes))
      .replacing(signed.txid.displayHex, with: changed.txid.displayHex)
    try #require(damaged != text)
    try scene.scratch.write("changed", damaged.utf8)
    let different = try await scene.broadcast("changed")
    #expect(different.status == 1, "\(different.errors)")
    #expect(different.errors.contains("\(id) is refused: "), "\(different.errors)")
    #expect(try await scene.transactions().map(\.status) == ["built"])

    let canceled = try await scene.payctl(
      "payout", "cancel", "\(id)", "--database", scene.databasePath)
    #expect(canceled.status == 0, "\(canceled.errors)")
    let late = try await scene.broadcast("batch.json.signed")
    #expect(late.status == 1 && late.errors.contains("\(id) is refused: "), "\(late.errors)")
    #expect(scene.node.machine.mempool.count == 0)
    let twice = try await scene.payctl(
      "payout", "cancel", "\(id)", "--database", scene.databasePath)
    #expect(twice.status == 1 && twice.errors.contains("\(id) stays"), "\(twice.errors)")
    try await scene.close()
  }

  @Test("what no node takes is kept, told with its reason, and is no success")
  func untaken() async throws {
    let scene = try await BitcoinProgramScene()
    let payment = try await scene.settled(1_000_000, paid: 1_000_000)
    let refund = try await scene.request(payment, "full", to: customer)
    // The fee is the shop's, which has no other coin.
    let poor = try await scene.payout("build", "--out", scene.scratch.path("poor.json"))
    #expect(poor.status == 1 && poor.errors.contains("satoshi too few"), "\(poor.errors)")
    _ = try await scene.settled(100_000, paid: 100_000)
    let made = try await scene.make("batch.json", "build")
    let id = try #require(made.transactions.first).id
    #expect(try await scene.sign("batch.json", "--words", "--yes").status == 0)
    let fault = scene.node.inject(
      Fault(
        .error(code: -26, message: "min relay fee not met"), method: "sendrawtransaction"))
    let refused = try await scene.broadcast("batch.json.signed")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("\(id) isn't taken: "), "\(refused.errors)")
    #expect(refused.errors.contains("min relay fee not met"))
    #expect(refused.errors.contains("0 sent, 1 refused by nodes"))
    #expect(try await scene.told(refund).status == "signed")

    scene.node.removeFault(fault)
    let soon = try await scene.broadcast("batch.json.signed")
    #expect(soon.status == 1, "it is tried again after a minute")
    #expect(soon.errors.contains("\(id) is stored, and no node has it yet"), "\(soon.errors)")
    try await scene.database.write { try $0.execute("UPDATE outgoing SET sent_at = 0") }
    let sent = try await scene.broadcast("batch.json.signed")
    #expect(sent.status == 0, "\(sent.errors)")
    #expect(try await scene.told(refund).status == "broadcast")
    try await scene.mine(6)
    #expect(try await scene.told(refund).status == "final")
    try await scene.close()
  }

  @Test("coins of several payments are gathered on our own address")
  func swept() async throws {
    let scene = try await BitcoinProgramScene()
    for value: UInt64 in [200_000, 300_000] {
      _ = try await scene.settled(value, paid: value)
    }
    let few = try await scene.payout(
      "sweep", "--least", "3", "--out", scene.scratch.path("few.json"))
    #expect(few.status == 0 && few.errors == "payctl: there is nothing to sign\n")
    try await scene.make("sweep.json", "sweep")
    let shown = try await scene.sign("sweep.json", "--show", input: "")
    #expect(shown.output.contains("spends 2 of our coins"), "\(shown.output)")
    #expect(shown.output.contains("which is ours (m/84h/1h/0h/1/"), "\(shown.output)")
    try await scene.send("sweep.json")
    try await scene.mine(6)
    let told = try await scene.transactions()
    #expect(told.map(\.purpose) == ["sweep"] && told.map(\.status) == ["final"])
    try await scene.expectAgreement()
    try await scene.close()
  }

  @Test("revenue goes where the signer's policy lets it, and is told as any other")
  func withdrawn() async throws {
    let scene = try await BitcoinProgramScene()
    _ = try await scene.settled(500_000, paid: 500_000)
    let early = try await scene.payout(
      "withdraw", "--to", customer, "--all", "--out", scene.scratch.path("early.json"))
    #expect(early.status == 1 && early.errors.contains("payctl payout sweep"), "\(early.errors)")
    try await scene.make("sweep.json", "sweep", "--least", "1")
    try await scene.send("sweep.json")
    try await scene.mine(6)
    for words in [["--amount", "0.001", "--all"], [], ["--amount", "0.000000001"]] {
      let outcome = try await Program.payctl.finish(
        [
          "payout", "withdraw", "--config", scene.configPath, "--chain", scene.chainName,
          "--tenant", "shop", "--to", customer, "--out", scene.scratch.path("none.json"),
        ] + words)
      #expect(outcome.status != 0, "\(words)")
    }
    let elsewhere = "bcrt1qs758ursh4q9z627kt3pp5yysm78ddny6txaqgw"
    let made = try await scene.make("away.json", "withdraw", "--to", elsewhere, "--amount", "0.001")
    let refused = try await scene.sign("away.json", "--words", "--yes")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("nor among the policy's destinations"), "\(refused.errors)")
    let id = try #require(made.transactions.first).id
    let canceled = try await scene.payctl(
      "payout", "cancel", "\(id)", "--database", scene.databasePath)
    #expect(canceled.status == 0, "\(canceled.errors)")

    try await scene.make("own.json", "withdraw", "--to", customer, "--amount", "0.001")
    let shown = try await scene.sign("own.json", "--show", input: "")
    #expect(shown.output.contains("withdrawal on bitcoin-regtest"), "\(shown.output)")
    #expect(shown.output.contains("(a listed destination)"), "\(shown.output)")
    try await scene.send("own.json")
    try await scene.mine(6)
    let told = try await scene.transactions()
    #expect(told.map(\.purpose) == ["sweep", "withdrawal", "withdrawal"])
    #expect(told.map(\.status) == ["final", "canceled", "final"])
    try await scene.expectAgreement()
    try await scene.close()
  }
}
