internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Deployment
internal import HTTPClient
internal import Leases
internal import Logging
internal import NodeRPC
internal import Settings
internal import Settlement
internal import Synchronization
internal import Telemetry
internal import Watching

/// Watches one chain while this process holds the chain's lease, and tells how it goes.
final class ChainWatch: Sendable {
  let settings: ChainSettings
  private let watcher: any ChainWatcher
  private let nodes: WatchedNodes
  private let store: LeasedChainStore
  private let watchKey: (UInt64, UInt64)
  /// Nil where none are kept.
  private let snapshots: SnapshotKeeping?
  private let surroundings: Surroundings
  private let clock: SystemRPCClock
  private let logger: Logger
  private let holding = Mutex<Holding?>(nil)
  private let height: Gauge
  private let lag: Gauge
  private let holes: Gauge
  private let lookedThrough: Gauge
  private let detection: Histogram

  /// Why the watcher doesn't move on.
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

  init(_ settings: ChainSettings, client: HTTPClient, in surroundings: Surroundings) throws {
    self.settings = settings
    self.surroundings = surroundings
    let clock = SystemRPCClock()
    self.clock = clock
    var generator = SystemRandomNumberGenerator()
    store = LeasedChainStore(
      database: surroundings.database,
      specs: surroundings.plan.configuration.chains.map(\.spec))
    watchKey = (generator.next(), generator.next())
    switch settings.spec.family {
    case .bitcoin:
      let pool = try settings.bitcoinPool(
        client: client, clock: clock, jitterSeed: generator.next(), metrics: surroundings.metrics)
      watcher = BitcoinWatcher(
        settings: try settings.bitcoinWatching(), pool: pool, store: store, time: SystemTime(),
        watchKey: watchKey)
      nodes = .bitcoin(pool)
    case .ethereum:
      let pool = try settings.ethereumPool(
        client: client, clock: clock, jitterSeed: generator.next(), metrics: surroundings.metrics)
      watcher = EthereumWatcher(
        settings: try settings.ethereumWatching(), pool: pool, store: store, time: SystemTime(),
        watchKey: watchKey)
      nodes = .ethereum(pool)
    }
    var logger = surroundings.logger
    logger[metadataKey: "chain"] = "\(settings.spec.name)"
    self.logger = logger
    snapshots = surroundings.snapshots(of: watcher, settings.spec, logger: logger)
    let (metrics, chain) = (surroundings.metrics, settings.spec.name.text)
    height = metrics.gauge(.chainHeight, chain)
    lag = metrics.gauge(.chainLagSeconds, chain)
    holes = metrics.gauge(.coverageHoles, chain)
    lookedThrough = metrics.gauge(.mempoolLookedThrough, chain)
    detection = metrics.histogram(.detectionMilliseconds, chain)
  }

  private var name: ChainName { settings.spec.name }

  /// Why the watcher doesn't move on; nil where it does.
  var hold: WatchReport.Hold? { holding.withLock { $0?.hold } }

  /// What is known of the nodes; of a process that stands by nothing new.
  var nodeStatus: [NodeStatus] { nodes.status }

  /// Whether this process watches the chain, rather than standing by.
  var isLeading: Bool { store.lease != nil }

