internal import ChainTypes
internal import Database
internal import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Logging
internal import Notifications
internal import Synchronization
internal import Telemetry
internal import Watching

/// The shop's own systems: an endpoint for webhooks, which checks their signatures as any library
/// of Standard Webhooks does.
final class ShopHook: Sendable {
  private let state = Mutex(State())

  private struct State {
    var port = 0
    var secret: WebhookSecret?
    /// Types of the events that came, and why others were refused.
    var types: [String] = []
    var faults: [String] = []
  }

  var url: String { "http://127.0.0.1:\(state.withLock(\.port))/paywatch" }

  /// How many were taken.
  var count: Int { state.withLock(\.types.count) }

  /// Answers until cancelled.
  ///
  /// - Parameter database: for the server's keys, of which this endpoint needs none
  func serve(_ database: any Database, onListening: @escaping @Sendable () -> Void) async throws {
    let uptime: @Sendable () -> Timestamp = { SystemTime().uptime }
    let router = APIRouter(
      title: "The shop's systems", version: "1",
      authenticator: Authenticator(database, uptime: uptime), uptime: uptime)
    router.on(
      .post, "/paywatch",
      OpenAPIOperation(
        "hear", "Hears what happened", tag: "shop", answers: [.init(200, "It was heard.")]),
      access: .open
    ) { request, _ in
      let body = try await JSONRequestBody(request)
      return self.hear(request.headers, body.bytes) ? .json([:]) : .json([:], status: .unauthorized)
    }
    let server = APIServer(
      APIServerConfiguration(host: "127.0.0.1", port: 0), router: router,
      metrics: MetricsRegistry(), signal: ShutdownSignal(), logger: Logger(label: "shop"),
      now: { SystemTime().now })
    try await server.run { port in
      self.state.withLock { $0.port = port }
      onListening()
    }
  }

  /// Has events sent here from now on.
  func register(at api: DemoAPI) async throws {
    let webhook = try await api.createWebhook(
      url: url, events: ["order.*", "claim.*", "payment.*", "refund.*"])
    state.withLock { $0.secret = WebhookSecret(webhook.secret) }
  }

  private func hear(_ headers: HTTPFields, _ body: [UInt8]) -> Bool {
    state.withLock { state in
      guard let id = headers[.webhookID],
        let time = headers[.webhookTimestamp].flatMap({ Int64($0) }),
        let signatures = headers[.webhookSignature]?.split(separator: " "),
        let expected = state.secret?.signature(id: id, timestamp: time, body: body),
        signatures.contains(where: { $0 == expected }),
        let type = (try? JSONValue(parsing: body))?["type"]?.string
      else {
        state.faults.append("a request without a signature that holds")
        return false
      }
      state.types.append(type)
      return true
    }
  }

  /// Waits until an event of the type has come.
  func wait(for type: String) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while !state.withLock({ $0.types.contains(type) }) {
      if let fault = state.withLock(\.faults.first) { throw CommandFailure("webhooks: \(fault)") }
      guard clock.now < deadline else {
        throw CommandFailure("no webhook told \(type) within a minute")
      }
      try await clock.sleep(for: .milliseconds(50))
    }
  }
}

extension HTTPField.Name {
  /// By Standard Webhooks; tokens of RFC 9110 all three.
  fileprivate static let webhookID = HTTPField.Name("webhook-id") ?? .eTag
  fileprivate static let webhookTimestamp = HTTPField.Name("webhook-timestamp") ?? .eTag
  fileprivate static let webhookSignature = HTTPField.Name("webhook-signature") ?? .eTag
}
