internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

// Following the tip: headers first, then blocks, each verified before anything in it counts.
extension BitcoinWatcher {
  /// Two hours: how far a block's time may be ahead of ours (Bitcoin Core's
  /// MAX_FUTURE_BLOCK_TIME).
  private static let futureLimitSeconds: Int64 = 7_200

  /// Moves towards `tip`, in one commit.
  func follow(_ tip: BlockRef, _ report: inout WatchReport) async throws {
    // Planning may take up more headers of the store.
    guard let before = position, let plan = try await plan(towards: tip, from: before, &report),
      let position
    else { return }
    var next = position
    // The watcher's own copy is given up, so that the ones below change in place.
    self.position = nil
    var step = newStep(at: next)
    if !plan.disconnect.isEmpty {
      // What spends the coins of what comes back is looked for anew.
      mempool = MempoolMemory()
      // The tracker has forgotten what became final; a reorg may take back even that.
      next.tracker.adopt(
        try await store.transfers(on: chain, above: plan.commonAncestor.height))
    }
    if plan.breaksFinality {
      step.halt =
        "a reorg took back \(plan.disconnect.count) blocks down to "
        + "\(plan.commonAncestor), deeper than finality (\(settings.spec.finalityDepth))"
      next.tracker.creditingHalted = true
    }
    for link in plan.disconnect {
      let parent = BlockRef(height: link.ref.height - 1, hash: link.parent)
      step.changes += try next.tracker.disconnect(link.ref, newTip: parent)
    }
    step.disconnected = plan.disconnect
    let run = Array(plan.connect.prefix(settings.blocksPerCommit))
    guard try await scan(run, into: &step, &next.tracker, &report) else {
      // Nothing was written: the store still has what we knew.
      return
    }
    next.chain.apply(plan.connecting(step.connected.count))
    try await commit(step, standing: next)
    report.connected = step.connected.count
    report.disconnected = step.disconnected.count
    report.transferChanges += step.changes.count
  }

  /// Which blocks to leave and which to join, from headers that were checked; nil with the reason
  /// in the report where there is nothing to follow.
  private func plan(
    towards tip: BlockRef, from position: Position, _ report: inout WatchReport
  ) async throws -> ChainPlan? {
    let (chain, limit) = (position.chain, settings.headersPerStep)
    let served: Served<HeaderBranch>
    do {
      served = try await pool.serve { (node) async throws(NodeError) in
        try await HeaderBranch.fetch(from: node, leadingTo: tip, above: chain, limit: limit)
      }
    } catch {
      report.hold = .inconsistent("no node gives the headers to \(tip)")
      return nil
    }
    let ancestry: BranchAncestry
    do {
      guard let branch = try served.value.checked(above: chain, rules: rules) else {
        // One node says that no block of ours is in its active chain: one liar halts nothing.
        let lowest = chain.lowest.ref
        if await pool.agrees(on: lowest) {
          quarantine(served.node, "its hashes lack \(lowest), which a quorum has")
          report.hold = .inconsistent("the headers to \(tip) don't lead to our chain")
          return nil
        }
        return try await planBelowWindow(towards: tip, position, &report)
      }
      ancestry = branch
    } catch let error as HeaderBranchError {
      if error.condemnsNode {
        quarantine(served.node, "invalid header: \(error)")
      }
      report.hold = .inconsistent("headers to \(tip): \(error)")
      return nil
    }
    guard let last = ancestry.links.last else {
      report.hold = .lessWork(tip)
      return nil
    }
    let latest = time.now.adding(seconds: Self.futureLimitSeconds)
    if let early = ancestry.links.first(where: { Timestamp(seconds: Int64($0.time)) > latest }) {
      report.hold = .fromTheFuture(early.ref)
      return nil
    }
    // One node gave the headers; where they end below the agreed tip, a quorum must have them too.
    if last.ref != tip, await !pool.agrees(on: last.ref) {
      report.hold = .inconsistent("no quorum has \(last.ref)")
      return nil
    }
    do {
      return try chain.plan(ancestry.links, finalityDepth: settings.spec.finalityDepth)
    } catch .notMoreWork {
      report.hold = .lessWork(tip)
    } catch .beyondWindow {
      return try await planBelowWindow(towards: tip, position, &report)
    } catch {
      report.hold = .inconsistent("\(error)")
    }
    return nil
  }

