import Bytes
import ChainSim
import Payments
import Simulation
import TestDatabases
import Testing
import Watching

@Suite("One payment through the whole pipeline")
struct FirstPaymentTests {
  @Test("a payment is seen, confirmed, paid and settled, and tells each step")
  func wholeWay() async throws {
    let world = try await SimulatedWorld(seed: 1, database: TestDatabase.simulated)
    let node = world.links[0].node
    try await world.fill()
    try await world.stepUntilQuiet()

    let payment = try await world.request(150_000, order: "1")
    #expect(payment.status == .open)
    let script = try world.script(of: payment.terms)
    try node.pay(script, value: 150_000)
    try await world.stepUntilQuiet()
    #expect(try await world.payment(payment.terms.id).status == .processing)

    try node.mine()
    try await world.stepUntilQuiet()
    #expect(try await world.payment(payment.terms.id).status == .processing)
    try node.mine()
    try await world.stepUntilQuiet()
    #expect(try await world.payment(payment.terms.id).status == .paid)
    try node.mine(4)
    let report = try await world.stepUntilQuiet()
    #expect(report.isAtTip)
    let settled = try await world.payment(payment.terms.id)
    #expect(settled.status == .settled)
    #expect(settled.confirmed == UInt256(150_000))
    #expect(
      try await world.story(of: payment.terms.id) == [
        "payment.created", "payment.processing", "payment.paid", "payment.settled",
      ])
    try await world.close()
  }
}
