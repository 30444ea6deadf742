import Bytes
import ChainTypes
import Database
import Payments
import Settlement
import TestDatabases
import Testing
import Watching

@Suite("Making payments")
struct PaymentServiceTests {
  private func refusal(
    _ world: World, _ change: (inout PaymentRequest) throws -> Void
  ) async throws -> PaymentRefusal? {
    var request = world.request("order-1")
    try change(&request)
    let wanted = request
    let before = try await world.allEvents()
    let error = await #expect(throws: PaymentRefusal.self) { try await world.create(wanted) }
    #expect(try await world.allEvents() == before)
    #expect(try await world.count("addresses WHERE payment_id IS NOT NULL") == 0)
    return error
  }

  @Test("what can't be asked for is refused, and nothing is written")
  func refusals() async throws {
    let world = try await World.make()
    let chain = try #require(ChainName("dogecoin"))
    #expect(try await refusal(world) { $0.chain = chain } == .unknownChain("dogecoin"))
    for order in ["", String(repeating: "x", count: 129), "a\u{0}b", "a\nb", "\u{7f}"] {
      #expect(try await refusal(world) { $0.orderID = order } == .invalidOrderID)
    }
    #expect(try await refusal(world) { $0.amount = 0 } == .amountTooSmall(minimum: 546))
    #expect(try await refusal(world) { $0.amount = 545 } == .amountTooSmall(minimum: 546))
    let all = UInt256(2_100_000_000_000_000)
    #expect(try await refusal(world) { $0.amount = .max } == .amountTooLarge(maximum: all))
    #expect(
      try await refusal(world) { $0.amount = UInt256(2_100_000_000_000_001) }
        == .amountTooLarge(maximum: all))
    #expect(try await refusal(world) { $0.tolerance = $0.amount } == .toleranceTooLarge)
    for expiry in [Int64.min, -1, 0, 59, 604_801, .max] {
      #expect(
        try await refusal(world) { $0.expiresInSeconds = expiry }
          == .expiryOutOfRange(60...86_400))
    }
    #expect(
      try await refusal(world) { $0.metadata = String(repeating: "é", count: 2_049) }
        == .metadataTooLong(maximumBytes: 4_096))
    for metadata in ["", "{", "[]", "1", "{}{}", "{\"a\":\u{0}}"] {
      #expect(try await refusal(world) { $0.metadata = metadata } == .invalidMetadata)
    }
    #expect(
      try await refusal(world) { $0.tenant = "stranger" }
        == .tenantNotConfigured("stranger"))
  }

  @Test("the greatest and the least that can be asked for are made")
  func limits() async throws {
    let world = try await World.make()
    for (order, amount) in [("least", UInt256(546)), ("most", UInt256(2_100_000_000_000_000))] {
      var request = world.request(order, amount, tolerance: 545, expires: 86_400)
      request.metadata = #"{"a":""# + String(repeating: "x", count: 4_088) + #""}"#
      let payment = try await world.create(request)
      #expect(try await world.payment(payment) == payment)
      #expect(payment.terms.expiresAt == world.now.adding(seconds: 86_400))
    }
    #expect(try await world.differences() == [])
  }

  @Test("an order has one payment that hasn't ended, and another one after it has")
  func orders() async throws {
    let world = try await World.make(ready: 8)
    let first = try await world.create(world.request("order-1"))
    await #expect(throws: PaymentRefusal.orderHasPayment(first.terms.id)) {
      try await world.create(world.request("order-1"))
    }
    #expect(try await world.count("addresses WHERE payment_id IS NOT NULL") == 1)
    try await world.decide(.canceled(by: "shop"), on: first)
    let second = try await world.create(world.request("order-1"))
    world.now = second.terms.expiresAt.adding(seconds: 1)
    try await world.look()
    #expect(try await world.status(second) == .expired)
    let third = try await world.create(world.request("order-1"))
    // Late money revives the second; the order stays with the third.
    try await world.look(.init(transaction: "late", ordinal: 2, value: 100_000))
    try await world.decide(.accepted(due: 100_000, by: "operator"), on: second)
    #expect(try await world.status(second) == .processing)
    await #expect(throws: PaymentRefusal.orderHasPayment(third.terms.id)) {
      try await world.create(world.request("order-1"))
    }
    #expect(try await world.count("payments WHERE holds_order = 1") == 1)
    #expect(try await world.differences() == [])
  }

  @Test("two tenants may use the same order id")
  func tenants() async throws {
    let world = try await World.make(tenants: [World.tenant, "other"])
    let own = try await world.create(world.request("order-1"))
    let other = try await world.create(world.request("order-1", tenant: "other"))
    #expect(own.terms.address != other.terms.address)
    let (service, id, now) = (world.service, other.terms.id, world.now)
    await #expect(throws: PaymentRefusal.notFound(id)) {
      try await world.database.read {
        _ = try service.payment(id, tenant: World.tenant, in: $0)
      }
    }
    await #expect(throws: PaymentRefusal.notFound(id)) {
      try await world.database.write {
        _ = try service.decide(
          .canceled(by: "thief"), on: id, tenant: World.tenant, now: now, in: $0)
      }
    }
  }

  @Test("the depth is the amount's tier, and 0 only up to the tenant's cap")
  func confirmations() async throws {
    var policy = TenantPolicy()
    policy.zeroConfirmationMaximum = [.btc: 10_000]
    let world = try await World.make(policy: policy, ready: 8)
    let expected: [(UInt256, UInt32)] = [
      (10_000, 0), (10_001, 2), (999_999, 2), (1_000_000, 3),
    ]
    for (amount, confirmations) in expected {
      let payment = try await world.create(world.request("order-\(amount)", amount))
      #expect(payment.terms.confirmations == confirmations)
    }
    policy.confirmations = 0
    policy.tolerance = [.btc: 1_000]
    let reckless = try await World.make(policy: policy)
    let payment = try await reckless.create(reckless.request("order-1", 10_001))
    #expect(payment.terms.confirmations == 1)
    #expect(payment.terms.tolerance == 1_000)
    // The tenant's tolerance would waive all of this one.
    let small = try await reckless.create(reckless.request("order-2", 600))
    #expect(small.terms.tolerance == .zero)
    policy.confirmations = 100
    let careful = try await World.make(policy: policy)
    #expect(
      try await careful.create(careful.request("order-1")).terms.confirmations == 6)
  }

  @Test("payments are listed by id in pages, filtered as asked")
  func listing() async throws {
    let world = try await World.make(ready: 8, tenants: [World.tenant, "other"])
    var made: [Payment] = []
    for number in 1...5 {
      made.append(try await world.create(world.request("order-\(number)")))
      world.now = world.now.adding(seconds: 1)
    }
    try await world.create(world.request("order-1", tenant: "other"))
    let canceled = try await world.decide(.canceled(by: "shop"), on: made[1])
    made[1] = canceled
    let service = world.service
    func list(
      status: PaymentStatus? = nil, order: String? = nil, after: String? = nil, limit: Int = 10
    ) async throws -> [Payment] {
      try await world.database.settle()
      return try await world.database.read {
        try service.payments(
          tenant: World.tenant, status: status, orderID: order, after: after, limit: limit,
          in: $0)
      }
    }
    #expect(try await list() == made)
    #expect(try await list(limit: 2) == Array(made[0..<2]))
    #expect(try await list(after: made[1].terms.id, limit: 2) == Array(made[2..<4]))
    #expect(try await list(status: .canceled) == [canceled])
    #expect(try await list(order: "order-4") == [made[3]])
    #expect(try await list(status: .open, order: "order-2") == [])
  }

  @Test("no payment is made on a chain whose crediting has stopped")
  func halted() async throws {
    let world = try await World.make()
    var step = world.newStep()
    step.halt = "finality was broken"
    try await world.commit(step)
    await #expect(
      throws: PaymentRefusal.chainHalted("bitcoin-regtest", reason: "finality was broken")
    ) { try await world.create(world.request("order-1")) }
    #expect(try await world.events("bitcoin-regtest") == ["chain.halted"])
    step = world.newStep()
    step.halt = "again"
    try await world.commit(step)
    #expect(world.cursor.halt == "finality was broken")
    #expect(try await world.events("bitcoin-regtest") == ["chain.halted"])
  }
}