  /// The nodes' chain leaves ours below the headers in memory: plans with all that the store keeps.
  /// Where it leaves below those too, nobody can tell what it takes back, and crediting halts; it
  /// halts again after an operator's word, as long as the nodes stay there.
  private func planBelowWindow(
    towards tip: BlockRef, _ position: Position, _ report: inout WatchReport
  ) async throws -> ChainPlan? {
    if !position.hasAllHeaders, let record = try await store.record(of: chain, window: .max) {
      guard record.cursor == position.cursor else {
        throw StaleCursor(chain: chain, expected: position.cursor.version)
      }
      var widened = position
      widened.chain = try HeaderChain(
        links: record.links, capacity: max(settings.window, record.links.count))
      widened.hasAllHeaders = true
      self.position = widened
      return try await plan(towards: tip, from: widened, &report)
    }
    let lowest = position.chain.lowest.ref
    report.hold = .beyondWindow(tip)
    guard position.cursor.halt == nil else { return nil }
    var step = newStep(at: position)
    step.halt =
      "the nodes' chain to \(tip) leaves ours below \(lowest), the lowest block we know: "
      + "it can't be followed, only the nodes put right or the database made anew"
    var next = position
    next.tracker.creditingHalted = true
    try await commit(step, standing: next)
    return nil
  }

  /// Fetches, verifies and scans `run` in order. False where a block couldn't be had.
  private func scan(
    _ run: [ChainLink], into step: inout ChainStep, _ tracker: inout TransferTracker,
    _ report: inout WatchReport
  ) async throws -> Bool {
    let blocks = BlockSource(pool: pool, settings: settings)
    var start = 0
    var proofBytes = 0
    while start < run.count {
      let links = run[start..<min(start + settings.fetchWidth, run.count)]
      let answers = await blocks.fetch(links.map(\.ref))
      for (link, answer) in zip(links, answers) {
        let block: ScannedBlock
        do throws(BlockUnavailable) {
          block = try await blocks.scan(
            link.ref, from: answer, watching: WatchedOutputs(set: watched, tracker: tracker))
        } catch {
          report.hold = .inconsistent("no node gives a valid block \(link.ref)")
          // A run that began may end here, unless it must replace what was disconnected.
          return !step.connected.isEmpty && step.disconnected.isEmpty
        }
        let (found, spends) = try await transfers(in: block.matches, &tracker)
        let changes = try tracker.connect(
          link.ref, parent: link.parent, time: Timestamp(seconds: Int64(link.time)),
          found: found, spends: spends, now: step.now)
        let proofs = TransferProof.needed(
          by: changes,
          among: block.matches.lazy.compactMap {
            TransferProof($0, in: link.ref, header: block.header)
          })
        step.changes += changes
        step.proofs += proofs
        step.connected.append(link)
        proofBytes += proofs.reduce(0) { $0 + $1.byteCount }
        // The next step goes on with the run, unless it must replace what was disconnected.
        if proofBytes >= settings.proofBytesPerCommit, step.disconnected.isEmpty { return true }
      }
      start += links.count
    }
    return true
  }

  /// What matched transactions mean: transfers to watched addresses with their requirements, and
  /// spends of pending inputs. The tracker takes back what the store knows of them.
  func transfers(
    in matches: [MatchedTransaction], _ tracker: inout TransferTracker
  ) async throws -> (found: [FoundTransfer], spends: [Spend]) {
    let outputs = WatchedOutput.all(in: matches, on: chain, watching: watched)
    var spends: [Spend] = []
    for match in matches {
      for input in match.inputs where tracker.isPendingInput(input) {
        spends.append(Spend(outpoint: input, txid: match.txid))
      }
    }
    let unknown = outputs.map(\.id).filter { !tracker.knows($0) }
    if !unknown.isEmpty { tracker.adopt(try await store.stored(unknown)) }
    return (try await store.transfers(of: outputs, on: settings.spec), spends)
  }
}
