internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Ethereum
internal import NodeRPC

// Following the head: the branch that leads to it first, then its blocks, each proved before
// anything in it counts.
extension EthereumWatcher {
  /// Moves towards `tip`, in one commit.
  func follow(_ tip: BlockRef, _ report: inout WatchReport) async throws {
    guard let before = standing.position,
      let plan = try await plan(towards: tip, from: before, &report),
      let position = standing.position
    else { return }
    var next = position
    // A reorg may have to be undone. Otherwise the watcher's own copy is given up, so that the one
    // below changes in place.
    let undone = plan.disconnect.isEmpty ? nil : position
    standing.position = nil
    var step = standing.newStep(at: next)
    if !plan.disconnect.isEmpty {
      // The tracker has forgotten what became final; a reorg may take back even that.
      next.tracker.adopt(
        try await standing.store.transfers(on: chain, above: plan.commonAncestor.height))
    }
    let reason = broken(by: plan, position.cursor)
    if let reason {
      step.halt = reason
      next.tracker.creditingHalted = true
    }
    if let final = position.cursor.finalized, plan.commonAncestor.height < final.height {
      // What is called final on the new branch must be said anew.
      step.finalized = plan.commonAncestor
      next.tracker.finalizedHeight = plan.commonAncestor.height
    }
    for link in plan.disconnect {
      let parent = BlockRef(height: link.ref.height - 1, hash: link.parent)
      step.changes += try next.tracker.disconnect(link.ref, newTip: parent)
    }
    step.disconnected = plan.disconnect
    // What calls moved is looked for among the addresses that are watched when a block is fetched,
    // which a later step may have more of.
    let run = plan.connect.prefix(settings.blocksPerCommit)
    ahead.follow((settings.asksTraces ? run : plan.connect[...]).map(\.ref))
    let isScanned = try await scan(run, into: &step, &next.tracker, &report)
    if settings.asksTraces || report.hold != nil { ahead.giveUp() }
    guard isScanned else {
      // Nothing was written, and without a reorg nothing has changed.
      standing.position = undone ?? next
      // The nodes have left what was final, whether or not they show what they have instead.
      if let reason { try await standing.halt(reason) }
      return
    }
    next.chain.apply(plan.connecting(step.connected.count))
    try await standing.commit(step, standing: next)
    report.connected = step.connected.count
    report.disconnected = step.disconnected.count
    report.transferChanges += step.changes.count
    report.notices = step.notices.count
    report.incomes = step.incomes.count
  }

  /// Why following the plan would take back what is final; nil where it doesn't.
  private func broken(by plan: ChainPlan, _ cursor: ChainCursor) -> String? {
    let deepest = plan.commonAncestor
    let isBroken =
      settings.spec.finalityTag == nil
      ? plan.breaksFinality : cursor.finalized.map { deepest.height < $0.height } ?? false
    guard isBroken else { return nil }
    return "a reorg took back \(plan.disconnect.count) blocks down to "
      + "\(deepest.text(.ethereum)), deeper than what was final"
  }

  /// Which blocks to leave and which to join; nil with the reason in the report where there is
  /// nothing to follow.
  private func plan(
    towards tip: BlockRef, from position: Position, _ report: inout WatchReport
  ) async throws -> ChainPlan? {
    let chain = position.chain
    // The nodes fell behind.
    guard !chain.contains(tip) else {
      report.hold = .behind(tip)
      return nil
    }
    let branch: EthereumBranch
    do throws(NodePoolError) {
      branch = try await EthereumHeaderSource(pool: pool, settings: settings)
        .branch(leadingTo: tip, above: chain)
    } catch {
      report.hold = .inconsistent("no node gives headers that lead to \(tip.text(.ethereum))")
      return nil
    }
    guard branch.fork != nil else {
      return try await planBelowWindow(towards: tip, position, &report)
    }
    do {
      return try chain.plan(
        branch.links, finalityDepth: settings.spec.finalityDepth, isAgreed: true)
    } catch {
      report.hold = .inconsistent("headers to \(tip.text(.ethereum)): \(error)")
      return nil
    }
  }

