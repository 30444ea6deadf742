internal import Bitcoin
internal import Bytes
internal import ChainTracking
package import ChainTypes
package import NodeRPC

/// Watches one Bitcoin chain: follows the tip that its nodes agree on, verifies and scans every
/// block, looks through the mempool, and hands the store what changed, one step at a time.
///
/// One task steps it. All it knows it has from the store and from nodes; where a step fails
/// half-way it forgets and reads the store again, so a kill at any point loses nothing.
package actor BitcoinWatcher {
  let settings: WatcherSettings
  let pool: NodePool
  let store: any ChainCommit
  let time: any TimeSource
  let rules: HeaderRules

  /// What is watched. It only grows, and needs no store to be right.
  var watched: WatchSet
  var watchedThrough: UInt64 = 0
  /// Nil until the store was read, and after a step failed half-way.
  var position: Position?
  var mempool = MempoolMemory()
  var clockCheck = ClockCheck()

  /// Where the watcher stands: exactly what the store holds, but for a step under way.
  struct Position {
    var cursor: ChainCursor
    var chain: HeaderChain
    /// Whether `chain` began with all headers that the store keeps.
    var hasAllHeaders = false
    var tracker: TransferTracker
    var lookWrittenAt: Timestamp?
  }

  /// `watchKey` is random and secret, so that nobody can make scripts that collide in the set.
  package init(
    settings: WatcherSettings, pool: NodePool, store: any ChainCommit, time: any TimeSource,
    watchKey: (UInt64, UInt64)
  ) {
    self.settings = settings
    self.pool = pool
    self.store = store
    self.time = time
    rules = HeaderRules(settings.network)
    watched = WatchSet(key: watchKey)
  }

  package var chain: ChainName { settings.spec.name }
  package var nodeStatus: [NodeStatus] { pool.status() }

  /// One step: new addresses, then blocks, then the mempool. Errors of the store are thrown; what
  /// is wrong with nodes and blocks stands in the report.
  package func step() async throws -> WatchReport {
    var report = WatchReport()
    do {
      report.addresses = try await watchNewScripts()
      try await advance(&report)
    } catch {
      position = nil
      mempool = MempoolMemory()
      throw error
    }
    report.tip = position?.cursor.tip
    report.lookedThrough = position?.cursor.lookedThrough
    return report
  }

  private func advance(_ report: inout WatchReport) async throws {
    let agreement = await pool.agreedTip()
    guard case .agreed(let tip, _) = agreement else {
      if case .held(let reason) = agreement { report.hold = .nodes(reason) }
      _ = try await recall()
      try await writeAddresses()
      return
    }
    if try await recall() == false {
      guard try await begin(below: tip, &report) else { return }
    }
    if position?.chain.tip.ref != tip { try await follow(tip, &report) }
    if position?.chain.tip.ref == tip {
      report.isAtTip = true
      try await creditHeldBack(&report)
      try await lookAtMempool(&report)
    }
    try await writeAddresses()
    try await noticeStall()
  }

  /// Learns of new addresses without watching, as while another process does.
  package func learnAddresses() async throws { _ = try await watchNewScripts() }

  // MARK: The store

  /// Reads where the watcher stands, where it doesn't know. False before the first start.
  func recall() async throws -> Bool {
    guard position == nil else { return true }
    guard let record = try await store.record(of: chain, window: settings.window) else {
      return false
    }
    position = try Position(
      cursor: record.cursor,
      chain: HeaderChain(links: record.links, capacity: settings.window),
      tracker: tracker(at: record.cursor, tracked: record.tracked))
    return true
  }

  private func tracker(at cursor: ChainCursor, tracked: [TrackedTransfer]) -> TransferTracker {
    var tracker = TransferTracker(
      rules: TransferRules(settings.spec), tip: cursor.tip, tracked: tracked)
    tracker.creditingHalted = cursor.halt != nil
    return tracker
  }

  func newStep(at position: Position) -> ChainStep {
    ChainStep(
      chain: chain, expectedVersion: position.cursor.version,
      addressesThrough: watchedThrough, now: time.now)
  }

  /// Hands a step over, and stands where the store then stands.
  func commit(_ step: ChainStep, standing next: Position) async throws {
    let cursor = try await store.commit(step)
    position = next
    position?.cursor = cursor
    if step.lookedThrough != nil { position?.lookWrittenAt = step.now }
  }

  /// Watches what was appended since the last time; how many scripts that were.
  private func watchNewScripts() async throws -> Int {
    var added = 0
    while true {
      let limit = 10_000
      let scripts = try await store.scripts(for: chain, after: watchedThrough, limit: limit)
      for script in scripts {
        _ = watched.insert(script: script.scriptPubKey, ordinal: script.ordinal)
        watchedThrough = script.ordinal
      }
      added += scripts.count
      if scripts.count < limit { return added }
    }
  }

  /// Tells the store how far the set goes, where no other step has done so: only then may those
  /// addresses be handed out.
  private func writeAddresses() async throws {
    guard let position, position.cursor.addressesThrough < watchedThrough else { return }
    try await commit(newStep(at: position), standing: position)
  }

  /// What a halt has held back is credited once an operator has ended it, without waiting for a
  /// block.
  private func creditHeldBack(_ report: inout WatchReport) async throws {
    guard position?.tracker.hasDue == true, var next = position else { return }
    position = nil
    var step = newStep(at: next)
    step.changes = next.tracker.resume()
    try await commit(step, standing: next)
    report.transferChanges += step.changes.count
  }

  private func noticeStall() async throws {
    guard let position else { return }
    let tip = position.chain.tip
    let since = Timestamp(seconds: Int64(tip.time))
    let limit = since.adding(seconds: Int64(settings.spec.stallSeconds))
    guard time.now > limit, position.cursor.stallTold != tip.ref.hash else { return }
    var step = newStep(at: position)
    step.stalledSince = since
    try await commit(step, standing: position)
  }

  // MARK: First start

  /// Writes the anchor below `tip` above which scanning begins, with the headers before it that
  /// the rules of later headers need. False where the nodes don't give them.
  private func begin(below tip: BlockRef, _ report: inout WatchReport) async throws -> Bool {
    let height: UInt32
    switch settings.start {
    case .tip: height = tip.height - min(tip.height, settings.spec.finalityDepth)
    case .height(let start): height = min(start, tip.height)
    case .block(let block): height = min(block.height, tip.height)
    }
    do {
      let links = try await AnchorSearch(pool: pool, settings: settings)
        .links(upTo: height, below: tip)
      if case .block(let pinned) = settings.start, links.last?.ref != pinned {
        report.hold = .inconsistent("the nodes' block \(height) isn't the pinned \(pinned)")
        return false
      }
      let cursor = try await store.start(chain, links: links, now: time.now)
      position = try Position(
        cursor: cursor, chain: HeaderChain(links: links, capacity: settings.window),
        tracker: tracker(at: cursor, tracked: []))
      return true
    } catch let error as NodePoolError {
      report.hold = .inconsistent("no node gives the anchor at \(height): \(error)")
      return false
    }
  }
}
