import ChainTypes
import Database
import EventLog
import GatewayFixtures
import HTTPClient
import HTTPServer
import JSON
import LoopbackHTTP
import Notifications
import SchemaChecking
import Synchronization
import Testing

/// A shop with payments whose webhooks are requested over HTTP, and receivers on this machine.
struct WebhookScene: Sendable {
  let gateway: TestGateway
  let client: HTTPClient
  let names = Names()
  /// Which addresses may be connected to.
  var allows: @Sendable (IPAddress) -> Bool = { $0.description.hasPrefix("127.0.0.") }

  /// Says where hosts are, as a test has it.
  final class Names: HostResolver {
    private let answers = Mutex<[String: [[String]]]>([:])
    private let asked = Mutex<[String]>([])

    /// What is answered one after the other, the last of it for ever.
    func set(_ host: String, _ answers: [String]...) {
      self.answers.withLock { $0[host] = answers }
    }

    var questions: [String] { asked.withLock { $0 } }

    func addresses(of host: String) async throws(HostResolutionError) -> [IPAddress] {
      asked.withLock { $0.append(host) }
      let found = answers.withLock { all -> [String]? in
        guard let answers = all[host], let first = answers.first else { return nil }
        if answers.count > 1 { all[host] = Array(answers.dropFirst()) }
        return first
      }
      guard let found else { throw .failed("no such name") }
      return found.compactMap(IPAddress.init)
    }
  }

  static func run(
    policy: WebhookPolicy = WebhookPolicy(allowsHTTP: true, allowsPrivateHosts: true),
    _ body: (WebhookScene) async throws -> Void
  ) async throws {
    let client = try HTTPClient()
    defer { client.shutdown() }
    let options = TestGateway.Options(
      ready: 12,
      more: { surroundings, router in
        let (database, time) = (surroundings.database, surroundings.time)
        WebhookRoutes(
          service: WebhookService(database: database, policy: policy), now: { time.now },
          onEvents: surroundings.onEvents
        ).register(on: router)
        DeliveryRoutes(database: database, now: { time.now }).register(on: router)
      })
    try await TestGateway.run(options) { gateway in
      try await body(WebhookScene(gateway: gateway, client: client))
    }
  }

  // MARK: Acting

  func post(
    _ path: String, _ body: String? = nil,
    key: String = "key-\(UInt64.random(in: .min ... .max))", as tenant: String = TestGateway.tenant
  ) async throws -> Answer {
    gateway.time.advance(milliseconds: 1)
    return try await gateway.send(
      "POST", path, as: tenant, headers: ["Idempotency-Key": key], body: body)
  }

  static func body(_ url: String, _ events: [String] = ["*"]) -> String {
    let list = events.map { #""\#($0)""# }.joined(separator: ",")
    return #"{"url":"\#(url)","events":[\#(list)]}"#
  }

  /// Makes a webhook; its id and its secret.
  func made(
    _ url: String, _ events: [String] = ["*"], as tenant: String = TestGateway.tenant
  ) async throws -> (id: String, secret: WebhookSecret) {
    let answer = try await post("/v1/webhooks", Self.body(url, events), as: tenant)
    try #require(answer.status == 201, "\(answer.body)")
    let webhook = try answer.json()
    let secret = try #require(webhook["secret"]?.string.flatMap(WebhookSecret.init))
    return (try #require(webhook["id"]?.string), secret)
  }

  /// Lets the consumer hear of all that was told.
  func hear(on database: (any Database)? = nil) async throws {
    try await gateway.sequence()
    let time = gateway.time
    let database = database ?? gateway.database
    let events = WebhookEvents(now: { time.now })
    let consumer = try Consumer(
      name: WebhookEvents.consumer,
      source: LogSource(database: database, feed: EventFeed(), topics: WebhookEvents.topics),
      database: database, now: { time.now }, handler: events.handle)
    #expect(try await consumer.drain().notices == [])
  }

  func worker() -> DeliveryWorker {
    let (time, allows) = (gateway.time, allows)
    let channel = WebhookChannel(
      database: gateway.database, client: client, resolver: names,
      refusal: { address in allows(address) ? nil : AddressScope.refusal(of: address) ?? "other" },
      now: { time.now })
    return DeliveryWorker(
      database: gateway.database, channels: [channel], now: { time.now }, random: { 0 })
  }

  @discardableResult
  func work() async throws -> Int {
    var total = 0
    while case let count = try await worker().step(
      clock: ContinuousClock(), onError: { Issue.record("\($0)") }), count > 0
    { total += count }
    return total
  }

  // MARK: Asking

  func webhook(_ id: String) async throws -> JSONValue {
    let answer = try await gateway.get("/v1/webhooks/\(id)")
    try #require(answer.status == 200, "\(answer.body)")
    return try answer.json()
  }

  func deliveries(_ webhook: String) async throws -> [JSONValue] {
    try await gateway.all("/v1/webhooks/\(webhook)/deliveries", limit: 100)
  }

  func statuses(_ webhook: String) async throws -> [String] {
    try await deliveries(webhook).compactMap { $0["status"]?.string }
  }

  /// The types of a subject's events, all of which must be as published.
  func told(_ subject: String) async throws -> [String] {
    let events = try await gateway.database.read {
      try EventLog.events(of: subject, limit: 100, in: $0)
    }
    let published = try EventSchemaCheck()
    for event in events { #expect(try published.differences(event) == [], "\(event.json)") }
    return events.map(\.type)
  }
}

/// An endpoint on this machine that answers as a test says, and keeps what it got.
final class Receiver: Sendable {
  let server: LoopbackServer
  private let kept: Kept

  private final class Kept: Sendable {
    let requests = Mutex<[LoopbackServer.Request]>([])
    let reply: Mutex<LoopbackServer.Reply>

    init(_ reply: LoopbackServer.Reply) { self.reply = Mutex(reply) }
  }

  init(
    host: String = "127.0.0.1", _ reply: LoopbackServer.Reply = .response(status: 204, body: [])
  ) throws {
    let kept = Kept(reply)
    self.kept = kept
    server = try LoopbackServer(host: host) { request in
      kept.requests.withLock { $0.append(request) }
      return kept.reply.withLock { $0 }
    }
  }

  deinit { server.stop() }

  var requests: [LoopbackServer.Request] { kept.requests.withLock { $0 } }

  func answer(_ reply: LoopbackServer.Reply) { kept.reply.withLock { $0 = reply } }

  /// The events that came, once each has its signature by `secret` among its own.
  func events(signedBy secret: WebhookSecret) throws -> [JSONValue] {
    try requests.map { request in
      let timestamp = try #require(request.headers["webhook-timestamp"].flatMap { Int64($0) })
      let signature = secret.signature(
        id: try #require(request.headers["webhook-id"]), timestamp: timestamp,
        body: request.body)
      let found = request.headers["webhook-signature"]?.split(separator: " ").map(String.init)
      #expect(found?.contains(signature) == true)
      return try JSONValue(parsing: request.body)
    }
  }
}
