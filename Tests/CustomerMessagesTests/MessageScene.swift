import Bytes
import ChainTypes
import CustomerMessages
import Database
import EventLog
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Messages
import Notifications
import Orders
import Settlement
import Supply
import Testing

/// A shop with orders, real payments on a chain that a test mines by hand, and customers who are
/// told of them.
struct MessageScene: Sendable {
  let gateway: TestGateway

  static func run(_ body: (MessageScene) async throws -> Void) async throws {
    let options = TestGateway.Options(
      more: { surroundings, router in
        let time = surroundings.time
        PreferenceRoutes(database: surroundings.database) { time.now }.register(on: router)
      })
    try await TestGateway.run(options) { try await body(MessageScene(gateway: $0)) }
  }

  var database: any Database { gateway.database }
  var time: TestTime { gateway.time }
  static let tenant = TestGateway.tenant

  // MARK: Customers

  static func path(_ customer: String) -> String { "/v1/customers/\(customer)/notifications" }

  @discardableResult
  func prefer(
    _ customer: String = "ada",
    _ body: String = #"{"email":"ada@example.com","language":"de","time_zone":"Europe/Berlin"}"#
  ) async throws -> JSONValue {
    let answer = try await gateway.send("PUT", Self.path(customer), body: body)
    try #require(answer.status == 200, "\(answer.body)")
    return try answer.json()
  }

  func preferences(_ customer: String = "ada") async throws -> CustomerPreferences? {
    try await database.read {
      try PreferenceRecords.load(tenant: Self.tenant, customer: customer, in: $0)
    }
  }

  // MARK: Orders

  /// A placed order, for which nothing else has happened.
  func place(_ customer: String? = "ada", as tenant: String = tenant) async throws -> String {
    time.advance(milliseconds: 1)
    let (service, now) = (OrderService(database: database), time.now)
    let random = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    return try await database.write { connection in
      try service.place(
        .init(
          customer: customer, location: "old town",
          currency: Asset(symbol: "USD", decimals: 2),
          items: [
            OrderItem(
              product: "flat white", name: "Flat white", quantity: 2, unitPrice: 450,
              stock: [StockLine(product: "beans", quantity: 18)])
          ]), tenant: tenant, now: now, random: random, in: connection
      ).id
    }
  }

  func note(_ facts: OrderFact..., of order: String) async throws {
    let (records, now) = (OrderRecords(), time.now)
    try await database.write { connection in
      var found = try #require(try records.load(order, in: connection))
      for fact in facts { try records.apply(fact, to: &found, now: now, in: connection) }
    }
  }

  /// Sees an order through until it is ready.
  func makeReady(_ order: String) async throws {
    let chain = try #require(ChainName("bitcoin-regtest"))
    try await note(
      .stockReserved(revision: 1),
      .paymentChosen(PaymentChoice(chain: chain, asset: .btc, amount: 10_000)),
      .paymentRequested(
        RequestedPayment(
          id: "pay_1", address: "bcrt1", uri: "bitcoin:bcrt1",
          expiresAt: time.now.adding(seconds: 900))),
      .paymentMoved(id: "pay_1", sequence: 2, to: .paid), .preparing(by: "staff"),
      .ready(by: "staff"), of: order)
  }

  /// Sends a part of a payment back, as its payout would.
  func refund(_ payment: String) async throws {
    let refund = try await gateway.send(
      "POST", "/v1/payments/\(payment)/refunds", headers: ["Idempotency-Key": "r"],
      body: #"{"kind":"partial","address":"\#(try TestGateway.address(90))","amount":"0.0005"}"#)
    #expect(refund.status == 201, "\(refund.body)")
    let (id, now) = (try #require(refund.json()["id"]?.string), time.now)
    try await database.write { connection in
      let last = try #require(try EventLog.events(of: id, limit: 10, in: connection).last)
      try EventLog.append(
        ["refund.broadcast", "refund.final"].map { type in
          EventDraft(
            type: type, subject: id, tenant: Self.tenant, cause: .init(), time: now,
            data: last.data)
        }, in: connection)
    }
  }

  // MARK: Telling

  func events(_ channels: Set<CustomerChannel> = [.email, .push]) -> CustomerEvents {
    let time = time
    return CustomerEvents(payments: gateway.surroundings.payments, channels: channels) {
      time.now
    }
  }

  /// Lets the consumer hear all that has happened.
  func hear(
    _ channels: Set<CustomerChannel> = [.email, .push], on database: (any Database)? = nil
  ) async throws {
    try await gateway.sequence()
    let (time, used) = (time, database ?? self.database)
    let consumer = try Consumer(
      name: CustomerEvents.consumer,
      source: LogSource(database: used, feed: EventFeed(), topics: CustomerEvents.topics),
      database: used, interest: CustomerEvents.interest, now: { time.now },
      handler: events(channels).handle)
    let outcome = try await consumer.drain()
    #expect(outcome.notices == [])
  }

  /// In their events' order. No page: PostgreSQL's leave out what is newer than any transaction of
  /// the server's that hasn't ended, other tests' too.
  func deliveries(_ channel: ChannelName? = nil) async throws -> [Delivery] {
    try await database.read { connection in
      try connection.query("SELECT delivery_id FROM deliveries ORDER BY position, delivery_id")
        .compactMap { try Deliveries.load($0.text("delivery_id"), tenant: nil, in: connection) }
        .filter { channel == nil || $0.target.channel == channel }
    }
  }

  /// The types of the events of which somebody is told, in their order.
  func told(_ channel: ChannelName) async throws -> [String] {
    try await deliveries(channel).map(\.eventType)
  }

  func writer(
    claims: (any ClaimCodeReading)? = nil, publicURL: String? = nil
  ) -> MessageWriter {
    let time = time
    return MessageWriter(database: database, claims: claims, publicURL: publicURL) { time.now }
  }

  /// Sends what is due.
  func work(_ channels: [any DeliveryChannel]) async throws {
    let time = time
    let worker = DeliveryWorker(
      database: database, channels: channels, now: { time.now }, random: { 0 })
    while try await worker.step(clock: ContinuousClock(), onError: { Issue.record("\($0)") }) > 0 {}
  }
}

/// Codes as a test sets them.
struct FixedCodes: ClaimCodeReading {
  let codes: [String: String]

  func code(ofOrder order: String, tenant: String) async throws -> String? { codes[order] }
}
