import Aggregates
import Cache
import ChainTypes
import Claiming
import Database
import EventLog
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Orders
import Supply
import Testing

/// A shop whose orders are paid on a chain that a test mines by hand, made, and claimed, over HTTP
/// and underneath.
struct ClaimScene: Sendable {
  let gateway: TestGateway
  /// Through which the services write: one that dies stands before the gateway's own.
  var database: any Database
  let feed = EventFeed()

  static let location = "old town"

  static func run(
    cache: CacheAside? = nil, orders: (any ClaimedOrders)? = OrdersAtHand(),
    _ body: (ClaimScene) async throws -> Void
  ) async throws {
    let options = TestGateway.Options(
      ready: 16,
      more: { surroundings, router in
        let time = surroundings.time
        let database = caching(surroundings.database, cache)
        OrderRoutes(
          service: OrderService(database: surroundings.database), saga: saga(surroundings),
          payments: surroundings.payments, paymentLimits: RouteLimits(),
          events: surroundings.events
        ).register(on: router)
        ClaimRoutes(
          service: ClaimService(
            database: database, region: TestGateway.region, cache: cache, orders: orders),
          now: { time.now }, onEvents: surroundings.onEvents
        ).register(on: router)
      })
    try await TestGateway.run(options) { gateway in
      try await body(
        ClaimScene(gateway: gateway, database: caching(gateway.database, cache)))
    }
  }

  private static func caching(_ database: any Database, _ cache: CacheAside?) -> any Database {
    if let cache { InvalidatingDatabase(database, cache) } else { database }
  }

  private static func saga(_ surroundings: TestGateway.Surroundings) -> OrderSaga {
    let (time, database) = (surroundings.time, surroundings.database)
    return OrderSaga(
      database: database,
      stock: SupplyService(database: database, now: { time.now }, onEvents: surroundings.onEvents),
      payments: SettlementPayments(
        database: database, service: surroundings.payments, now: { time.now },
        onEvents: surroundings.onEvents, onAddressesNeeded: {}),
      now: { time.now }, onEvents: surroundings.onEvents)
  }

  var time: TestTime { gateway.time }
  var chain: ChainByHand { gateway.chain }
  var service: ClaimService { service(in: TestGateway.region) }

  func service(in region: String) -> ClaimService {
    ClaimService(database: gateway.database, region: region, orders: OrdersAtHand())
  }

  // MARK: Orders

  func post(
    _ path: String, _ body: String? = nil, key: String? = nil,
    as tenant: String = TestGateway.tenant
  ) async throws -> Answer {
    let key = key ?? "key-\(UInt64.random(in: .min ... .max))"
    return try await gateway.send(
      "POST", path, as: tenant, headers: ["Idempotency-Key": key], body: body)
  }

  /// Places an order that takes nothing from stock, has it paid and made, and gives its id.
  func ready() async throws -> String {
    let id = try await confirmed()
    for word in ["prepare", "ready"] {
      let answer = try await post("/v1/orders/\(id)/\(word)")
      try #require(answer.status == 200, "\(answer.body)")
    }
    return id
  }

  func confirmed() async throws -> String {
    time.advance(milliseconds: 1)
    let placed = try await post(
      "/v1/orders",
      """
      {"location":"\(Self.location)","currency":"BTC","customer":"ada",
       "payment":{"chain":"bitcoin-regtest","asset":"BTC"},
       "items":[{"product":"flat white","quantity":1,"unit_price":"0.0001","stock":[]}]}
      """)
    try #require(placed.status == 201, "\(placed.body)")
    let id = try #require(placed.json()["id"]?.string)
    let payment = try #require(try await order(id)["payment"]?["id"]?.string)
    try await chain.mine(.init(to: payment, 10_000))
    try await chain.mineEmpty(1)
    try await hearPayments()
    try #require(try await order(id)["status"] == "confirmed")
    return id
  }

