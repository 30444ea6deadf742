import Bitcoin
import ChainSim
import ChainTypes
import Database
import Foundation
import Payments
import SQLite
import Settlement
import Simulation
import TestSupport
import Testing
import Watching

@testable import payctl

@Suite("payctl on the books")
struct BooksTests {
  private struct Replayed: Decodable {
    let payments: Int
    let refunds: Int
    let ledgerEntries: Int
    let differences: [String]
  }

  private struct Row: Decodable {
    let kind: String
    let address: String?
    let expected: String?
    let found: String?
    let difference: String?
  }

  private static let words = "test test test test test test test test test test test junk"

  private func reconcile(
    _ scene: RescanScene, _ arguments: String...
  ) async throws -> Program.Outcome {
    try await Program.payctl.finish(
      ["reconcile", "--config", scene.scratch.url.appending(path: "paywatch.yaml").path]
        + arguments)
  }

  @Test("a replay counts what it made again, and fails with a line for each difference")
  func replay() async throws {
    let sample = try await SampleDatabase()
    let clean = try sample.payctl("replay", "--format", "json")
    #expect(clean.status == 0, "\(clean.errors)")
    let answer = try clean.object(Replayed.self)
    #expect(answer.payments == 2 && answer.refunds == 0 && answer.differences.isEmpty)
    try await sample.change {
      _ = try $0.execute("UPDATE payments SET received = '1' WHERE received = '40000'")
    }
    let changed = try sample.payctl("replay")
    #expect(changed.status == 1)
    #expect(changed.lines.count == 1)
    #expect(changed.output.contains("received is 1, the facts make 40000"), "\(changed.output)")
    #expect(changed.errors.contains("replayed 2 payments"), "\(changed.errors)")
  }

  @Test("reconciling asks the configured nodes, and its exit code tells what it found")
  func reconciled() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    let known = try scene.node.pay(SimulatedWorld.script(of: payment.terms), value: 150_000)
    try scene.node.mine(8)
    try await scene.settle()
    let clean = try await reconcile(scene, "--record")
    #expect(clean.status == 0, "\(clean.errors)\(clean.output)")
    #expect(clean.errors.contains("0 differences"), "\(clean.errors)")

