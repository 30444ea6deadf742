import Bytes
import ChainTypes
import Database
import Payments
import Settlement
import Testing
import Watching

/// What becomes of late, short and excess money by policies alone.
@Suite("Policies for money that came otherwise than agreed")
struct RemedyTests {
  private static let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  /// What came for a payment of 100,000 and by which policies.
  struct Arrival: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var late = PaymentTerms.LatePolicy.hold
    var short: PaymentTerms.ExceptionPolicy?
    var over: PaymentTerms.ExceptionPolicy?
    let value: UInt256
    /// Whether it came after the deadline.
    var isLate = false
    /// What is sent back; nil where nothing is.
    var refund: (kind: RefundTerms.Kind, amount: String)?
    var status = PaymentStatus.expired
  }

  private static let arrivals = [
    Arrival(
      testDescription: "over: refund", over: .refund, value: 130_000,
      refund: (.overpayment, "30000"), status: .settled),
    Arrival(
      testDescription: "short: refund", short: .refund, value: 60_000, refund: (.full, "60000")),
    Arrival(
      testDescription: "late: refund", late: .refund, value: 100_000, isLate: true,
      refund: (.full, "100000")),
    Arrival(
      testDescription: "short: accept, nine tenths", short: .accept, value: 90_000,
      status: .settled),
  ]

  private func policy(_ arrival: Arrival) -> TenantPolicy {
    var policy = TenantPolicy()
    (policy.late, policy.short, policy.over) = (arrival.late, arrival.short, arrival.over)
    return policy
  }

  /// A payment past its deadline that got what came, all of it final.
  private func paid(
    _ arrival: Arrival, _ policy: TenantPolicy, to address: String? = address
  ) async throws -> (World, Payment) {
    let world = try await World.make(policy: policy)
    var request = world.request("order-1")
    request.refundAddress = address
    let payment = try await world.create(request)
    let output = World.Output(
      transaction: "t", ordinal: payment.terms.ordinal, value: arrival.value)
    if arrival.isLate {
      world.now = payment.terms.expiresAt.adding(seconds: 1)
      try await world.look()
    }
    try await world.mine(output)
    world.now = payment.terms.expiresAt.adding(seconds: 2)
    try await world.look()
    try await world.mineEmpty(5)
    return (world, payment)
  }

  /// How many payments were looked at.
  private func step(_ world: World) async throws -> Int {
    let service = RefundService(specs: [world.spec], policies: [World.tenant: world.policy])
    let now = world.now
    return try await RemedyService(refunds: service).step(on: world.database, now: now) { (9, 9) }
  }

  private func refunds(_ world: World, of payment: Payment) async throws -> [Refund] {
    try await world.refunds(of: payment)
  }

  @Test(
    "what a policy says is done by itself and once, however long nothing ran meanwhile",
    arguments: arrivals)
  func done(arrival: Arrival) async throws {
    let (world, payment) = try await paid(arrival, policy(arrival))
    world.now = world.now.adding(seconds: 30 * 86_400)
    #expect(try await step(world) == 1)
    #expect(try await step(world) == 0)
    let after = try await world.payment(payment)
    #expect(after.status == arrival.status)
    let made = try await refunds(world, of: payment)
    #expect(made.map(\.terms.amount.decimal) == (arrival.refund.map { [$0.amount] } ?? []))
    #expect(made.map(\.terms.kind) == (arrival.refund.map { [$0.kind] } ?? []))
    #expect(made.allSatisfy { $0.status == .approved && $0.terms.address == Self.address })
    #expect(made.allSatisfy { $0.terms.requestedBy == RemedyService.name })
    #expect(after.acceptance?.by == (arrival.short == .accept ? RemedyService.name : nil))
    #expect(try await world.differences() == [])
  }

  @Test("too little to pass for all that was due waits for an operator, whatever the policy says")
  func tooLittle() async throws {
    let arrival = Arrival(testDescription: "", short: .accept, value: 89_999)
    let (world, payment) = try await paid(arrival, policy(arrival))
    #expect(try await step(world) == 0)
    #expect(try await world.status(payment) == .expired)
  }

  @Test("a refund that people ended isn't asked for again")
  func ended() async throws {
    let arrival = Self.arrivals[0]
    let (world, payment) = try await paid(arrival, policy(arrival))
    #expect(try await step(world) == 1)
    let refund = try #require(try await world.refunds(of: payment).first)
    let service = RefundService(specs: [world.spec], policies: [World.tenant: world.policy])
    let now = world.now
    try await world.database.write {
      _ = try service.decide(
        .canceled(by: "ann"), on: refund.terms.id, tenant: nil, now: now, in: $0)
    }
    for _ in 0..<2 { _ = try await step(world) }
    #expect(try await world.count("refunds") == 1)
    #expect(try await world.count("payment_timers") == 0)
    #expect(try await world.payment(payment).refundable == 130_000)
    #expect(try await world.differences() == [])
  }

  @Test(
    "where nobody has said where to, or an address must be proved, it is held for an operator",
    arguments: arrivals.filter { $0.refund != nil }, [true, false])
  func held(arrival: Arrival, hasAddress: Bool) async throws {
    var policy = policy(arrival)
    policy.refunds.requiresAttestation = hasAddress
    let (world, payment) = try await paid(
      arrival, policy, to: hasAddress ? Self.address : nil)
    #expect(try await step(world) == 1)
    #expect(try await step(world) == 0)
    world.now = world.now.adding(seconds: 30 * 86_400)
    #expect(try await step(world) == 0)
    let after = try await world.payment(payment)
    #expect(after.status == arrival.status && after.refunds.isEmpty)
    #expect(after.refundable == arrival.value)
    #expect(try await world.count("refunds") == 0)
    // An operator still can.
    let request = RefundRequest(
      payment: payment.terms.id, kind: .full, address: Self.address, requestedBy: "ann")
    let (service, now) = (RefundService(specs: [world.spec], policies: [:]), world.now)
    let refund = try await world.database.write {
      try service.request(
        request, tenant: World.tenant, now: now, random: (1, 1), in: $0)
    }
    #expect(refund.terms.amount == arrival.value)
  }

  @Test("what is too little to send is looked at again each hour")
  func dust() async throws {
    let arrival = Arrival(testDescription: "", over: .refund, value: 100_545)
    let (world, payment) = try await paid(arrival, policy(arrival))
    for _ in 0..<2 {
      #expect(try await step(world) == 1)
      world.now = world.now.adding(seconds: 3_599)
      #expect(try await step(world) == 0)
      world.now = world.now.adding(seconds: 1)
    }
    #expect(try await refunds(world, of: payment).isEmpty)
    #expect(try await world.status(payment) == .settled)
  }
}
