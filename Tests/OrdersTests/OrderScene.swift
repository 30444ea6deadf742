import Aggregates
import Bytes
import Cache
import ChainTypes
import Database
import EventLog
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Orders
import Settlement
import Supply
import Testing

/// A shop whose orders take stock and are paid on a chain that a test mines by hand, over HTTP and
/// underneath.
struct OrderScene: Sendable {
  let gateway: TestGateway
  /// Through which the services write: one that dies stands before the gateway's own.
  var database: any Database
  let cache: CacheAside?
  let feed = EventFeed()

  static let location = "old town"
  /// What a flat white takes.
  static let beans: Int64 = 18

  static func run(
    policy: TenantPolicy = TenantPolicy(), ready: Int = 8, limits: RouteLimits = RouteLimits(),
    rates: TestRates? = nil, cache: CacheAside? = nil,
    _ body: (OrderScene) async throws -> Void
  ) async throws {
    let options = TestGateway.Options(
      ready: ready, policy: policy,
      more: { surroundings, router in
        let database = caching(surroundings.database, cache)
        let scene = Services(surroundings, on: database, cache)
        OrderRoutes(
          service: OrderService(database: database, cache: cache), saga: scene.saga,
          payments: surroundings.payments, paymentLimits: limits,
          events: surroundings.events, rates: rates
        ).register(on: router)
        SupplyRoutes(service: scene.stock).register(on: router)
      })
    try await TestGateway.run(options) { gateway in
      let database = caching(gateway.database, cache)
      try await body(OrderScene(gateway: gateway, database: database, cache: cache))
    }
  }

  static func caching(_ database: any Database, _ cache: CacheAside?) -> any Database {
    if let cache { InvalidatingDatabase(database, cache) } else { database }
  }

  struct Services: Sendable {
    let stock: SupplyService
    let payments: SettlementPayments
    let saga: OrderSaga

    init(
      _ surroundings: TestGateway.Surroundings, on database: any Database,
      _ cache: CacheAside? = nil
    ) {
      let time = surroundings.time
      let stock = SupplyService(
        database: database, cache: cache, now: { time.now }, onEvents: surroundings.onEvents)
      let payments = SettlementPayments(
        database: database, service: surroundings.payments, now: { time.now },
        onEvents: surroundings.onEvents, onAddressesNeeded: {})
      self.stock = stock
      self.payments = payments
      saga = OrderSaga(
        database: database, stock: stock, payments: payments, now: { time.now },
        onEvents: surroundings.onEvents)
    }
  }

  var services: Services { Services(gateway.surroundings, on: database, cache) }
  var time: TestTime { gateway.time }
  var chain: ChainByHand { gateway.chain }

  // MARK: Acting