    // Somebody with the key spends what came.
    let spend = Transaction(
      inputs: [TransactionInput(outpoint: Outpoint(txid: known.txid, vout: 0))],
      outputs: [TransactionOutput(value: 149_000, scriptPubKey: Faucet.scriptPubKey)])
    try scene.node.mine(exactly: [spend])
    try await scene.settle()
    let spent = try await reconcile(scene, "--format", "json", "--record")
    #expect(spent.status == 1, "\(spent.errors)")
    let row = try #require(try spent.objects(Row.self).first)
    #expect(row.kind == "chain" && row.address == payment.terms.address)
    #expect(row.expected == "150000" && row.found == "0" && row.difference == "-150000")
    let told = try await scene.database.read {
      try $0.query("SELECT 1 AS one FROM events WHERE type = 'reconciliation.mismatch'").count
    }
    #expect(told == 1)
    let noted = try await scene.database.read {
      try $0.query("SELECT action, subject, details FROM audit_log ORDER BY position").map {
        try "\($0.text("action")) \($0.text("subject")) \($0.text("details"))"
      }
    }.filter { $0.hasPrefix("books.") }
    #expect(noted.count == 4 && noted.contains { $0.hasSuffix(#"{"differences":1,"told":1}"#) })
    let csv = try await reconcile(scene, "--format", "csv", "--tenant", "roastery")
    #expect(csv.status == 1)
    #expect(csv.output.contains("-150000"))
    try await scene.close()
    let unreachable = try await reconcile(scene)
    #expect(unreachable.status == 2, "\(unreachable.errors)")
  }

  @Test("each posting is a line, in CSV by RFC 4180 and in JSON")
  func export() async throws {
    let sample = try await SampleDatabase()
    let day = String(SampleDatabase.now.description.prefix(10))
    let csv = try sample.payctl("ledger", "export", "--from", day, "--to", day)
    #expect(csv.status == 0, "\(csv.errors)")
    let lines = csv.output.components(separatedBy: "\r\n")
    #expect(lines.count == 4)
    #expect(lines[0].hasPrefix("time,subject,number,kind,tenant,chain,asset,contract,account"))
    #expect(
      lines[1].contains(",1,booked,shop,bitcoin-regtest,BTC,,treasury,40000,,0.00040000,,"))
    #expect(
      lines[2].contains(",1,booked,shop,bitcoin-regtest,BTC,,received,,40000,,0.00040000,"))
    let origin = lines[2].split(separator: ",", omittingEmptySubsequences: false).suffix(4)
    let payments = try sample.payctl("payment", "list", "--format", "json").output
    #expect(origin.first?.count == 64)
    #expect(origin.dropFirst().prefix(2).allSatisfy { payments.contains("\"\($0)\"") })
    #expect(origin.last?.isEmpty == true)
    #expect(lines[3].isEmpty)
    let none = try sample.payctl(
      "ledger", "export", "--from", "2001-01-01", "--to", "2001-12-31", "--format", "json")
    #expect(none.status == 0 && none.output.isEmpty)
    let balances = try sample.payctl("ledger", "balances")
    #expect(balances.lines.count == 3, "\(balances.output)")
    #expect(try sample.payctl("ledger", "export", "--from", day, "--to", "x").status != 0)
  }

  @Test("a day is closed with an operator's key, once, and verifies until something changes")
  func close() async throws {
    let sample = try await SampleDatabase()
    let scratch = try TemporaryDirectory()
    func sign(_ draft: String) throws -> Program.Outcome {
      try Program.payctl.run(
        ["close", "sign", scratch.write("draft", draft), "--words"], input: "\(Self.words)\n")
    }
    // Long before the sample's entries.
    let draft = try sample.payctl("close", "draft", "--date", "2020-01-01")
    #expect(draft.status == 0, "\(draft.errors)")
    #expect(draft.output.contains(#""date":"2020-01-01""#))
    #expect(draft.errors.contains("never reconciled"))
    let signed = try sign(draft.output)
    #expect(
      signed.errors.contains("signed by 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
      "\(signed.errors)")
    // The same key's word about something else is none about the day.
    #expect(try sign("Refund of everything").errors.contains("close draft"))
    let other = try sign(
      draft.output.replacingOccurrences(of: #""entries":0"#, with: #""entries":1"#))
    #expect(other.output != signed.output)
    let store = { try sample.payctl("close", "store", scratch.write("signed", $0)) }
    #expect(try store(other.output).errors.contains("draft and sign it again"))
    let closed = try store(signed.output)
    #expect(closed.status == 0, "\(closed.errors)")
    #expect(try store(signed.output).errors.contains("only later days"))
    #expect(
      try sample.payctl("close", "draft", "--date", "9000-01-01").errors
        .contains("can be closed from"))
    let signer = ["--signer", "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"]
    let verified = try sample.payctl(arguments: ["close", "verify"] + signer)
    #expect(verified.status == 0, "\(verified.output)")
    let digest = try #require(verified.errors.split(separator: " ").last)
    #expect(
      try sample.payctl(
        arguments: ["close", "verify", "--digest", String(digest.prefix(64))] + signer
      ).status == 0)
    let unknown = String(repeating: "0", count: 64)
    #expect(
      try sample.payctl(arguments: ["close", "verify", "--digest", unknown] + signer).status == 1)
    #expect(try sample.payctl("close", "verify").status == 64)
    let stranger = try sample.payctl(
      "close", "verify", "--signer", "0x70997970c51812dc3a010c7d01b50e0d17dc79c8")
    #expect(stranger.status == 1)
    try await sample.change {
      _ = try $0.execute(
        """
        INSERT INTO ledger_entries
          (subject, chain, contract, number, tenant, kind, postings, recorded_at)
        VALUES ('late', 'bitcoin-regtest', '', 1, 'shop', 'booked', '[]', 1)
        """)
    }
    #expect(try sample.payctl(arguments: ["close", "verify"] + signer).status == 1)
  }

  @Test("fields with commas, quotes and line breaks stand in quotes")
  func quoting() {
    #expect(CSV.line(["a", "b,c", "d\"e", "f\r\ng", ""]) == "a,\"b,c\",\"d\"\"e\",\"f\r\ng\",")
  }
}
