import Addresses
import Bytes
import ChainSim
import Database
import Foundation
import Payments
import SQLite
import TestSupport
import Testing

@Suite("payctl on EVM chains")
struct EthereumProgramTests {
  private static func pay(_ scene: EthereumProgramScene) async throws -> [Payment] {
    let ether = try await scene.request("ETH", 700, order: 1)
    let tokens = try await scene.request("USDC", 5, order: 2)
    let called = try await scene.request("ETH", 800, order: 3)
    try scene.node.send(.ether(700, to: ether.recipient))
    try scene.node.send(.token(SimulatedContracts.usdc, 5, to: tokens.recipient))
    try scene.node.send(
      .calling(
        SimulatedContracts.forwarder, "forward(address)", [.address(called.recipient)], wei: 800))
    try scene.node.mine(6)
    try await scene.settle()
    return [ether, tokens, called]
  }

  @Test("values, logs and what calls moved are proved, and a changed proof isn't")
  func proofs() async throws {
    let scene = try await EthereumProgramScene()
    let payments = try await Self.pay(scene)
    for payment in payments {
      let proof = try await scene.proof(payment)
      #expect(proof.status == 0 && proof.errors == "1 proved\n", "\(proof.errors)")
    }
    #expect(try await scene.proof(payments[0]).output.contains("\"position\":\"value\""))
    #expect(try await scene.proof(payments[1]).output.contains("\"position\":\"log:0\""))
    let called = try await scene.proof(payments[2]).output
    #expect(called.contains("\"position\":\"trace:0\"") && called.contains("\"parent_header\""))

    // More than what came.
    try await scene.database.write { connection in
      try connection.execute(
        "UPDATE payment_facts SET fact = replace(fact, '\"800\"', '\"801\"')")
    }
    let more = try await scene.proof(payments[2])
    #expect(more.errors.contains("doesn't show that 801 came"), "\(more.errors)")
    try await scene.database.write { connection in
      try connection.execute("UPDATE execution_proofs SET evidence = substr(evidence, 1, 300)")
    }
    #expect(try await scene.proof(payments[0]).status != 0)
    try await scene.close()
  }

  /// The text with another last digit of the first hexadecimal value in that member.
  private static func changed(_ text: String, _ member: String) throws -> String {
    let name = try #require(text.firstRange(of: "\"\(member)\":"), "\(member)")
    let value = try #require(text[name.upperBound...].firstRange(of: "0x"))
    let end = try #require(text[value.upperBound...].firstIndex { !$0.isHexDigit })
    let last = text.index(before: end)
    return text.replacingCharacters(in: last...last, with: text[last] == "0" ? "1" : "0")
  }

  @Test("a saved bundle holds by nothing but its text, and whatever is changed of it doesn't")
  func verified() async throws {
    let scene = try await EthereumProgramScene()
    let payments = try await Self.pay(scene)
    var bundles: [String] = []
    for payment in payments { bundles.append(try await scene.proof(payment).output) }
    try await scene.close()
    let all = ["block_hash", "header", "transaction_proof", "receipt_proof", "txid"]
    for (payment, text) in zip(payments, bundles) {
      let amount = payment.terms.amount.decimal
      let whole = try Program.payctl.run(["verify", "-"], input: text)
      #expect(whole.status == 0, "\(whole.output)\(whole.errors)")
      #expect(
        whole.output.contains("and brought \(amount) minor units to the address"),
        "\(whole.output)")
      #expect(whole.output.contains("were due for order \(payment.terms.orderID)"))
      #expect(whole.output.contains("just what was due"))

      let isCalled = text.contains("\"parent_header\"")
      #expect(isCalled == (payment.terms.id == payments[2].terms.id))
      let more = text.replacing(
        "\"amount_minor\":\"\(amount)\",\"position\"",
        with: "\"amount_minor\":\"\(amount)0\",\"position\"")
      let elsewhere = text.replacing(payment.terms.address, with: scene.treasury.text)
      let members = all + (isCalled ? ["parent_header", "before", "after"] : [])
      for change in try members.map({ try Self.changed(text, $0) }) + [more, elsewhere] {
        try #require(change != text)
        let outcome = try Program.payctl.run(["verify", "-"], input: change)
        #expect(outcome.status == 1, "\(outcome.output)")
        #expect(outcome.output.contains("Doesn't hold: "), "\(outcome.errors)")
      }
    }
  }

  @Test("a rescan finds what was lost, names its asset, and brings it back")
  func rescan() async throws {
    let scene = try await EthereumProgramScene()
    let payments = try await Self.pay(scene)
    let clean = try await scene.rescan("--from", "1")
    #expect(clean.status == 0, "\(clean.errors)")
    #expect(clean.output.contains("3 transfers; 0 missing"), "\(clean.output)")
    try await scene.database.write { connection in
      try connection.execute("DELETE FROM transfers")
      try connection.execute("DELETE FROM execution_proofs")
    }
    let told = try await scene.rescan("--from", "1", "--format", "json")
    #expect(told.status == 1)
    #expect(told.output.contains("\"asset\":\"USDC\""), "\(told.output)")
    #expect(told.output.contains("\"position\":\"trace:0\""))
    // Not told by tokens' logs: what is ether alone, in other blocks.
    let searched = try await scene.rescan("--by-logs", "--format", "json")
    #expect(searched.status == 1, "\(searched.errors)")
    #expect(searched.output.contains("\"asset\":\"USDC\""), "\(searched.output)")
    #expect(try await scene.rescan().status != 0)
    let written = try await scene.rescan("--from", "1", "--write")
    #expect(written.status == 0, "\(written.errors)")
    #expect(written.output.contains("0.000005 USDC"), "\(written.output)")
    #expect(try await scene.rescan("--from", "1").status == 0)
    for payment in payments { #expect(try await scene.proof(payment).errors == "1 proved\n") }

    // Recorded before proofs were kept.
    try await scene.database.write { try $0.execute("DELETE FROM execution_proofs") }
    #expect(try await scene.proof(payments[0]).errors == "0 proved, 1 without a proof\n")
    let again = try await scene.rescan("--from", "1", "--write")
    #expect(again.errors.contains("3 recorded transactions lack a proof"), "\(again.errors)")
    #expect(try await scene.proof(payments[0]).errors == "1 proved\n")
    try await scene.close()
  }
}
