import Audit
import ChainTypes
import Database
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Orders
import Settlement
import Supply
import Synchronization
import Tenancy
import Testing
import TokenIssuing

/// A shop with payments, orders, stock and the audit log, and people who come with tokens.
struct AccessScene: Sendable {
  let gateway: TestGateway
  /// What the routes run on, where a test asks for whom.
  var acting: ActingDatabase?

  static func run(
    isActing: Bool = false, limits: RouteLimits = RouteLimits(),
    _ body: (AccessScene) async throws -> Void
  ) async throws {
    let acting = Acting()
    var options = TestGateway.Options(more: { surroundings, router in
      let (database, time) = (surroundings.database, surroundings.time)
      let stock = SupplyService(
        database: database, now: { time.now }, onEvents: surroundings.onEvents)
      let saga = OrderSaga(
        database: database, stock: stock,
        payments: SettlementPayments(
          database: database, service: surroundings.payments, now: { time.now },
          onEvents: surroundings.onEvents, onAddressesNeeded: {}),
        now: { time.now }, onEvents: surroundings.onEvents)
      OrderRoutes(
        service: OrderService(database: database), saga: saga, payments: surroundings.payments,
        paymentLimits: limits, events: surroundings.events
      ).register(on: router)
      SupplyRoutes(service: stock).register(on: router)
      AuditRoutes(database: database).register(on: router)
    })
    if isActing {
      options.behind = { database in
        let watching = ActingDatabase(database)
        acting.database.withLock { $0 = watching }
        return watching
      }
    }
    try await TestGateway.run(options) {
      try await body(AccessScene(gateway: $0, acting: acting.database.withLock { $0 }))
    }
  }

  private final class Acting: Sendable {
    let database = Mutex<ActingDatabase?>(nil)
  }

  /// A request of somebody with these roles.
  func send(
    _ method: String, _ path: String, by subject: String, _ roles: UserRole...,
    headers: [String: String] = [:], body: String? = nil
  ) async throws -> Answer {
    let tokens = gateway.tokens
    let token = try tokens.token(
      issuer: TestTokens.issuer, audience: TestTokens.audience, tenant: TestGateway.tenant,
      subject: subject, roles: roles, now: gateway.time.now, lifetimeSeconds: 3_600)
    var all = ["Authorization": "Bearer \(token)"]
    if method == "POST" { all["Idempotency-Key"] = "key-\(UInt64.random(in: .min ... .max))" }
    return try await TestConnection(port: gateway.port).send(
      method, path, headers: all.merging(headers) { _, given in given }, body: body)
  }

  static func order(_ more: String = "", paid: Bool = false) -> String {
    let payment = paid ? #","payment":{"chain":"bitcoin-regtest","asset":"BTC"}"# : ""
    return """
      {"location":"old town","currency":"BTC"\(payment)\(more),
       "items":[{"product":"flat white","quantity":1,"unit_price":"0.0001","stock":[]}]}
      """
  }

  /// Has the shop's program place an order for a customer, and gives its id.
  func place(by customer: String, paid: Bool = false) async throws -> String {
    gateway.time.advance(milliseconds: 1)
    let answer = try await gateway.send(
      "POST", "/v1/orders", headers: ["Idempotency-Key": "key-\(UInt64.random(in: .min ... .max))"],
      body: Self.order(#","customer":"\#(customer)""#, paid: paid))
    try #require(answer.status == 201, "\(answer.body)")
    return try #require(answer.json()["id"]?.string)
  }

  /// What the audit log says: who did what to what.
  func log() async throws -> [String] {
    let records = try await gateway.database.read {
      try AuditLog.page(of: TestGateway.tenant, after: 0, limit: 1_000, in: $0)
    }
    return records.map { "\($0.actor) \($0.action) \($0.subject)" }
  }
}
