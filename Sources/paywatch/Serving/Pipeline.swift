internal import ChainTypes
internal import CustomerMessages
internal import Database
internal import Deployment
internal import EventLog
internal import HTTPClient
internal import HTTPServer
internal import Logging
internal import ServiceCalls
internal import Settings
internal import Settlement
internal import Telemetry
internal import Tokens

/// The roles of this process on their database. Which others do the rest it needn't know: whatever
/// only one may do is done under a lease.
final class Pipeline: Sendable {
  private let surroundings: Surroundings
  private let roles: Set<Role>
  private let feed = EventFeed()
  private let signal = ShutdownSignal()
  private let parts: RunningParts
  private let watches: [ChainWatch]
  private let filling: AddressFilling
  private let relaying: EventRelaying
  /// One for all that makes payments here: it sets addresses aside.
  private let payments: PaymentService
  private let tokens: TokenVerifier?
  private let prices: PriceServing
  private let client: HTTPClient
  private let pushes: [any PushProvider]
  private let peers: ServicePeers

  /// Brings the database's schema, tenants and accounts up to date, and runs nothing yet.
  init(
    plan: Plan, roles: Set<Role>, database: any Database, metrics: MetricsRegistry,
    pushes: [any PushProvider] = []
  ) async throws {
    self.pushes = pushes
    let surroundings = try Surroundings(plan: plan, database: database, metrics: metrics)
    self.surroundings = surroundings
    self.roles = roles
    let pool = plan.configuration.addressPool
    let addresses = AddressPool(
      database: surroundings.database, ready: pool.ready, derivation: pool.derivation)
    let accounts = try await Preparation(
      plan: plan, database: surroundings.database, addresses: addresses,
      brokers: roles.contains(.api) ? try surroundings.brokers() : nil
    )
    .run()
    parts = RunningParts(roles.flatMap(\.parts))
    filling = AddressFilling(addresses, accounts: accounts, in: surroundings)
    let relaying = EventRelaying(feed: feed, in: surroundings)
    self.relaying = relaying
    payments = PaymentService(plan)
    tokens = try await plan.tokenVerifier()
    peers = try ServicePeers(roles: roles, in: surroundings)
    let client = try HTTPClient()
    self.client = client
    prices = PriceServing(surroundings: surroundings, client: client) { relaying.wake() }
    watches =
      try roles.contains(.watcher)
      ? plan.configuration.chains.map { try ChainWatch($0, client: client, in: surroundings) } : []
  }

  /// Runs until cancelled or until a part fails for good.
  func run(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
    let server = makeServer()
    // Longer than what asks over them.
    let connections = Task { [peers] in try await peers.run() }
    defer { connections.cancel() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for watch in watches {
        group.addTask {
          try await self.running("watcher") { try await watch.run { self.relaying.wake() } }
        }
      }
      if roles.contains(.watcher) {
        group.addTask { try await self.running("addresses", self.filling.run) }
      }
      if roles.contains(.relay) {
        group.addTask { try await self.running("relay", self.relaying.run) }
      }
      if roles.contains(.services) {
        let housekeeping = Housekeeping(surroundings: surroundings)
        group.addTask { try await self.running("services", housekeeping.run) }
        let remedying = Remedying(surroundings: surroundings) { self.relaying.wake() }
        group.addTask { try await self.running("remedies", remedying.run) }
        let sweeping = CacheSweeping(surroundings: surroundings)
        group.addTask { try await self.running("cache", sweeping.run) }
      }
      if roles.contains(.orders) {
        group.addTask { try await self.running("orders", self.serving.runOrders) }
      }
      if roles.contains(.supply) {
        group.addTask { try await self.running("supply", self.serving.runSupply) }
      }
      if roles.contains(.notifications) {
        group.addTask { try await self.running("notifications", self.notifications.run) }
      }
      if roles.contains(.prices) {
        group.addTask { try await self.running("prices", self.prices.run) }
      }
      if roles.contains(.claiming) {
        group.addTask { try await self.running("claiming", self.claiming.run) }
      }
      if let calls = serving.callServer(roles) {
        group.addTask {
          try await self.running("calls") { try await self.answer(calls) }
        }
      }
      if !roles.isDisjoint(with: [.api, .orders, .claiming, .notifications]) {
        let following = FeedFollowing(surroundings: surroundings, feed: feed)
        group.addTask { await following.run() }
      }
      group.addTask { await Observing(surroundings: self.surroundings).run() }
      group.addTask { try await server.run(onListening: onListening) }
      defer { group.cancelAll() }
      // Whatever ends first ends all; the server takes its time for that.
      try await group.next()
    }
    feed.finish()
  }

  /// Runs a part of which readiness knows.
  private func running(_ part: String, _ body: () async throws -> Void) async throws {
    parts.set(part, isRunning: true)
    defer { parts.set(part, isRunning: false) }
    try await body()
  }

  private func answer(_ calls: CallServer) async throws {
    let logger = surroundings.logger
    let host = surroundings.plan.configuration.services.listen?.host ?? ""
    try await calls.run { port in
      logger.info("answering calls", metadata: ["host": "\(host)", "port": "\(port)"])
    }
  }

  private var serving: OrderServing {
    OrderServing(
      surroundings: surroundings, feed: feed, payments: payments, prices: prices, peers: peers,
      onEvents: {
        self.relaying.wake()
        self.filling.noteTaken()
      },
      onAddressesNeeded: { self.filling.wake() })
  }

  private var notifications: NotificationServing {
    NotificationServing(surroundings: surroundings, feed: feed, messages: messages) {
      self.relaying.wake()
    }
  }

  private var messages: MessageServing {
    MessageServing(
      surroundings: surroundings, feed: feed, payments: payments, client: client, pushes: pushes)
  }

  private var claiming: ClaimServing {
    ClaimServing(surroundings: surroundings, feed: feed, onEvents: { self.relaying.wake() })
  }

  /// Every process tells its health and metrics; the rest is its roles'.
  private func makeServer() -> APIServer {
    PaymentAPI(
      surroundings: surroundings, feed: feed, signal: signal, checks: checks,
      needed: [DatabaseHealth(database: surroundings.database), parts],
      roles: roles, service: payments, serving: serving, notifications: notifications,
      tokens: tokens, prices: prices, messages: messages, claiming: claiming
    ).server()
  }

  private var checks: [any HealthCheck] {
    let chains = surroundings.plan.configuration.chains.map { chain in
      ChainHealth(
        spec: chain.spec, quorum: chain.quorum, database: surroundings.database,
        watch: watches.first { $0.settings.spec.name == chain.spec.name })
    }
    let redis = surroundings.plan.configuration.redis.map { _ in CacheHealth(surroundings.cache) }
    return [DatabaseHealth(database: surroundings.database)] + (redis.map { [$0] } ?? [])
      + [RelayHealth { self.relaying.status }] + chains + (peers.rates == nil ? prices.health : [])
  }
}
