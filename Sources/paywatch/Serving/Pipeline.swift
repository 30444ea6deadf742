internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Deployment
internal import EventLog
internal import Foundation
internal import Gateway
internal import HTTPClient
internal import HTTPServer
internal import Keys
internal import Logging
internal import NodeRPC
internal import SQLite
internal import Settings
internal import Settlement
internal import Synchronization
internal import Telemetry
internal import Watching

/// Why a chain's watcher doesn't move on.
private struct Holding {
  /// What passes by itself sooner, such as a block that comes while a mempool is looked through,
  /// is nobody's concern; milliseconds.
  static let patience: Int64 = 10_000

  let hold: WatchReport.Hold
  /// By a clock that never goes back, in milliseconds.
  let since: Int64
  /// What the log has told of it.
  let told: WatchReport.Hold?
}

/// Every role in one process: the watchers, the address filler, the sequencer and the API, on one
/// database.
final class Pipeline: Sendable {
  let plan: Plan
  let database: any Database
  let feed = EventFeed()
  let sequencer: Sequencer
  let service: PaymentService
  let watchers: [BitcoinWatcher]
  let metrics: MetricsRegistry
  private let pools: [NodePool]
  private let addresses: AddressPool
  /// The numbers of the configured ones: those that get new addresses.
  private let accounts: Set<Int64>
  private let fillWakes: AsyncStream<Void>
  private let fillWaker: AsyncStream<Void>.Continuation
  private let signal = ShutdownSignal()
  private let holds = Mutex<[ChainName: Holding]>([:])
  private let logger = Logger(label: "paywatch")
  private let client: HTTPClient
  private let clock: SystemRPCClock

  /// Opens nothing yet but brings the database's schema, tenants and accounts up to date.
  init(plan: Plan, database: any Database, metrics: MetricsRegistry) async throws {
    self.plan = plan
    self.database = database
    self.metrics = metrics
    sequencer = Sequencer(database: database, feed: feed)
    let specs = plan.configuration.chains.map(\.spec)
    let policies = plan.tenants.map { ($0.id, $0.policy) }
    service = PaymentService(
      specs: specs, policies: Dictionary(policies) { first, _ in first },
      region: plan.configuration.region,
      trust: Dictionary(plan.configuration.chains.map { ($0.spec.name, $0.trust) }) { first, _ in
        first
      })
    addresses = AddressPool(database: database, ready: plan.configuration.addressPool.ready)
    (fillWakes, fillWaker) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    accounts = try await Preparation(plan: plan, database: database, addresses: addresses).run()
    let store = ChainStore(database: database, specs: specs)
    let client = try HTTPClient()
    let clock = SystemRPCClock()
    var generator = SystemRandomNumberGenerator()
    var watchers: [BitcoinWatcher] = []
    var pools: [NodePool] = []
    for chain in plan.configuration.chains {
      let pool = try chain.nodePool(
        client: client, clock: clock, jitterSeed: generator.next(), metrics: metrics)
      pools.append(pool)
      watchers.append(
        BitcoinWatcher(
          settings: chain.watcherSettings, pool: pool, store: store, time: SystemTime(),
          watchKey: (generator.next(), generator.next())))
    }
    self.pools = pools
    self.watchers = watchers
    self.client = client
    self.clock = clock
  }

