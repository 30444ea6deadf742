import ChainTypes
import Database
import GatewayFixtures
import JSON
import LoopbackHTTP
import Orders
import ServiceCalls
import Settlement
import Supply
import Synchronization
import TestSupport
import Testing

@Suite("An order's way through services with databases of their own")
struct SeparateOrdersTests {
  @Test("placed, reserved, paid, confirmed; taken back, held, and paid again")
  func life() async throws {
    try await SeparateScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let id = try await scene.place(2)
      try await scene.settle()
      #expect(try await scene.held(beans) == [100, 36])
      let payment = try await scene.payment(id)
      let requested = try #require(try await scene.order(id).payment?.requested)
      let shown = try await scene.gateway.payment(payment)
      #expect(shown["order_id"] == .string(id))
      #expect(shown["address"] == .string(requested.address))
      #expect(shown["uri"] == .string(requested.uri))
      #expect(shown["expires_at"] == .string(requested.expiresAt.description))
      let money = ChainByHand.Money(to: payment, 10_000)
      try await scene.gateway.chain.mine(money)
      try await scene.gateway.chain.mineEmpty(1)
      try await scene.settle()
      #expect(try await scene.order(id).status == .confirmed)
      #expect(try await scene.held(beans) == [100, 36])
      try await scene.gateway.chain.reorg(2)
      try await scene.settle()
      #expect(try await scene.order(id).status == .held)
      try await scene.gateway.chain.mine(money)
      try await scene.gateway.chain.mineEmpty(1)
      try await scene.settle()
      #expect(try await scene.order(id).status == .confirmed)
      try await scene.decide(.preparing(by: "bo"), on: id)
      try await scene.settle()
      #expect(try await scene.held(beans) == [64, 0])
      try await scene.expectSound()
    }
  }

  @Test("canceled: its stock returns and its payment is withdrawn; so does what nobody pays")
  func ends() async throws {
    try await SeparateScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let (canceled, unpaid) = (try await scene.place(), try await scene.place())
      try await scene.settle()
      #expect(try await scene.held(beans) == [100, 36])
      try await scene.cancel(canceled)
      try await scene.settle()
      #expect(try await scene.held(beans) == [100, 18])
      #expect(try await scene.gateway.status(scene.payment(canceled)) == "canceled")
      scene.gateway.time.advance(seconds: 1_000)
      try await scene.gateway.chain.look()
      try await scene.settle()
      #expect(try await scene.order(unpaid).cancellation?.reason == .paymentExpired)
      #expect(try await scene.held(beans) == [100, 0])
      try await scene.expectSound()
    }
  }

  @Test("refusals are answers: too little stock, and a payment that can't be")
  func refusals() async throws {
    try await SeparateScene.run { scene in
      let beans = try await scene.keep("beans", 35)
      let large = try await scene.place(2)
      try await scene.settle()
      // Below what the chain carries.
      let dust = try await scene.place(1, amount: 1)
      try await scene.settle()
      let order = try await scene.order(large)
      #expect(order.cancellation?.reason == .outOfStock)
      #expect(
        order.shortages == [StockShortage(product: "beans", wanted: 36, available: 35)])
      #expect(try await scene.order(dust).cancellation?.reason == .paymentRefused)
      #expect(try await scene.held(beans) == [35, 0])
      #expect(try await scene.paymentCount() == 0)
      try await scene.expectSound()
    }
  }

  /// Stock and payments whose answer to the n-th call is lost: what was asked has been done.
  private final class Losing: StockReserving, PaymentRequesting {
    private let stock: any StockReserving
    private let payments: (any PaymentRequesting)?
    private let calls: Calls

    final class Calls: Sendable {
      private let state = Mutex((count: 0, lost: 0))

      func lose(_ number: Int) { state.withLock { $0 = (0, number) } }
      var count: Int { state.withLock(\.count) }

      func answer() throws {
        let isLost = state.withLock { state in
          state.count += 1
          return state.count == state.lost
        }
        if isLost { throw DatabaseError.connectionLost("the answer", commitIsUnknown: true) }
      }
    }

    init(
      stock: any StockReserving = ScriptedStock(), payments: (any PaymentRequesting)? = nil,
      _ calls: Calls
    ) {
      self.stock = stock
      self.payments = payments
      self.calls = calls
    }

    func reserve(_ request: ReserveStock) async throws -> ReserveStockReply {
      let reply = try await stock.reserve(request)
      try calls.answer()
      return reply
    }

    func consume(_ request: ConsumeStock) async throws -> ConsumeStockReply {
      let reply = try await stock.consume(request)
      try calls.answer()
      return reply
    }

    func release(_ request: ReleaseStock) async throws -> ReleaseStockReply {
      let reply = try await stock.release(request)
      try calls.answer()
      return reply
    }

    func request(_ request: RequestPayment) async throws -> RequestPaymentReply {
      guard let payments else { return .refused(reason: "") }
      let reply = try await payments.request(request)
      try calls.answer()
      return reply
    }

    func withdraw(_ request: WithdrawPayment) async throws {
      try await payments?.withdraw(request)
      try calls.answer()
    }
  }

  @Test("an answer that is lost is asked for again, and done once", arguments: [false, true])
  func lostAnswers(isPaid: Bool) async throws {
    let calls = Losing.Calls()
    try await SeparateScene.run(
      ready: 64, stockAnswering: { Losing(stock: $0, calls) },
      paymentsAnswering: { Losing(payments: $0, calls) }
    ) { scene in
      let beans = try await scene.keep("beans", 1_000)
      var (onHand, number): (Int64, Int) = (1_000, 0)
      repeat {
        number += 1
        calls.lose(number)
        let id = try await scene.place()
        try await scene.settle()
        if isPaid {
          try await scene.gateway.chain.mine(.init(to: scene.payment(id), 10_000))
          try await scene.gateway.chain.mineEmpty(1)
          try await scene.settle()
          try await scene.decide(.preparing(by: "bo"), on: id)
          onHand -= SeparateScene.beans
        } else {
          try await scene.cancel(id)
        }
        try await scene.settle()
        #expect(
          try await scene.order(id).status == (isPaid ? .preparing : .canceled), "call \(number)")
        #expect(try await scene.held(beans) == [onHand, 0], "call \(number)")
        #expect(try await scene.paymentCount() == Int64(number), "call \(number)")
      } while calls.count >= number
      // Reserve, request and consume; or reserve, request, release and withdraw.
      #expect(number == (isPaid ? 4 : 5))
      try await scene.expectSound()
    }
  }

  @Test("while the other process is gone orders wait; once it is back they go on")
  func gone() async throws {
    try await SeparateScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let early = try await scene.place()
      try await scene.settle()
      await scene.answering.end()
      let late = try await scene.place()
      let failed = Failed()
      _ = try await scene.saga.step(limit: 8, onError: { _, _ in failed.set() })
      #expect(failed.isSet)
      #expect(try await scene.order(late).payment == nil)
      // What is heard meanwhile is noted.
      try await scene.gateway.chain.mine(.init(to: scene.payment(early), 10_000))
      try await scene.gateway.chain.mineEmpty(1)
      try await scene.answering.startAgain()
      try await waitUntil("it is connected to") {
        let nothing = ConsumeStock(tenant: SeparateScene.tenant, order: "ord_none")
        return (try? await scene.connection.stock.consume(nothing)) == .notHeld
      }
      // What was put off is due by now.
      scene.gateway.time.advance(seconds: 5)
      try await scene.settle()
      #expect(try await scene.order(early).status == .confirmed)
      _ = try await scene.payment(late)
      #expect(try await scene.held(beans) == [100, 36])
      try await scene.expectSound()
    }
  }
}
