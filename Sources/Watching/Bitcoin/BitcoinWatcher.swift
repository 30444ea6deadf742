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
package actor BitcoinWatcher: ChainWatcher {
  let settings: WatcherSettings
  let pool: NodePool
  let standing: ChainStanding
  let rules: HeaderRules
  var mempool = MempoolMemory()
  var clockCheck = ClockCheck()

  typealias Position = ChainStanding.Position

  /// `watchKey` is random and secret, so that nobody can make scripts that collide in the set.
  package init(
    settings: WatcherSettings, pool: NodePool, store: any ChainCommit, time: any TimeSource,
    watchKey: (UInt64, UInt64)
  ) {
    self.settings = settings
    self.pool = pool
    standing = ChainStanding(
      spec: settings.spec, window: settings.window, store: store, time: time, watchKey: watchKey)
    rules = HeaderRules(settings.network)
  }

  var store: any ChainCommit { standing.store }
  var time: any TimeSource { standing.time }
  var watched: WatchSet { standing.watched }
  var position: Position? {
    get { standing.position }
    set { standing.position = newValue }
  }

  nonisolated package var chain: ChainName { settings.spec.name }
  package var nodeStatus: [NodeStatus] { pool.status() }

  /// One step: new addresses, then blocks, then the mempool. Errors of the store are thrown; what
  /// is wrong with nodes and blocks stands in the report.
  package func step() async throws -> WatchReport {
    var report = WatchReport()
    do {
      report.addresses = try await standing.watchNewScripts()
      try await standing.learnSlots()
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
      _ = try await standing.recall()
      try await standing.writeAddresses()
      return
    }
    if try await standing.recall() == false {
      guard try await begin(below: tip, &report) else { return }
    }
    if position?.chain.tip.ref != tip { try await follow(tip, &report) }
    if position?.chain.tip.ref == tip {
      report.isAtTip = true
      report.transferChanges += try await standing.creditHeldBack()
      try await lookAtMempool(&report)
    }
    try await standing.writeAddresses()
    try await standing.noticeStall()
  }

  /// Learns of new addresses without watching, as while another process does.
  package func learnAddresses() async throws { _ = try await standing.watchNewScripts() }

  package func watch(_ snapshot: WatchSnapshots.Loaded) { standing.watch(snapshot) }

  package var watchedAddresses: WatchedAddresses { standing.watchedAddresses }

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
      try await standing.begin(above: links)
      return true
    } catch let error as NodePoolError {
      report.hold = .inconsistent("no node gives the anchor at \(height): \(error)")
      return false
    }
  }
}
