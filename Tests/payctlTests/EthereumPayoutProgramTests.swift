import Addresses
import Bytes
import ChainSim
import Database
import Foundation
import Keys
import Payments
import Payouts
import TestDatabases
import TestSupport
import Testing

@Suite("payctl payout on EVM chains")
struct EthereumPayoutProgramTests {
  private static let payer = "0x1111111111111111111111111111111111111111"
  private static let ether: UInt256 = 1_000_000_000_000_000_000

  /// A scene whose treasury has an ether, and a policy that pays one address.
  private func scene(_ engine: TestEngine = .sqlite) async throws -> EthereumProgramScene {
    let scene = try await EthereumProgramScene(engine)
    try scene.scratch.write(
      "policy.yaml",
      """
      chains:
        - spec: dev.yaml
          accounts: ["\(SignScene.account().text)"]
          destinations: ["\(Self.payer)"]
          refunds: listed
          maximum_fee: "0.01"
          maximum_gas_price: "40"
          maximum_gas: 200000
          limits:
            - { asset: ETH, per_transaction: "0.5", per_day: "1" }
            - { asset: USDC, per_transaction: "100", per_day: "100" }

      """.utf8)
    try scene.node.send(.ether(Self.ether, to: scene.treasury))
    try await mine(8, scene)
    return scene
  }

  private func mine(_ count: Int, _ scene: EthereumProgramScene) async throws {
    try scene.node.mine(count)
    try await scene.settle()
  }

  private func sweep(_ scene: EthereumProgramScene, _ name: String) async throws -> [String] {
    try await scene.make(name, "sweep", "--asset", "USDC", "--ether-price", "3000").transactions
      .map(\.purpose.rawValue)
  }

  @Test(
    "a token's address is given ether, swept, and what was too much goes back from the treasury",
    arguments: TestEngine.allCases)
  func tokens(_ engine: TestEngine) async throws {
    let scene = try await scene(engine)
    let payment = try await scene.request("USDC", 50_000_000, order: 1)
    try scene.node.send(
      .token(SimulatedContracts.usdc, 60_000_000, to: payment.recipient))
    try await mine(8, scene)
    let refund = try await scene.request(payment, "overpayment", to: Self.payer)
    #expect(refund.status == "approved" && refund.amountMinor == "10000000")

    // The treasury has no tokens yet.
    let early = try await scene.payout("build", "--out", scene.scratch.path("early.json"))
    #expect(early.status == 0 && early.errors.contains("\(refund.id): "), "\(early.errors)")
    #expect(early.errors.hasSuffix("payctl: there is nothing to sign\n"))
    let priceless = try await scene.payout(
      "sweep", "--asset", "USDC", "--out", scene.scratch.path("none.json"))
    #expect(priceless.status == 1 && priceless.errors.contains("--ether-price says"))

    #expect(try await sweep(scene, "gas.json") == ["gas"])
    let shown = try await scene.sign("gas.json", "--show", input: "")
    #expect(shown.output.contains("which is ours (m/44h/60h/0h/0/"), "\(shown.output)")
    let twice = try await scene.payout(
      "sweep", "--asset", "USDC", "--ether-price", "3000", "--out",
      scene.scratch.path("none.json"))
    #expect(twice.errors.contains("ether for its gas is on the way"), "\(twice.errors)")
    try await scene.send("gas.json")
    try await mine(8, scene)
    #expect(try await sweep(scene, "sweep.json") == ["sweep"])
    try await scene.send("sweep.json")
    try await mine(8, scene)
    #expect(
      scene.node.balance(of: scene.treasury, in: SimulatedContracts.usdc) == 60_000_000)