  /// Keeps stock of a product at the location and gives the supply's id.
  @discardableResult
  func keep(_ product: String, _ onHand: Int64, lowAt: Int64? = nil) async throws -> String {
    time.advance(milliseconds: 1)
    let low = lowAt.map { #","low_at":\#($0)"# } ?? ""
    let answer = try await gateway.send(
      "POST", "/v1/supplies", headers: Self.key(),
      body:
        #"{"location":"\#(Self.location)","product":"\#(product)","unit":"g","on_hand":\#(onHand)\#(low)}"#
    )
    try #require(answer.status == 201, "\(answer.body)")
    return try #require(answer.json()["id"]?.string)
  }

  static func key() -> [String: String] {
    ["Idempotency-Key": "key-\(UInt64.random(in: .min ... .max))"]
  }

  /// What a client sends for flat whites at 0.0001 BTC.
  static func body(
    _ cups: Int = 1, paid: Bool = true, more: String = ""
  ) -> String {
    let payment = paid ? #","payment":{"chain":"bitcoin-regtest","asset":"BTC"}"# : ""
    return """
      {"location":"\(location)","currency":"BTC","customer":"ada"\(payment)\(more),
       "items":[\(item(cups))]}
      """
  }

  static func item(_ cups: Int) -> String {
    """
    {"product":"flat white","quantity":\(cups),"unit_price":"0.0001",
     "stock":[{"product":"beans","quantity":\(beans)}]}
    """
  }

  func post(_ path: String, _ body: String? = nil) async throws -> Answer {
    try await gateway.send("POST", path, headers: Self.key(), body: body)
  }

  /// Places an order over HTTP and gives its id.
  @discardableResult
  func place(_ body: String = body()) async throws -> String {
    time.advance(milliseconds: 1)
    let answer = try await post("/v1/orders", body)
    try #require(answer.status == 201, "\(answer.body)")
    return try #require(answer.json()["id"]?.string)
  }

  /// Places an order and does nothing more with it.
  func note(_ cups: Int64 = 1) async throws -> String {
    time.advance(milliseconds: 1)
    let (service, now) = (OrderService(database: gateway.database), time.now)
    let chain = try #require(ChainName("bitcoin-regtest"))
    let random = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    return try await gateway.database.write { connection in
      try service.place(
        .init(
          location: Self.location, currency: .btc,
          items: [
            OrderItem(
              product: "flat white", quantity: cups, unitPrice: 10_000,
              stock: [StockLine(product: "beans", quantity: Self.beans)])
          ], payment: PaymentChoice(chain: chain, asset: .btc, amount: 10_000)),
        tenant: TestGateway.tenant, now: now, random: random, in: connection
      ).id
    }
  }

  /// Pays the order at once and deep enough.
  func pay(_ id: String, _ value: UInt64 = 10_000) async throws {
    try await chain.mine(.init(to: payment(id), value))
    try await chain.mineEmpty(1)
    try await settle()
  }

  /// Lets the services do all that there is to do: sequencer, consumer, saga.
  func settle() async throws {
    let saga = services.saga
    repeat {
      try await gateway.sequence()
      try await hear(LogSource(database: database, feed: feed, topics: [.payment]))
    } while try await saga.step(limit: 8, onError: { Issue.record("\($0): \($1)") }) > 0
    // What was heard last may have left nothing to do.
    try await gateway.sequence()
  }

  /// What the consumer makes of a source.
  func hear(_ source: some EventSource, expectingNotices: Bool = false) async throws {
    let time = time
    let events = PaymentEvents(now: { time.now })
    let consumer = try Consumer(
      name: PaymentEvents.consumer, source: source, database: database,
      interest: PaymentEvents.interest, now: { time.now }, handler: events.handle)
    let outcome = try await consumer.drain()
    #expect(expectingNotices || outcome.notices == [])
  }

  // MARK: Asking

  func order(_ id: String) async throws -> JSONValue {
    let answer = try await gateway.get("/v1/orders/\(id)")
    try #require(answer.status == 200, "\(answer.body)")
    return try answer.json()
  }

  func status(_ id: String) async throws -> String? { try await order(id)["status"]?.string }

  func payment(_ id: String) async throws -> String {
    try #require(try await order(id)["payment"]?["id"]?.string)
  }

  /// What is on hand and what is reserved.
  func stock(_ supply: String) async throws -> [JSONValue?] {
    let supply = try await gateway.get("/v1/supplies/\(supply)").json()
    return [supply["on_hand"], supply["reserved"]]
  }

  func events(_ subject: String) async throws -> [CloudEvent] {
    try await gateway.database.read {
      try EventLog.events(of: subject, limit: 1_000, in: $0)
    }
  }

  func types(_ subject: String) async throws -> [String] {
    try await events(subject).map { String($0.type.drop { $0 != "." }.dropFirst()) }
  }

  func count(_ table: String) async throws -> Int64 {
    try await gateway.database.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM \(table)")?.integer("n") ?? -1
    }
  }

  /// Rows are what their facts make, and stock is reserved for nothing but what orders hold.
  func expectSound(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let now = time.now
    let orders = try await OrderService(database: gateway.database).rebuild(
      writing: false, now: now)
    let supplies = try await SupplyService.rebuild(gateway.database, writing: false)
    #expect(orders.differing + supplies.differing == [], sourceLocation: sourceLocation)
    let sums = try await gateway.database.read { connection in
      try [
        "SELECT COALESCE(SUM(reserved), 0) AS n FROM supplies",
        """
        SELECT COALESCE(SUM(quantity), 0) AS n FROM reservation_lines JOIN reservations
          ON reservations.tenant = reservation_lines.tenant
          AND reservations.order_id = reservation_lines.order_id WHERE status = 'held'
        """,
      ].map { sql in
        try connection.queryFirst(
          "SELECT CAST(n AS \(connection.dialect.integer)) AS n FROM (\(sql)) AS sums"
        )?.integer("n")
      }
    }
    #expect(sums[0] == sums[1], sourceLocation: sourceLocation)
  }
}