  /// The nodes' chain leaves ours below the headers in memory: plans with all that the store keeps.
  /// Where it leaves below those too, crediting halts.
  private func planBelowWindow(
    towards tip: BlockRef, _ position: Position, _ report: inout WatchReport
  ) async throws -> ChainPlan? {
    if let widened = try await standing.widened(position) {
      standing.position = widened
      return try await plan(towards: tip, from: widened, &report)
    }
    let lowest = position.chain.lowest.ref
    report.hold = .beyondWindow(tip)
    try await standing.halt(
      "the nodes' chain to \(tip.text(.ethereum)) leaves ours below \(lowest.text(.ethereum)), "
        + "the lowest block we know: it can't be followed, only the nodes put right or the "
        + "database made anew")
    return nil
  }

  /// Reads `run` in order, while the blocks behind it are fetched and proved. False where a block
  /// couldn't be had or can't be true beside those before it, and so nothing is to be written.
  private func scan(
    _ run: ArraySlice<ChainLink>, into step: inout ChainStep, _ tracker: inout TransferTracker,
    _ report: inout WatchReport
  ) async throws -> Bool {
    let source = EthereumBlockSource(
      pool: pool, settings: settings, watching: standing.watched)
    var proofBytes = 0
    for link in run {
      let answer = await ahead.next(
        from: source, width: settings.fetchWidth,
        count: settings.fetchWidth == 1 ? 1 : settings.blocksAhead)
      guard let answer else { break }
      guard case .success(let block) = answer else {
        report.hold = .inconsistent(
          "no node proves block \(link.ref.text(.ethereum)): \(Self.reasons(answer))")
        // A run that began may end here, unless it must replace what was disconnected.
        return !step.connected.isEmpty && step.disconnected.isEmpty
      }
      let found: [FoundTransfer]
      let reading: EthereumBlockReader.Reading
      let notices: [BlockNotice]
      let incomes: [AddressIncome]
      let sightings: [OutgoingSighting]
      do {
        (found, reading) = try await transfers(in: block, &tracker)
        notices = try self.notices(in: block.proof, at: link.ref)
        incomes = try self.incomes(in: block.proof, at: link.ref)
        sightings = try self.sightings(in: block.proof, at: link.ref)
      } catch let error as BlockProofError {
        source.refuse(block, at: link.ref, error)
        report.hold = .inconsistent("block \(link.ref.text(.ethereum)): \(error)")
        return !step.connected.isEmpty && step.disconnected.isEmpty
      } catch let error as InnerUnknown {
        report.hold = .inconsistent("block \(link.ref.text(.ethereum)): \(error)")
        return !step.connected.isEmpty && step.disconnected.isEmpty
      }
      let changes: [TransferChange]
      do {
        changes = try tracker.connect(
          link.ref, parent: link.parent, time: Timestamp(seconds: Int64(link.time)),
          found: found, spends: [], now: step.now)
      } catch {
        report.hold = .contradiction("\(error)")
        return !step.connected.isEmpty && step.disconnected.isEmpty
      }
      let proofs = reading.proofs(of: changes)
      step.changes += changes
      step.proofs += proofs
      step.connected.append(link)
      step.notices += notices
      step.incomes += incomes
      step.sightings += sightings
      if settings.asksTraces, !reading.inner.isTold { step.untraced.append(link.ref) }
      if reading.isUnwitnessed { step.hasUnwitnessed = true }
      proofBytes += proofs.reduce(0) { $0 + $1.byteCount }
      // The next step goes on with the run, unless it must replace what was disconnected.
      let isFull =
        step.changes.count >= settings.changesPerCommit
        || proofBytes >= settings.proofBytesPerCommit
      if isFull, step.disconnected.isEmpty { return true }
    }
    return true
  }

  private static func reasons(_ answer: EthereumBlockSource.Answer) -> String {
    guard case .failure(.allFailed(let failures)) = answer else { return "no node may serve" }
    return failures.map { "\($0.error)" }.joined(separator: "; ")
  }
}
