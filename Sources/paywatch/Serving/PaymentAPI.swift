internal import ChainTypes
internal import Database
internal import Deployment
internal import EventLog
internal import Gateway
internal import HTTPServer
internal import Logging
internal import Settings
internal import Settlement
internal import Watching

/// The HTTP server with the routes of health and, where it is the API's, of payments and events.
struct PaymentAPI: Sendable {
  let surroundings: Surroundings
  let feed: EventFeed
  let signal: ShutdownSignal
  let checks: [any HealthCheck]
  /// Those without which this process can't do its part.
  let needed: [any HealthCheck]
  let servesPayments: Bool
  /// Called after a transaction that appended events, and where no address was ready.
  let onEvents: @Sendable () -> Void
  let onAddressesNeeded: @Sendable () -> Void

  func server() -> APIServer {
    let configuration = surroundings.plan.configuration
    let creationLimits = RouteLimits(
      perTenant: configuration.limits.paymentsPerMinute.map { count in
        // What comes at once is at most what comes in six seconds.
        RateLimiter(
          RateLimit(burst: max(1, Int64(count) / 10), perMinute: Int64(count)),
          shared: configuration.redis == nil ? nil : .init(surroundings.cache, name: "payments"))
      })
    let now: @Sendable () -> Timestamp = { SystemTime().now }
    let uptime: @Sendable () -> Timestamp = { SystemTime().uptime }
    let router = APIRouter(
      version: "1", authenticator: Authenticator(surroundings.database, uptime: uptime),
      uptime: uptime)
    if servesPayments {
      PaymentGateway(
        database: surroundings.database, service: service, feed: feed,
        streams: SSEResponse(signal: signal), creationLimits: creationLimits, now: now,
        onEvents: onEvents, onAddressesNeeded: onAddressesNeeded
      ).register(on: router)
    }
    HealthRoutes(checks, needed: needed, signal: signal)
      .register(on: router, metrics: surroundings.metrics)
    router.addDescription()
    var serving = APIServerConfiguration(
      host: configuration.listen.host, port: Int(configuration.listen.port))
    serving.lameDuckSeconds = Double(configuration.listen.lameDuckSeconds)
    return APIServer(
      serving, router: router, metrics: surroundings.metrics, signal: signal,
      logger: surroundings.logger,
      now: now)
  }

  private var service: PaymentService {
    let plan = surroundings.plan
    let policies = plan.tenants.map { ($0.id, $0.policy) }
    let trust = plan.configuration.chains.map { ($0.spec.name, $0.trust) }
    return PaymentService(
      specs: plan.configuration.chains.map(\.spec),
      policies: Dictionary(policies) { first, _ in first }, region: surroundings.region,
      trust: Dictionary(trust) { first, _ in first })
  }
}