  /// An order's claim that has been issued.
  func claimed() async throws -> (order: String, claim: String) {
    let order = try await ready()
    try await hear()
    return (order, try #require(try await claim(ofOrder: order)["id"]?.string))
  }

  /// What an order's events would be, without an order: `order.ready` and so on, numbered from 1.
  func tell(_ statuses: String..., of order: String) async throws {
    let now = time.now
    try await gateway.database.write { connection in
      for status in statuses {
        let type = status == "held" ? "order.updated" : "order.\(status)"
        _ = try EventLog.append(
          [
            EventDraft(
              type: type, subject: order, tenant: TestGateway.tenant,
              cause: ChainByHand.hash(status), time: now,
              data: #"{"id":"\#(order)","location":"\#(Self.location)","status":"\#(status)"}"#)
          ], in: connection)
      }
    }
  }

  // MARK: Hearing

  func orderEvents(in region: String = TestGateway.region) -> OrderEvents {
    let time = time
    return OrderEvents(
      region: region, now: { time.now },
      random: { (.random(in: .min ... .max), .random(in: .min ... .max)) })
  }

  /// Lets claiming hear of orders, and orders of claims, until nothing is told any more.
  func hear() async throws {
    for _ in 0..<3 {
      try await hearOrders()
      try await hearClaims()
    }
  }

  func hearOrders() async throws {
    try await gateway.sequence()
    try await hearOrders(from: LogSource(database: database, feed: feed, topics: [.order]))
  }

  func hearOrders(from source: some EventSource, expectingNotices: Bool = false) async throws {
    let events = orderEvents()
    try await drain(
      OrderEvents.consumer, source, OrderEvents.interest, events.handle,
      expectingNotices: expectingNotices)
  }

  func hearClaims() async throws {
    try await gateway.sequence()
    let time = time
    try await drain(
      ClaimEvents.consumer, LogSource(database: database, feed: feed, topics: [.claim]),
      ClaimEvents.interest, ClaimEvents(now: { time.now }).handle)
  }

  func hearPayments() async throws {
    try await gateway.sequence()
    let time = time
    try await drain(
      PaymentEvents.consumer, LogSource(database: database, feed: feed, topics: [.payment]),
      PaymentEvents.interest, PaymentEvents(now: { time.now }).handle)
    let saga = Self.saga(gateway.surroundings)
    while try await saga.step(limit: 8, onError: { Issue.record("\($0): \($1)") }) > 0 {}
  }

  private func drain(
    _ name: String, _ source: some EventSource, _ interest: EventInterest,
    _ handler: @escaping EventHandler, expectingNotices: Bool = false
  ) async throws {
    let time = time
    let consumer = try Consumer(
      name: name, source: source, database: database, interest: interest, now: { time.now },
      handler: handler)
    let outcome = try await consumer.drain()
    #expect(expectingNotices || outcome.notices == [])
  }

  // MARK: Asking

  func order(_ id: String) async throws -> JSONValue {
    try await gateway.get("/v1/orders/\(id)").json()
  }

  func claim(_ id: String) async throws -> JSONValue {
    try await gateway.get("/v1/claims/\(id)").json()
  }

  func claim(ofOrder order: String) async throws -> JSONValue {
    let answer = try await gateway.get("/v1/orders/\(order)/claim")
    try #require(answer.status == 200, "\(answer.body)")
    return try answer.json()
  }

  /// The code as its customer is told it.
  func code(_ claim: String) async throws -> String {
    let answer = try await gateway.get("/v1/claims/\(claim)/code")
    try #require(answer.status == 200, "\(answer.body)")
    return try #require(answer.json()["code"]?.string)
  }

  func show(_ code: String, for claim: String, key: String? = nil) async throws -> Answer {
    try await post("/v1/claims/\(claim)/process", #"{"code":"\#(code)","by":"bo"}"#, key: key)
  }

  func events(_ subject: String) async throws -> [CloudEvent] {
    try await gateway.database.read {
      try EventLog.events(of: subject, limit: 1_000, in: $0)
    }
  }

  func types(_ subject: String) async throws -> [String] {
    try await events(subject).map(\.type)
  }

  func count(_ table: String) async throws -> Int64 {
    try await gateway.database.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM \(table)")?.integer("n") ?? -1
    }
  }

  /// Rows are what their facts make; codes and addresses are there for what hasn't ended.
  func expectSound(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let report = try await ClaimService.rebuild(gateway.database, writing: false)
    #expect(report.differing == [], sourceLocation: sourceLocation)
    let odd = try await gateway.database.read { connection in
      try connection.query(
        """
        SELECT claims.claim_id AS id FROM claims
          LEFT JOIN claim_codes ON claim_codes.claim_id = claims.claim_id
        WHERE (claim_codes.claim_id IS NULL) <> (status IN ('processed', 'canceled'))
        UNION SELECT claim_addresses.claim_id AS id FROM claim_addresses
          JOIN claims ON claims.claim_id = claim_addresses.claim_id
        WHERE status IN ('processed', 'canceled')
        """
      ).map { try $0.text("id") }
    }
    #expect(odd == [], sourceLocation: sourceLocation)
  }
}

/// A wrong code of the right form.
func wrongCode(_ number: Int, not code: String) -> String {
  let guess = ClaimCode(random: (UInt64(number), 5)).grouped
  return guess == code ? ClaimCode(random: (UInt64(number), 6)).grouped : guess
}

/// Orders in the same database, as claiming asks for them.
struct OrdersAtHand: ClaimedOrders {
  func standing(
    of order: String, tenant: String, in connection: any SQLConnection
  ) throws -> ClaimedOrder? {
    let status = try OrderRecords().status(of: order, tenant: tenant, in: connection)
    return status.flatMap { ClaimedOrder(rawValue: $0.rawValue) }
  }
}
