internal import Bytes
internal import ChainTracking
package import ChainTypes
package import NodeRPC

/// Watches one EVM chain: follows the head that its nodes agree on, proves every block's header,
/// transactions and receipts, and hands the store what changed, one step at a time.
///
/// Nothing is read from mempools: what isn't in a block yet doesn't count, and a deadline passes
/// once a block with a later time is covered. One task steps it, as `BitcoinWatcher`.
package actor EthereumWatcher: ChainWatcher {
  let settings: EthereumWatcherSettings
  let pool: EthereumPool
  let standing: ChainStanding
  let ahead = BlocksAhead()
  /// How long blocks wait for traces that nodes offer and don't give.
  var tracePatience = Patience()
  /// How long they wait for proofs of balances.
  var proofPatience = Patience()
  /// The last tip at which balances were held against what is known.
  var auditedTip: Hash32?
  /// Whose balances come next.
  var auditPlace: BalanceExpectations.Place?

  typealias Position = ChainStanding.Position

  /// `watchKey` is random and secret, so that nobody can make addresses that collide in the set.
  package init(
    settings: EthereumWatcherSettings, pool: EthereumPool, store: any ChainCommit,
    time: any TimeSource, watchKey: (UInt64, UInt64)
  ) {
    self.settings = settings
    self.pool = pool
    standing = ChainStanding(
      spec: settings.spec, window: settings.window, store: store, time: time, watchKey: watchKey)
  }

  nonisolated package var chain: ChainName { settings.spec.name }

  package func step() async throws -> WatchReport {
    var report = WatchReport()
    do {
      report.addresses = try await standing.watchNewScripts()
      try await standing.learnSlots()
      try await advance(&report)
    } catch {
      standing.position = nil
      ahead.giveUp()
      throw error
    }
    report.tip = standing.position?.cursor.tip
    report.lookedThrough = standing.position?.cursor.lookedThrough
    return report
  }

  package func learnAddresses() async throws { _ = try await standing.watchNewScripts() }

  package func watch(_ snapshot: WatchSnapshots.Loaded) { standing.watch(snapshot) }

  package var watchedAddresses: WatchedAddresses { standing.watchedAddresses }

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
    if standing.position?.chain.tip.ref != tip { try await follow(tip, &report) }
    if standing.position?.chain.tip.ref == tip {
      report.isAtTip = true
      try await learnFinality()
      report.transferChanges += try await standing.creditHeldBack()
      try await auditBalances(&report)
      try await passTime()
    }
    try await standing.writeAddresses()
    try await standing.noticeStall()
  }

  // MARK: First start

  /// Writes the anchor below `tip` above which scanning begins, with headers below it. False where
  /// the nodes don't give it.
  private func begin(below tip: BlockRef, _ report: inout WatchReport) async throws -> Bool {
    let height: UInt32
    switch settings.start {
    case .tip: height = tip.height - min(tip.height, settings.spec.finalityDepth)
    case .height(let start): height = min(start, tip.height)
    case .block(let block): height = min(block.height, tip.height)
    }
    let links: [ChainLink]
    do throws(NodePoolError) {
      links = try await EthereumHeaderSource(pool: pool, settings: settings).anchor(at: height)
    } catch {
      report.hold = .inconsistent("no node gives the anchor at \(height): \(error)")
      return false
    }
    if case .block(let pinned) = settings.start, links.last?.ref != pinned {
      report.hold = .inconsistent(
        "the nodes' block \(height) isn't the pinned \(pinned.text(.ethereum))")
      return false
    }
    try await standing.begin(above: links)
    return true
  }

  // MARK: Time and finality

  /// Learns which of our blocks the chain calls final by now. A block that a quorum calls final and
  /// that isn't ours halts crediting: what counted as final before stands in another history.
  private func learnFinality() async throws {
    guard let tag = settings.spec.finalityTag, let position = standing.position,
      case .agreed(let block, _) = await pool.agreed(on: tag)
    else { return }
    let known = position.cursor.finalized
    guard block.height > known?.height ?? 0 else {
      if let known, block.height == known.height, block.hash != known.hash {
        try await standing.halt(Self.mismatch(block, known))
      }
      return
    }
    // What lies above us is looked at when we are there, and what lies below all that we keep was
    // ours when it was followed.
    guard let ours = position.chain.link(at: block.height)?.ref else { return }
    guard ours == block else { return try await standing.halt(Self.mismatch(block, ours)) }
    var next = position
    standing.position = nil
    var step = standing.newStep(at: next)
    step.finalized = block
    next.tracker.finalizedHeight = block.height
    if next.tracker.hasDue { step.changes = next.tracker.resume() }
    try await standing.commit(step, standing: next)
  }

  private static func mismatch(_ theirs: BlockRef, _ ours: BlockRef) -> String {
    "the nodes call \(theirs.text(.ethereum)) final, ours is \(ours.text(.ethereum))"
  }

  /// Everything with a time up to the tip's is known: deadlines before it may pass. Not those that
  /// are still to come by our own clock, whatever the chain's says.
  private func passTime() async throws {
    guard let position = standing.position else { return }
    let covered = min(Timestamp(seconds: Int64(position.chain.tip.time)), standing.time.now)
    guard position.cursor.lookedThrough.map({ $0 < covered }) ?? true else { return }
    var step = standing.newStep(at: position)
    step.lookedThrough = covered
    try await standing.commit(step, standing: position)
  }
}
