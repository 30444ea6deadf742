import Bytes
import ChainTypes
import Database
import EventLog
import GatewayFixtures
import JSON
import LoopbackHTTP
import Orders
import Testing

@Suite("Payments' events that come twice, late or out of order")
struct EventDisorderTests {
  /// The events of a life in which money comes, is taken back and comes again.
  private static func lived(
    _ scene: OrderScene, heldBack: Bool
  ) async throws -> (order: String, events: [CloudEvent]) {
    let id = try await scene.place()
    let payment = try await scene.payment(id)
    let money = ChainByHand.Money(to: payment, 10_000)
    try await scene.chain.mine(money)
    try await scene.chain.mineEmpty(1)
    if heldBack {
      try await scene.chain.reorg(2)
    } else {
      try await scene.chain.mineEmpty(5)
    }
    try await scene.gateway.sequence()
    return (id, try await scene.events(payment))
  }

  @Test("the order stands as the last of them says, and each counts once", arguments: 0..<12)
  func shuffled(seed: UInt64) async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let heldBack = seed.isMultiple(of: 2)
      let (id, events) = try await Self.lived(scene, heldBack: heldBack)
      #expect(events.count >= 4)
      var generator = SplitMix64(seed: seed)
      let deliveries = (events + events + events).shuffled(using: &generator)
      // Gaps are told, and closed by what comes.
      try await scene.hear(
        Deliveries(deliveries, on: "payment-events"), expectingNotices: true)
      try await scene.settle()
      #expect(try await scene.status(id) == (heldBack ? "held" : "confirmed"))
      #expect(try await scene.stock(beans) == [100, 18])
      let told = try await scene.types(id)
      #expect(told.count { $0 == "confirmed" } == 1)
      try await scene.expectSound()
    }
  }

  /// What the handler itself makes of disorder: the inbox that keeps the order is another's.
  @Test("an older event than the last that counted changes nothing", arguments: 0..<12)
  func unordered(seed: UInt64) async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      let (id, events) = try await Self.lived(scene, heldBack: true)
      var generator = SplitMix64(seed: seed)
      let last = try #require(events.last)
      let time = scene.time
      let handler = PaymentEvents(now: { time.now })
      for event in (events + events).shuffled(using: &generator) + [last] {
        try await scene.database.write { connection in
          try handler.handle(
            ReceivedEvent(event, at: EventPlace(.log, event.sequence)), in: connection)
        }
      }
      let order = try await scene.order(id)
      // Paid in between or not, as it was heard; never paid afterwards.
      #expect(order["payment"]?["status"] == "open")
      #expect(["pending", "held"].contains(order["status"]?.string))
      try await scene.expectSound()
    }
  }

  @Test("an order hears of its payment before it is told that it has one")
  func early() async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let (id, payment) = try await Self.unheard(scene)
      try await scene.chain.mine(.init(to: payment, 10_000))
      try await scene.chain.mineEmpty(1)
      try await scene.gateway.sequence()
      try await scene.hear(
        LogSource(database: scene.database, feed: scene.feed, topics: [.payment]))
      #expect(try await scene.status(id) == "confirmed")
      try await scene.settle()
      #expect(try await scene.stock(beans) == [100, 18])
      #expect(try await scene.count("payments") == 1)
      try await scene.expectSound()
    }
  }

  /// An order and its payment, of which it doesn't know: the process that asked for it has died
  /// before it could note the answer.
  private static func unheard(_ scene: OrderScene) async throws -> (order: String, payment: String)
  {
    let id = try await scene.note()
    let payments = scene.services.payments
    let placed = try #require(
      try await scene.database.read { try OrderRecords().load(id, locking: false, in: $0) })
    let choice = try #require(placed.choice)
    let request = RequestPayment(tenant: TestGateway.tenant, order: id, choice: choice)
    let answer = try await payments.request(request)
    #expect(try await payments.request(request) == answer)
    let payment: RequestedPayment? =
      if case .requested(let payment) = answer { payment } else { nil }
    return (id, try #require(payment, "\(answer)").id)
  }

  @Test("an order hears that its money goes back before it hears of its payment")
  func earlyRefund() async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      let (id, payment) = try await Self.unheard(scene)
      try await scene.chain.mine(.init(to: payment, 10_000))
      try await scene.chain.mineEmpty(6)
      let asked = try await scene.post(
        "/v1/payments/\(payment)/refunds",
        #"{"kind":"full","address":"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"}"#)
      let refund = try #require(try asked.json()["id"]?.string, "\(asked.body)")
      try await scene.gateway.sequence()
      let (going, paid) = (try await scene.events(refund), try await scene.events(payment))
      #expect(try await scene.order(id)["payment"]?["id"] == nil)
      try await scene.hear(Deliveries(going, on: "refund-events"))
      #expect(try await scene.status(id) == "pending")
      try await scene.hear(Deliveries(paid, on: "payment-events"))
      let order = try await scene.order(id)
      #expect(order["status"] == "held" && order["attention"] == "refunding")
      try await scene.settle()
      #expect(try await scene.status(id) == "held")
      try await scene.expectSound()
    }
  }

  @Test("payments of a shop's own orders, and of other tenants', are nobody's here")
  func others() async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      let id = try await scene.place()
      // Under the same id, from another tenant.
      let payment = try await scene.gateway.made(id, as: TestGateway.otherTenant)
      try await scene.gateway.made("order-17")
      try await scene.chain.mine(.init(to: payment, 100_000))
      try await scene.chain.mineEmpty(1)
      try await scene.settle()
      #expect(try await scene.status(id) == "pending")
      try await scene.expectSound()
    }
  }
}
