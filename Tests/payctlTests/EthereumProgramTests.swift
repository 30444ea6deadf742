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
