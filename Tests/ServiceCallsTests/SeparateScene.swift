import Aggregates
import Bytes
import ChainTypes
import Database
import Deployment
import EventLog
import GatewayFixtures
import LoopbackHTTP
import Orders
import ServiceCalls
import Settlement
import Supply
import TestDatabases
import TestSupport
import Testing

/// Orders, stock and payments, each with a database of its own: orders ask the others over sockets,
/// and hear of payments from the payments' log, as they would from brokers.
struct SeparateScene: Sendable {
  let gateway: TestGateway
  let orders: any Database
  let stock: any Database
  /// Whose server a test may end and start again.
  let answering: Answering
  let connection: ServiceConnection

  static let tenant = TestGateway.tenant
  static let location = "old town"
  static let beans: Int64 = 18

  static func run(
    ready: Int = 8,
    stockAnswering: @escaping @Sendable (SupplyService) -> any StockReserving = { $0 },
    paymentsAnswering: @escaping @Sendable (SettlementPayments) -> any PaymentRequesting = { $0 },
    _ body: (SeparateScene) async throws -> Void
  ) async throws {
    try await TestGateway.run(TestGateway.Options(ready: ready)) { gateway in
      let (orders, stock) = (try await TestDatabase(), try await TestDatabase())
      for database in [orders, stock] { try await Schema.migrate(database) }
      let (time, surroundings) = (gateway.time, gateway.surroundings)
      let supply = SupplyService(database: stock, now: { time.now }, onEvents: {})
      let settlement = SettlementPayments(
        database: gateway.database, service: surroundings.payments, now: { time.now },
        onEvents: surroundings.onEvents, onAddressesNeeded: {})
      let answering = try await Answering(
        stock: stockAnswering(supply), payments: paymentsAnswering(settlement))
      do {
        try await answering.scene.connected { connection in
          try await body(
            SeparateScene(
              gateway: gateway, orders: orders, stock: stock, answering: answering,
              connection: connection))
        }
      } catch {
        await answering.end()
        throw error
      }
      await answering.end()
    }
  }

  /// The process that keeps stock and payments, as one server.
  actor Answering {
    private let stock: any StockReserving
    private let payments: any PaymentRequesting
    nonisolated let scene: CallScene
    private var running: CallScene.Running?

    init(stock: any StockReserving, payments: any PaymentRequesting) async throws {
      self.stock = stock
      self.payments = payments
      let running = try await CallScene.start(stock: stock, payments: payments) {
        $0.shutdownGraceSeconds = 0
      }
      self.running = running
      scene = running.scene
    }

    func end() async {
      await running?.end()
      running = nil
    }

    func startAgain() async throws {
      running = try await CallScene.start(stock: stock, payments: payments, port: scene.port) {
        $0.shutdownGraceSeconds = 0
      }
    }
  }

  var now: Timestamp { gateway.time.now }

  var saga: OrderSaga {
    let time = gateway.time
    return OrderSaga(
      database: orders, stock: connection.stock, payments: connection.payments,
      now: { time.now }, onEvents: {})
  }

  // MARK: Acting

  func keep(_ product: String, _ onHand: Int64) async throws -> String {
    let now = now
    let service = SupplyService(database: stock, now: { now }, onEvents: {})
    let random = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    return try await stock.write { connection in
      try service.create(
        .init(location: Self.location, product: product, unit: "g", onHand: onHand),
        tenant: Self.tenant, now: now, random: random, in: connection
      ).id
    }
  }

  /// Places an order for flat whites and does nothing more with it.
  func place(_ cups: Int64 = 1, amount: UInt64 = 10_000) async throws -> String {
    gateway.time.advance(milliseconds: 1)
    let (service, now) = (OrderService(database: orders), now)
    let chain = try #require(ChainName("bitcoin-regtest"))
    let random = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    return try await orders.write { connection in
      try service.place(
        .init(
          location: Self.location, currency: .btc,
          items: [
            OrderItem(
              product: "flat white", quantity: cups, unitPrice: .init(amount),
              stock: [StockLine(product: "beans", quantity: Self.beans)])
          ], payment: PaymentChoice(chain: chain, asset: .btc, amount: .init(amount))),
        tenant: Self.tenant, now: now, random: random, in: connection
      ).id
    }
  }

  func cancel(_ id: String) async throws {
    try await decide(.canceled(by: "ada", note: nil), on: id)
  }

  func decide(_ fact: OrderFact, on id: String) async throws {
    let (service, now) = (OrderService(database: orders), now)
    try await orders.write {
      _ = try service.decide(on: id, tenant: Self.tenant, now: now, in: $0) { _ in fact }
    }
  }

  /// Lets the payments' log be sequenced and heard, and orders be carried on until nothing is due.
  /// What fails on the way is put off, and due again a while later.
  func settle() async throws {
    let failed = Failed()
    repeat {
      if failed.take() { gateway.time.advance(seconds: 1) }
      try await gateway.sequence()
      let (time, events) = (gateway.time, PaymentEvents(now: { [time = gateway.time] in time.now }))
      let consumer = try Consumer(
        name: PaymentEvents.consumer,
        source: LogSource(database: gateway.database, feed: EventFeed(), topics: [.payment]),
        database: orders, interest: PaymentEvents.interest, now: { time.now },
        handler: events.handle)
      #expect(try await consumer.drain().notices == [])
    } while try await saga.step(limit: 8, onError: { _, _ in failed.set() }) > 0 || failed.isSet
  }

  // MARK: Asking

  func order(_ id: String) async throws -> Order {
    try #require(
      try await orders.read { try OrderRecords().load(id, locking: false, in: $0) })
  }

  func payment(_ id: String) async throws -> String {
    try #require(try await order(id).payment?.requested.id)
  }

  func held(_ supply: String) async throws -> [Int64] {
    let service = SupplyService(
      database: stock, now: { Timestamp(seconds: 0) }, onEvents: {})
    let item = try await stock.read {
      try service.item(supply, tenant: Self.tenant, in: $0)
    }
    return [item.onHand, item.reserved]
  }

  func paymentCount() async throws -> Int64? {
    try await gateway.database.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM payments")?.integer("n")
    }
  }

  /// Rows are what their facts make.
  func expectSound() async throws {
    let orders = try await OrderService(database: orders).rebuild(writing: false, now: now)
    let supplies = try await SupplyService.rebuild(stock, writing: false)
    #expect(orders.differing + supplies.differing == [])
  }
}
