internal import ChainTypes
internal import Claiming
internal import CustomerMessages
internal import Database
internal import Deployment
internal import EventLog
internal import Gateway
internal import HTTPServer
internal import Logging
internal import Orders
internal import Settings
internal import Settlement
internal import Supply
internal import Tokens
internal import Watching

/// The HTTP server with the routes of health and of what this process serves.
struct PaymentAPI: Sendable {
  let surroundings: Surroundings
  let feed: EventFeed
  let signal: ShutdownSignal
  let checks: [any HealthCheck]
  /// Those without which this process can't do its part.
  let needed: [any HealthCheck]
  let roles: Set<Role>
  let service: PaymentService
  let serving: OrderServing
  let notifications: NotificationServing
  /// Nil where only API keys are taken.
  let tokens: TokenVerifier?
  let prices: PriceServing
  let messages: MessageServing
  let claiming: ClaimServing

  func server() -> APIServer {
    let configuration = surroundings.plan.configuration
    func limiter(_ limit: RateLimit, _ name: String) -> RateLimiter {
      RateLimiter(
        limit, shared: configuration.redis == nil ? nil : .init(surroundings.cache, name: name))
    }
    let perMinute = configuration.limits.paymentsPerMinute.map(Int64.init)
    let creationLimits = RouteLimits(
      perTenant: perMinute.map { count in
        // What comes at once is at most what comes in six seconds.
        limiter(RateLimit(burst: max(1, count / 10), perMinute: count), "payments")
      }, perCustomer: perMinute.map { limiter(.ofCustomer(payments: $0), "customer-payments") })
    let now: @Sendable () -> Timestamp = { SystemTime().now }
    let uptime: @Sendable () -> Timestamp = { SystemTime().uptime }
    let router = APIRouter(
      version: "1",
      authenticator: Authenticator(
        surroundings.database, tokens: tokens.map { TokenAuthentication($0, now: now) },
        uptime: uptime),
      uptime: uptime)
    let streams = SSEResponse(signal: signal)
    if roles.contains(.api) {
      PaymentGateway(
        database: surroundings.database, service: service, feed: feed, streams: streams,
        creationLimits: creationLimits, rates: serving.rates, now: now,
        onEvents: serving.onEvents, onAddressesNeeded: serving.onAddressesNeeded
      ).register(on: router)
      AuditRoutes(database: surroundings.database).register(on: router)
    }
    if roles.contains(.orders) {
      serving.orderRoutes(creationLimits, streams: streams).register(on: router)
    }
    if roles.contains(.supply) { serving.supplyRoutes.register(on: router) }
    if roles.contains(.notifications) { messages.routes.register(on: router) }
    if roles.contains(.prices) {
      prices.register(on: router, service, limits: creationLimits)
    }
    if roles.contains(.notifications) { notifications.register(on: router) }
    if roles.contains(.claiming) { claiming.routes.register(on: router) }
    HealthRoutes(checks, needed: needed, signal: signal)
      .register(on: router, metrics: surroundings.metrics)
    router.addDescription()
    var listening = APIServerConfiguration(
      host: configuration.listen.host, port: Int(configuration.listen.port))
    listening.lameDuckSeconds = Double(configuration.listen.lameDuckSeconds)
    return APIServer(
      listening, router: router, metrics: surroundings.metrics, signal: signal,
      logger: surroundings.logger,
      now: now)
  }
}

extension PaymentService {
  /// What the configuration makes of it.
  init(_ plan: Plan) {
    let policies = plan.tenants.map { ($0.id, $0.policy) }
    let trust = plan.configuration.chains.map { ($0.spec.name, $0.trust) }
    self.init(
      specs: plan.configuration.chains.map(\.spec),
      policies: Dictionary(policies) { first, _ in first }, region: plan.configuration.region,
      trust: Dictionary(trust) { first, _ in first })
  }
}
