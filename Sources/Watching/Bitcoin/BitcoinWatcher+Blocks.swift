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
    // A reorg may have to be undone. Otherwise the watcher's own copy is given up, so that the one
    // below changes in place.
    let undone = plan.disconnect.isEmpty ? nil : position
    self.position = nil
    var step = standing.newStep(at: next)
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
      // Nothing was written, and without a reorg nothing has changed.
      self.position = undone ?? next
      return
    }
    next.chain.apply(plan.connecting(step.connected.count))
    try await standing.commit(step, standing: next)
    report.connected = step.connected.count
    report.disconnected = step.disconnected.count
    report.transferChanges += step.changes.count
  }

  /// Which blocks to leave and which to join, from headers that were checked; nil with the reason
  /// in the report where there is nothing to follow.
  private func plan(
    towards tip: BlockRef, from position: Position, _ report: inout WatchReport
  ) async throws -> ChainPlan? {
    let search = BranchSearch(
      pool: pool, chain: position.chain, rules: rules, settings: settings,
      latest: time.now.adding(seconds: Self.futureLimitSeconds))
    switch await search.outcome(towards: tip) {
    case .plan(let plan): return plan
    case .hold(let hold):
      report.hold = hold
      return nil
    case .belowWindow: return try await planBelowWindow(towards: tip, position, &report)
    }
  }

  /// The nodes' chain leaves ours below the headers in memory: plans with all that the store keeps.
  /// Where it leaves below those too, nobody can tell what it takes back, and crediting halts; it
  /// halts again after an operator's word, as long as the nodes stay there.
  private func planBelowWindow(
    towards tip: BlockRef, _ position: Position, _ report: inout WatchReport
  ) async throws -> ChainPlan? {
    if let widened = try await standing.widened(position) {
      self.position = widened
      return try await plan(towards: tip, from: widened, &report)
    }
    let lowest = position.chain.lowest.ref
    report.hold = .beyondWindow(tip)
    try await standing.halt(
      "the nodes' chain to \(tip) leaves ours below \(lowest), the lowest block we know: "
        + "it can't be followed, only the nodes put right or the database made anew")
    return nil
  }

  /// Fetches, verifies and scans `run` in order. False where a block couldn't be had or can't be
  /// true beside those before it, and so nothing is to be written.
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
            link.ref, from: answer,
            watching: WatchedOutputs(
              scripts: watched, tracker: tracker, slots: standing.openSlots.slots))
        } catch {
          report.hold = .inconsistent("no node gives a valid block \(link.ref)")
          // A run that began may end here, unless it must replace what was disconnected.
          return !step.connected.isEmpty && step.disconnected.isEmpty
        }
        let (found, spends) = try await transfers(in: block.matches, &tracker)
        let changes: [TransferChange]
        do {
          changes = try tracker.connect(
            link.ref, parent: link.parent, time: Timestamp(seconds: Int64(link.time)),
            found: found, spends: spends, now: step.now)
        } catch {
          report.hold = .contradiction("\(error)")
          return !step.connected.isEmpty && step.disconnected.isEmpty
        }
        let proofs = TransferProof.needed(
          by: changes,
          among: block.matches.lazy.compactMap {
            TransferProof($0, in: link.ref, header: block.header)
          })
        step.changes += changes
        step.proofs += proofs
        step.sightings += sightings(in: block.matches, at: link.ref)
        step.connected.append(link)
        step.headers[link.ref] = block.header.bytes
        proofBytes += proofs.reduce(0) { $0 + $1.byteCount }
        // The next step goes on with the run, unless it must replace what was disconnected.
        if proofBytes >= settings.proofBytesPerCommit, step.disconnected.isEmpty { return true }
      }
      start += links.count
    }
    return true
  }

  /// Which of them use up what outgoing transactions may.
  private func sightings(
    in matches: [MatchedTransaction], at block: BlockRef
  ) -> [OutgoingSighting] {
    let open = standing.openSlots.slots
    guard !open.isEmpty else { return [] }
    return matches.compactMap { match in
      let slots = match.inputs.map(OutgoingSlot.outpoint).filter(open.contains)
      return slots.isEmpty ? nil : OutgoingSighting(txid: match.txid, slots: slots, block: block)
    }
  }

  /// What matched transactions mean: transfers to watched addresses with their requirements, and
  /// spends of pending inputs. The tracker takes back what the store knows of them.
  func transfers(
    in matches: [MatchedTransaction], _ tracker: inout TransferTracker
  ) async throws -> (found: [FoundTransfer], spends: [Spend]) {
    let outputs = matches.flatMap {
      ScannedTransfer.outputs(of: $0, on: chain, watching: watched)
    }
    var spends: [Spend] = []
    for match in matches {
      for input in match.inputs where tracker.isPendingInput(input) {
        spends.append(Spend(outpoint: input, txid: match.txid))
      }
    }
    let unknown = outputs.map(\.id).filter { !tracker.knows($0) }
    if !unknown.isEmpty { tracker.adopt(try await store.stored(unknown)) }
    return (try await store.found(outputs, on: settings.spec), spends)
  }
}
