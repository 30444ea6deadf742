import Bitcoin
import Bytes
import ChainSim
import Database
import Payments
import Simulation
import Testing

@Suite("Money in every form")
struct MoneyTests {
  @Test("two outputs to one address are two transfers and one total")
  func twoOutputs() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let script = try scene.script(payment)
    try scene.node.pay(
      PaymentOrder(outputs: [
        TransactionOutput(value: 100_000, scriptPubKey: script),
        TransactionOutput(value: 50_000, scriptPubKey: script),
      ]))
    try scene.node.mine(2)
    try await scene.world.stepUntilQuiet()
    let now = try await scene.world.payment(payment.terms.id)
    #expect(now.status == .paid)
    #expect(now.transfers.count == 2)
    #expect(now.confirmed == UInt256(150_000))
    #expect(now.overpaidBy == .zero)
    #expect(now.isMultiple)
    try await scene.world.close()
  }

  @Test("a coinbase pays only once it is 100 deep")
  func coinbase() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    try scene.node.mineCoinbase(to: scene.script(payment))
    try scene.node.mine(98)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .processing)
    #expect(try await scene.transfers(payment).map(\.state) == [.included])
    try scene.node.mine()
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .settled)
    try await scene.world.close()
  }

  @Test("dust is recorded and changes nothing")
  func dust() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 545)
    try scene.node.mine(6)
    try await scene.world.stepUntilQuiet()
    let now = try await scene.world.payment(payment.terms.id)
    #expect(now.status == .open)
    #expect(now.received == .zero)
    #expect(try await scene.story(payment) == ["created"])
    #expect(try await scene.story(ofTransfer: known.txid) == ["quarantined"])
    try await scene.world.close()
  }

  @Test("short, then the rest; then too much")
  func partialThenOver() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    try scene.node.pay(scene.script(payment), value: 100_000)
    try scene.node.mine(2)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .partiallyPaid)
    try scene.node.pay(scene.script(payment), value: 60_000)
    try scene.node.mine(6)
    try await scene.world.stepUntilQuiet()
    let now = try await scene.world.payment(payment.terms.id)
    #expect(now.status == .settled)
    #expect(now.overpaidBy == UInt256(10_000))
    #expect(try await scene.story(payment).contains("overpaid"))
    try await scene.world.close()
  }

  @Test("money to an address that nobody has asked for keeps it from being handed out")
  func touchedAddress() async throws {
    let scene = try await Scene()
    let first = try await scene.world.database.read { connection in
      try connection.queryFirst("SELECT script FROM addresses WHERE ordinal = 1")?.blob("script")
    }
    try scene.node.pay(try #require(first), value: 10_000)
    try await scene.world.stepUntilQuiet()
    let payment = try await scene.request()
    #expect(try scene.script(payment) != first)
    try await scene.world.close()
  }
}
