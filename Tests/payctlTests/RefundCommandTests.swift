import Database
import Foundation
import TestDatabases
import TestSupport
import Testing

@Suite("payctl refund")
struct RefundCommandTests {
  private struct Refund: Decodable {
    let id: String
    let paymentId: String
    let status: String
    let amountMinor: String
    let address: String
    let requestedBy: String
    let approvals: Int
    let approvalsNeeded: Int
  }

  private static let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  /// A database whose first payment's 40,000 satoshi are final, and a configuration that wants four
  /// eyes above 10,000.
  private func scene(refunds: String = "") async throws -> (
    SampleDatabase, request: ([String]) throws -> Program.Outcome
  ) {
    let sample = try await SampleDatabase()
    try await sample.settle()
    let config = try sample.scratch.write(
      "paywatch.yaml",
      """
      region: home
      database: {sqlite: "\(sample.path)"}
      chains_directory: "\(PackageFiles.root.appending(path: "chains").path)"
      chains: [{name: bitcoin-regtest, nodes: [{url: "http://127.0.0.1:1"}]}]
      tenants:
        - id: shop
          accounts: [{family: bitcoin, descriptor: any}]
          policies: {refunds: {four_eyes_above: {BTC: "0.0001"}\(refunds)}}

      """.utf8)
    return (
      sample,
      { words in
        try Program.payctl.run(
          ["refund", "request", sample.partly, "--config", config, "--format", "json"] + words)
      }
    )
  }

  @Test("a refund is requested, approved by another person, listed, shown and canceled")
  func life() async throws {
    let (sample, request) = try await scene()
    let made = try request(["--by", "ada", "--address", Self.address, "--reason", "returned"])
    let refund = try #require(try made.objects(Refund.self).first, "\(made.errors)")
    #expect(refund.status == "requested" && refund.amountMinor == "40000")
    #expect(refund.paymentId == sample.partly && refund.requestedBy == "ada")
    #expect(refund.approvals == 0 && refund.approvalsNeeded == 1)

    let own = try sample.payctl("refund", "approve", refund.id, "--by", "ada")
    #expect(own.status == 1 && own.errors.contains("another person"), "\(own.errors)")
    let approved = try sample.payctl(
      "refund", "approve", refund.id, "--by", "bob", "--format", "json")
    #expect(try approved.objects(Refund.self).first?.status == "approved", "\(approved.errors)")
    #expect(try sample.payctl("refund", "approve", refund.id, "--by", "eve").status == 1)

    let shown = try sample.payctl("refund", "show", refund.id)
    #expect(shown.output.contains("0.00040000 BTC") && shown.output.contains("1 of 1: bob"))
    #expect(try sample.payctl("refund", "list").output.contains(Self.address))
    let canceled = try sample.payctl(
      "refund", "cancel", refund.id, "--by", "bob", "--format", "json")
    #expect(try canceled.objects(Refund.self).first?.status == "canceled")
    let again = try sample.payctl("refund", "cancel", refund.id, "--by", "bob")
    #expect(again.status == 1 && again.errors.contains("canceled"), "\(again.errors)")
  }

  @Test("where approvers are listed an approval is signed, with words or by any wallet")
  func signed() async throws {
    let words = "test test test test test test test test test test test junk\n"
    let (sample, request) = try await scene(
      refunds: """
        , approvers: [{name: anna, signer: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"}, \
        {name: ben, signer: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"}]
        """)
    let made = try request(["--by", "carl", "--address", Self.address])
    let refund = try #require(try made.objects(Refund.self).first, "\(made.errors)")
    // Nothing shows that carl is carl.
    #expect(refund.approvalsNeeded == 2)
    func approve(_ options: [String], input: String = "") throws -> Program.Outcome {
      try Program.payctl.run(["refund", "approve", refund.id] + options, input: input)
    }
    let config = ["--config", sample.scratch.path("paywatch.yaml")]
    let named = try approve(["--by", "anna"] + config)
    #expect(named.status == 1)
    #expect(named.errors.contains("Paywatch approval\nrefund: \(refund.id)"), "\(named.errors)")
    let around = try approve(["--by", "anna", "--database", sample.path])
    #expect(around.status == 1 && around.errors.contains("approvers"), "\(around.errors)")
    let bens = try approve(["--by", "ben", "--words"] + config, input: words)
    #expect(bens.status == 1 && bens.errors.contains("isn't 0x7099"), "\(bens.errors)")
    let approved = try approve(
      ["--by", "anna", "--words", "--format", "json"] + config, input: words)
    let after = try #require(try approved.objects(Refund.self).first, "\(approved.errors)")
    #expect(after.status == "requested" && after.approvals == 1)
    let shown = try sample.payctl("refund", "show", refund.id)
    #expect(shown.output.contains("1 of 2: anna (signed)"), "\(shown.output)")
  }

  @Test("parts stay within what is final, and are found by payment, tenant and status")
  func parts() async throws {
    let (sample, request) = try await scene()
    let part = ["--by", "ada", "--address", Self.address, "--kind", "partial", "--amount"]
    var ids: [String] = []
    // Together they are above what takes two people.
    for (amount, status) in [("0.00005", "approved"), ("0.0001", "requested")] {
      let made = try request(part + [amount])
      let refund = try #require(try made.objects(Refund.self).first, "\(made.errors)")
      #expect(refund.status == status)
      ids.append(refund.id)
    }
    let more = try request(part + ["0.0004"])
    #expect(more.status == 1 && more.errors.contains("25000"), "\(more.errors)")
    #expect(try request(part + ["0.000000001"]).errors.contains("8 decimals"))
    func listed(_ words: String...) throws -> [String] {
      try sample.payctl(arguments: ["refund", "list", "--format", "json"] + words)
        .objects(Refund.self).map(\.id)
    }
    #expect(try Set(listed()) == Set(ids))
    #expect(try Set(listed("--payment", sample.partly, "--tenant", "shop")) == Set(ids))
    #expect(try listed("--payment", sample.empty).isEmpty)
    #expect(try listed("--tenant", "stall").isEmpty)
    #expect(try listed("--status", "canceled").isEmpty)
  }

  @Test("what can't be is refused in words, and writes nothing")
  func refusals() async throws {
    let (sample, request) = try await scene()
    let by = ["--by", "ada"]
    for (words, sentence) in [
      ([], "no address is given"), (["--address", "x"], "no address of bitcoin-regtest"),
      (["--kind", "overpayment", "--address", Self.address], "nothing to send back"),
      (["--address", Self.address, "--attestation", "nowhere"], "can't be read"),
    ] as [([String], String)] {
      let outcome = try request(by + words)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
    }
    for words in [
      ["--kind", "all"], ["--amount", "1"], ["--kind", "partial"], ["--by", ""],
    ] {
      #expect(try request(by + words).status == 64, "\(words)")
    }
    #expect(try sample.payctl("refund", "list", "--status", "odd").status == 64)
    #expect(try sample.payctl("refund", "show", "ref_x").errors.contains("no payment or refund"))
    #expect(try sample.payctl("refund", "list", "--format", "json").lines.isEmpty)
  }
}