  /// Watches until cancelled. `onStep` is called after each step.
  func run(onStep: @escaping @Sendable () -> Void) async throws {
    await snapshots?.load(key: watchKey)
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await runParts(onStep: onStep))
    } catch {
      outcome = .failure(error)
    }
    // This task may be cancelled; a snapshot isn't left half-way for that.
    await Task { await snapshots?.save(isLast: true) }.value
    try outcome.get()
  }

  private func runParts(onStep: @escaping @Sendable () -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.nodes.lookAfter(logger: self.logger, clock: self.clock) }
      group.addTask { await self.standBy() }
      group.addTask { await self.keepSending() }
      group.addTask { await self.keepSnapshots() }
      group.addTask {
        let name = self.name
        try await self.surroundings.whileHolding(
          ChainStore.leaseName(of: name, region: self.surroundings.region),
          above: { try ChainStore.writerEpoch(of: name, in: $0) }
        ) { lease in
          self.store.lease = lease
          defer { self.store.lease = nil }
          try await self.watch(onStep: onStep)
        }
      }
      defer { group.cancelAll() }
      for try await _ in group {}
    }
  }

  /// Learns of addresses while another process watches, so that taking over takes no longer for
  /// there being many.
  private func standBy() async {
    while !Task.isCancelled {
      if !isLeading { try? await watcher.learnAddresses() }
      try? await clock.sleep(milliseconds: 1_000)
    }
  }

  private func keepSnapshots() async {
    guard let snapshots else { return }
    while !Task.isCancelled {
      try? await clock.sleep(milliseconds: 30_000)
      if !Task.isCancelled { await snapshots.save() }
    }
  }

  /// Gives signed transactions to the nodes until blocks hold them, while this process watches.
  private func keepSending() async {
    let broadcaster = nodes.broadcaster(for: name, on: surroundings.database)
    while !Task.isCancelled {
      try? await clock.sleep(milliseconds: 2_000)
      guard isLeading else { continue }
      do {
        let report = try await broadcaster.step(now: SystemTime().now)
        guard report != .init() else { continue }
        logger.info(
          "sent transactions",
          metadata: ["taken": "\(report.sent)", "refused": "\(report.refused)"])
      } catch is CancellationError {
        return
      } catch {
        logger.error("sending transactions failed", metadata: ["error": "\(error)"])
      }
    }
  }

  private func watch(onStep: @Sendable () -> Void) async throws {
    var agreed = clock.nowMilliseconds
    // When a node told of another tip; nil where the step wasn't begun for one.
    var noticed: Int64?
    var pause = 0
    while !Task.isCancelled {
      var tip: BlockRef?
      var (isBusy, isStuck) = (false, false)
      do {
        let report = try await TraceContext.$current.withValue(.begin()) {
          try await watcher.step()
        }
        let now = clock.nowMilliseconds
        tip = report.tip
        if report.isAtTip { agreed = now }
        if report.connected > 0, let moment = noticed {
          detection.record(UInt64(max(0, now - moment)))
        }
        try await measure(report)
        log(report)
        onStep()
        (isBusy, isStuck) = (report.isBusy, report.hold != nil)
      } catch is CancellationError {
        return
      } catch let lost as LeaseLost {
        throw lost
      } catch is StaleCursor {
        // Addresses or outgoing transactions came while it looked: it looks again with these.
        logger.info("a step was overtaken; it is made again")
      } catch {
        isStuck = true
        logger.error("a step failed; it is tried again", metadata: ["error": "\(error)"])
      }
      lag.set((clock.nowMilliseconds - agreed) / 1_000)
      // What it has yet to catch up with waits for no block.
      if isBusy { continue }
      // Nodes have another tip than ours all the while: asking again at once changes nothing.
      pause = isStuck ? min(max(50, 2 * pause), max(2_000, settings.pollMilliseconds)) : 0
      if pause > 0 { try? await clock.sleep(milliseconds: pause) }
      noticed = await waitForBlock(above: tip) ? clock.nowMilliseconds : nil
    }
  }

  private func measure(_ report: WatchReport) async throws {
    if let tip = report.tip { height.set(Int64(tip.height)) }
    if let moment = report.lookedThrough { lookedThrough.set(moment.microseconds / 1_000_000) }
    switch report.audit {
    case .proved(let accounts):
      surroundings.metrics.counter(.balanceProofs, name.text, "proved").add(UInt64(accounts))
    case .unproved: surroundings.metrics.counter(.balanceProofs, name.text, "unproved").add(1)
    case nil: break
    }
    if report.connected > 0 { holes.set(Int64(try await coverageHoles().count)) }
  }

  /// Until a node has another tip, for the polling interval at most; whether one has.
  private func waitForBlock(above tip: BlockRef?) async -> Bool {
    await nodes.waitForBlock(
      above: tip, milliseconds: settings.pollMilliseconds, clock: clock)
  }

  private func coverageHoles() async throws -> [CoverageHole] {
    let name = name
    return try await surroundings.database.read {
      try ChainRecords.coverageHoles(of: name, in: $0) ?? []
    }
  }

  // MARK: Telling

  private func log(_ report: WatchReport) {
    if report.connected + report.disconnected + report.transferChanges + report.incomes > 0 {
      logger.info(
        "advanced",
        metadata: [
          "tip": "\(report.tip?.text(settings.spec.family.hashForm) ?? "none")",
          "connected": "\(report.connected)",
          "disconnected": "\(report.disconnected)", "transfers": "\(report.transferChanges)",
          "notices": "\(report.notices)", "incomes": "\(report.incomes)",
        ])
    }
    if case .unproved(let block) = report.audit {
      logger.warning(
        "no node proves balances, by which coin from contracts is noticed",
        metadata: ["block": "\(block.text(settings.spec.family.hashForm))"])
    }
    let now = clock.nowMilliseconds
    let (told, isDue) = holding.withLock { holding in
      let before = holding
      holding = report.hold.map { hold in
        Holding(
          hold: hold, since: before?.since ?? now,
          told: now - (before?.since ?? now) >= Holding.patience ? hold : before?.told)
      }
      return (before?.told, holding?.told != before?.told)
    }
    guard isDue else { return }
    guard let hold = report.hold else {
      logger.info("no longer holding")
      return
    }
    let troubles = nodes.status.compactMap { node in
      node.quarantine.map { "\(node.name): quarantined, \($0.reason)" }
        ?? node.lastError.map { "\(node.name): \($0)" }
    }
    logger.warning(
      told == nil ? "holding" : "still holding",
      metadata: ["reason": "\(hold)", "nodes": "\(troubles.joined(separator: "; "))"])
  }
}