    try await scene.make("refund.json", "build")
    try await scene.send("refund.json")
    #expect(try await scene.told(refund).status == "broadcast")
    try await mine(2, scene)
    #expect(try await scene.told(refund).status == "confirmed")
    try await mine(6, scene)
    #expect(try await scene.told(refund).status == "final")
    #expect(
      try scene.node.balance(of: EthereumAddress(Self.payer), in: SimulatedContracts.usdc)
        == 10_000_000)
    let told = try await scene.transactions()
    #expect(told.map(\.purpose) == ["gas", "sweep", "refund"])
    #expect(told.allSatisfy { $0.status == "final" && $0.feeMinor != nil })
    try await scene.expectAgreement()
    try await scene.close()
  }

  @Test("ether goes back with the nonce of one that was given up, and replaced for a higher fee")
  func ether() async throws {
    let scene = try await scene()
    let payment = try await scene.request("ETH", 5_000_000, order: 1)
    try scene.node.send(.ether(7_000_000, to: payment.recipient))
    try await mine(8, scene)
    let refund = try await scene.request(payment, "full", to: Self.payer)
    let fault = scene.node.inject(
      Fault(.error(code: -32000, message: "not now"), method: "eth_feeHistory"))
    let dark = try await scene.payout("build", "--out", scene.scratch.path("dark.json"))
    #expect(dark.status == 1 && dark.errors.contains("nothing was made"), "\(dark.errors)")
    scene.node.removeFault(fault)

    let first = try await scene.make("first.json", "build")
    let id = try #require(first.transactions.first).id
    #expect(try await scene.make("again.json", "export").transactions == first.transactions)
    let canceled = try await scene.payctl(
      "payout", "cancel", "\(id)", "--database", scene.databasePath)
    #expect(canceled.status == 0, "\(canceled.errors)")
    #expect(try await scene.told(refund).status == "approved")
    let second = try await scene.make("second.json", "build")
    let body = try #require(second.transactions.first).body
    #expect(body == first.transactions.first?.body, "the nonce is free again")
    try await scene.send("second.json")
    let stuck = try #require(try await scene.transactions().last)
    #expect(scene.node.machine.mempool[try Hash32(hex: stuck.txid?.dropFirst(2) ?? "")] != nil)

    try await scene.make("bump.json", "bump", stuck.id)
    try await scene.send("bump.json")
    let raised = try #require(try await scene.transactions().last)
    #expect(raised.replaces == stuck.id)
    #expect(scene.node.machine.mempool[try Hash32(hex: stuck.txid?.dropFirst(2) ?? "")] == nil)
    try await mine(8, scene)
    let final = try await scene.told(refund)
    #expect(final.status == "final" && final.txid == raised.txid)
    #expect(try scene.node.balance(of: EthereumAddress(Self.payer)) == 7_000_000)
    #expect(
      try await scene.transactions().map(\.status) == ["canceled", "replaced", "final"])
    try await scene.expectAgreement()
    try await scene.close()
  }

  @Test("a signed refund is withdrawn by using its nonce up, and can be requested again")
  func void() async throws {
    let scene = try await scene()
    let payment = try await scene.request("ETH", 5_000_000, order: 1)
    try scene.node.send(.ether(7_000_000, to: payment.recipient))
    try await mine(8, scene)
    let refund = try await scene.request(payment, "full", to: Self.payer)
    try await scene.make("first.json", "build")
    try await scene.send("first.json")
    let first = try #require(try await scene.transactions().last)
    let void = try await scene.make("void.json", "void", first.id)
    #expect(void.transactions.map(\.purpose) == [.void])
    let shown = try await scene.sign("void.json", "--show", input: "")
    #expect(shown.output.contains("uses the nonce up"), "\(shown.output)\(shown.errors)")
    try await scene.send("void.json")
    try await mine(8, scene)
    #expect(try await scene.told(refund).status == "failed")
    let told = try await scene.transactions()
    #expect(told.map(\.status) == ["replaced", "final"])
    #expect(told.map(\.purpose) == ["refund", "void"])
    let over = try await scene.payout(
      "void", first.id, "--out", scene.scratch.path("none.json"))
    #expect(over.status == 1 && over.errors.contains("it is replaced"), "\(over.errors)")

    let again = try await scene.request(payment, "full", to: Self.payer)
    try await scene.make("second.json", "build")
    // The signer counts what it signed until somebody says that it can't be mined any more.
    #expect(try await scene.sign("second.json", "--words", "--yes").status != 0)
    let signed = try await scene.sign("second.json", "--words", "--yes", "--unpaid", refund.id)
    #expect(signed.status == 0, "\(signed.errors)")
    #expect(try await scene.broadcast("second.json.signed").status == 0)
    try await mine(8, scene)
    #expect(try await scene.told(again).status == "final")
    #expect(try scene.node.balance(of: EthereumAddress(Self.payer)) == 7_000_000)
    try await scene.expectAgreement()
    try await scene.close()
  }
}
