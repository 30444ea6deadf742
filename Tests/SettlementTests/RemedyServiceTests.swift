import Bytes
import ChainTypes
import Database
import Payments
import Settlement
import Testing

@Suite("What policies do by themselves")
struct RemedyServiceTests {
  private static let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  @Test("a refund that people ended isn't asked for again")
  func ended() async throws {
    var policy = TenantPolicy()
    policy.over = .refund
    let world = try await World.make(policy: policy)
    var request = world.request("order-1")
    request.refundAddress = Self.address
    let payment = try await world.create(request)
    try await world.mine(
      .init(transaction: "t", ordinal: payment.terms.ordinal, value: 130_000))
    try await world.mineEmpty(5)
    let service = RefundService(specs: [world.spec], policies: [World.tenant: policy])
    let remedies = RemedyService(refunds: service)
    let now = world.now
    #expect(try await remedies.step(on: world.database, now: now) { (9, 9) } == 1)
    let refund = try #require(try await world.refunds(of: payment).first)
    try await world.database.write {
      _ = try service.decide(
        .canceled(by: "ann"), on: refund.terms.id, tenant: nil, now: now, in: $0)
    }
    for _ in 0..<2 {
      _ = try await remedies.step(on: world.database, now: now) { (9, 10) }
    }
    #expect(try await world.count("refunds") == 1)
    #expect(try await world.count("payment_timers") == 0)
    #expect(try await world.payment(payment).refundable == 130_000)
    #expect(try await world.differences() == [])
  }
}