  /// Runs until cancelled or until a part fails for good.
  func run(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
    let server = makeServer()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for place in watchers.indices {
        group.addTask { try await self.watch(place) }
      }
      for pool in pools {
        for node in pool.nodes { group.addTask { await self.lookAfter(node) } }
      }
      group.addTask { try await self.keepFilled() }
      group.addTask {
        try await self.sequencer.run(every: .milliseconds(500), clock: ContinuousClock()) {
          self.logger.error("sequencing failed", metadata: ["error": "\($0)"])
        }
      }
      group.addTask { await self.forgetOldReplies() }
      group.addTask { try await server.run(onListening: onListening) }
      defer {
        signal.raise()
        feed.finish()
        group.cancelAll()
      }
      // Whatever ends first ends all.
      try await group.next()
    }
  }

  // MARK: Parts

  private func watch(_ place: Int) async throws {
    let (watcher, chain, pool) = (watchers[place], plan.configuration.chains[place], pools[place])
    let name = chain.spec.name
    let gauge = metrics.gauge(
      "paywatch_chain_height", [MetricLabel("chain", name.text)],
      help: "Height of the watched tip.")
    var logger = logger
    logger[metadataKey: "chain"] = "\(name)"
    let holes = metrics.gauge(
      "paywatch_coverage_holes", [MetricLabel("chain", name.text)],
      help: "Places where blocks weren't scanned; anything but 0 is an alarm.")
    let looked = metrics.gauge(
      "paywatch_mempool_looked_through_seconds", [MetricLabel("chain", name.text)],
      help: "Unix time through which mempools were looked through; deadlines wait for it.")
    while !Task.isCancelled {
      var tip: BlockRef?
      do {
        let report = try await watcher.step()
        tip = report.tip
        if let tip { gauge.set(Int64(tip.height)) }
        if let moment = report.lookedThrough { looked.set(moment.microseconds / 1_000_000) }
        log(report, of: name, pool, logger)
        if report.connected > 0 { holes.set(Int64(try await coverageHoles(of: name).count)) }
        sequencer.wake()
        if report.isBusy { continue }
      } catch is CancellationError {
        return
      } catch {
        logger.error("a step failed; it is tried again", metadata: ["error": "\(error)"])
      }
      await waitForBlock(above: tip, pool, milliseconds: chain.pollMilliseconds)
    }
  }

  /// Until a node has another tip, for the polling interval at most.
  private func waitForBlock(above tip: BlockRef?, _ pool: NodePool, milliseconds: Int) async {
    let started = clock.nowMilliseconds
    if let tip, let first = pool.servingOrder().first {
      let node = pool.nodes[first]
      _ = try? await node.waitForNewBlock(current: tip.hash, timeoutMilliseconds: milliseconds)
      let shortest = min(50, milliseconds)
      // Where the node doesn't wait, we do.
      guard clock.nowMilliseconds - started < Int64(shortest) else { return }
    }
    try? await clock.sleep(milliseconds: min(200, milliseconds))
  }

  private func coverageHoles(of chain: ChainName) async throws -> [CoverageHole] {
    try await database.read { try ChainRecords.coverageHoles(of: chain, in: $0) ?? [] }
  }

  private func log(
    _ report: WatchReport, of chain: ChainName, _ pool: NodePool, _ logger: Logger
  ) {
    if report.connected + report.disconnected + report.transferChanges > 0 {
      logger.info(
        "advanced",
        metadata: [
          "tip": "\(report.tip.map(\.description) ?? "none")", "connected": "\(report.connected)",
          "disconnected": "\(report.disconnected)", "transfers": "\(report.transferChanges)",
        ])
    }
    let now = clock.nowMilliseconds
    let (told, isDue) = holds.withLock { holds in
      let before = holds[chain]
      holds[chain] = report.hold.map { hold in
        Holding(
          hold: hold, since: before?.since ?? now,
          told: now - (before?.since ?? now) >= Holding.patience ? hold : before?.told)
      }
      return (before?.told, holds[chain]?.told != before?.told)
    }
    guard isDue else { return }
    guard let hold = report.hold else {
      logger.info("no longer holding")
      return
    }
    let troubles = pool.status().compactMap { node in
      node.quarantine.map { "\(node.name): quarantined, \($0.reason)" }
        ?? node.lastError.map { "\(node.name): \($0)" }
    }
    logger.warning(
      told == nil ? "holding" : "still holding",
      metadata: ["reason": "\(hold)", "nodes": "\(troubles.joined(separator: "; "))"])
  }

  /// Tells what an operator should know of a node: an old release, pruned blocks, a node that is
  /// still catching up.
  private func lookAfter(_ node: BitcoinNode) async {
    var told: [NodeNote] = []
    while !Task.isCancelled {
      if let notes = try? await node.notes() {
        for note in notes where !told.contains(note) {
          logger.warning("about a node", metadata: ["node": "\(node.name)", "note": "\(note)"])
        }
        told = notes
      }
      try? await clock.sleep(milliseconds: 600_000)
    }
  }

  private func keepFilled() async throws {
    // Woken by those who take addresses, and now and then by itself.
    let ticker = Task { [fillWaker] in
      while !Task.isCancelled {
        fillWaker.yield()
        try await Task.sleep(for: .seconds(1))
      }
    }
    defer { ticker.cancel() }
    let networks = Set(plan.configuration.chains.map(\.watcherSettings.network))
    for await _ in fillWakes {
      for network in networks {
        do {
          while !Task.isCancelled,
            try await addresses.fill(network: network, accounts: accounts) > 0
          {}
        } catch {
          logger.error("deriving addresses failed", metadata: ["error": "\(error)"])
        }
      }
    }
  }

  /// Replies under an Idempotency-Key are kept for a week.
  private func forgetOldReplies() async {
    while !Task.isCancelled {
      do {
        let before = SystemTime().now.adding(seconds: -7 * 86_400)
        let limit = 1_000
        while !Task.isCancelled,
          try await database.write({ connection in
            try Idempotency.forget(before: before, limit: limit, in: connection)
          }) == limit
        {}
      } catch {
        logger.error("forgetting old replies failed", metadata: ["error": "\(error)"])
      }
      try? await Task.sleep(for: .seconds(600))
    }
  }

  private func makeServer() -> APIServer {
    let listen = plan.configuration.listen
    let creationLimits = RouteLimits(
      perTenant: plan.configuration.limits.paymentsPerMinute.map { count in
        // What comes at once is at most what comes in six seconds.
        RateLimiter(RateLimit(burst: max(1, Int64(count) / 10), perMinute: Int64(count)))
      })
    let now: @Sendable () -> Timestamp = { SystemTime().now }
    let uptime: @Sendable () -> Timestamp = { SystemTime().uptime }
    let router = APIRouter(
      version: "1", authenticator: Authenticator(database, uptime: uptime), uptime: uptime)
    let (sequencer, fillWaker) = (sequencer, fillWaker)
    PaymentGateway(
      database: database, service: service, feed: feed, streams: SSEResponse(signal: signal),
      creationLimits: creationLimits, now: now,
      onEvents: {
        sequencer.wake()
        fillWaker.yield()
      },
      onAddressesNeeded: { fillWaker.yield() }
    ).register(on: router)
    HealthRoutes(healthChecks()).register(on: router, metrics: metrics)
    router.addDescription()
    return APIServer(
      APIServerConfiguration(host: listen.host, port: Int(listen.port)), router: router,
      metrics: metrics, signal: signal, logger: logger, now: now)
  }

  private func healthChecks() -> [any HealthCheck] {
    let chains = zip(watchers, plan.configuration.chains).map { watcher, chain in
      let name = chain.spec.name
      return ChainHealth(
        chain: name, quorum: chain.quorum, database: database, watcher: watcher,
        hold: { self.holds.withLock { $0[name]?.hold } })
    }
    return [DatabaseHealth(database: database)] + chains
  }
}
