package import Bytes
package import ChainTypes

/// Follows transfers through mempool, blocks and reorgs: a value that is given what a verified
/// block or a look at the mempool holds and answers each step that follows from it.
///
/// A block costs what changes in it; a look costs the transfers that stand outside blocks. Final
/// transfers are forgotten at once, those dropped, replaced or quarantined after
/// `rules.retentionBlocks`. What is forgotten the caller hands back by `adopt` from its store:
/// whatever a scan finds and `knows` denies, and, before a block is disconnected, whatever the
/// store has standing in that block.
///
/// A copy shares its storage until one of the two is changed; that change then copies all that is
/// tracked. Keep a copy only where a step may have to be undone, and for no longer.
package struct TransferTracker: Sendable {
  package private(set) var tip: BlockRef?
  /// While true nothing becomes confirmed or final. What is due then becomes so with the next
  /// `connect` after it is cleared, or by `resume()`.
  package var creditingHalted = false
  /// The highest block that the chain itself calls final, where it does: nothing above it becomes
  /// final, however deep it is. Nil where depth alone decides. Where it rises, what is due then
  /// becomes final by `resume()` or with the next `connect`.
  package var finalizedHeight: UInt32? {
    didSet { holdFinalizable(above: oldValue) }
  }

  private var index: TransferIndex
  /// Deep enough for their next step, which was held back.
  private var held: Set<TransferID> = []

  package init(
    rules: TransferRules, tip: BlockRef?, finalizedHeight: UInt32? = nil,
    tracked: [TrackedTransfer]
  ) {
    index = TransferIndex(rules: rules)
    self.tip = tip
    self.finalizedHeight = finalizedHeight
    adopt(tracked)
  }

  /// How many transfers it holds.
  package var count: Int { index.transfers.count }

  package func knows(_ id: TransferID) -> Bool { index.knows(id) }

  /// The transfer as it stands, while the tracker holds it.
  package func transfer(_ id: TransferID) -> TrackedTransfer? { index.transfers[id] }

  /// Whether a transfer that isn't final spends `outpoint`: whoever else spends it replaces that.
  package func isPendingInput(_ outpoint: Outpoint) -> Bool { index.isInput(outpoint) }

  package var hasPendingInputs: Bool { index.hasInputs }

  /// Takes back what the store has and this tracker doesn't hold. Known transfers stay as they are.
  package mutating func adopt(_ stored: [TrackedTransfer]) {
    for transfer in stored where !index.knows(transfer.id) {
      index.put(transfer, tipHeight: tip?.height)
      if isDue(transfer) { held.insert(transfer.id) }
    }
  }

  // MARK: Blocks

  /// Makes `block` the tip. `found` are its transfers to watched addresses, in the block's order;
  /// `spends` its spends of pending inputs (others do no harm). `time` is the header's.
  package mutating func connect(
    _ block: BlockRef, parent: Hash32, time: Timestamp, found: [FoundTransfer], spends: [Spend],
    now: Timestamp
  ) throws(TrackingError) -> [TransferChange] {
    let allSpends = Self.spends(of: found) + spends
    try checkLink(block, parent: parent)
    try checkFound(found, in: block)
    try checkSpends(allSpends)

    if tip == nil { index.restartRest(at: block.height) }
    tip = block
    var changes: [TransferChange] = []
    // Losses first: of two rivals, never both count.
    for spend in allSpends { replaceRivals(of: spend, into: &changes) }
    for transfer in found { include(transfer, in: block, time: time, now: now, into: &changes) }
    note(allSpends)
    held.formUnion(index.confirmationsDue(at: block.height))
    held.formUnion(index.finalityDue(at: block.height))
    advanceHeld(into: &changes)
    // Last: what the caller was told that this tracker knows, it knows for this whole block.
    index.forgetRested(at: block.height)
    return changes
  }

  /// Takes back the tip. Its transfers are orphaned; those below it that are no longer deep enough
  /// are included again instead of confirmed. Final transfers whose block stays remain final.
  package mutating func disconnect(
    _ block: BlockRef, newTip: BlockRef
  ) throws(TrackingError) -> [TransferChange] {
    guard block == tip else { throw .notTheTip(block, tip: tip) }
    guard block.height > 0, newTip.height == block.height - 1 else {
      throw .notTheParent(newTip, of: block)
    }
    tip = newTip
    var changes: [TransferChange] = []
    for id in index.standing(in: block.hash) {
      step(id, to: .orphaned(block), blockTime: nil, into: &changes)
    }
    for id in index.confirmationsDue(at: block.height) {
      guard let transfer = index.transfers[id], case .confirmed(let own) = transfer.state else {
        continue
      }
      step(id, to: .included(own), blockTime: transfer.blockTime, into: &changes)
    }
    return changes
  }

  /// Whether something is deep enough for its next step, and nothing halts it.
  package var hasDue: Bool { !creditingHalted && !held.isEmpty }

  /// Ends the halt and lets everything that is due happen.
  package mutating func resume() -> [TransferChange] {
    creditingHalted = false
    var changes: [TransferChange] = []
    advanceHeld(into: &changes)
    return changes
  }

  // MARK: Mempool

  /// The txids of what stands outside blocks and isn't known to be gone: what a mempool may lack.
  package var txidsOutsideBlocks: Set<Hash32> { Set(index.waiting.map(\.txid)) }

  /// What a look at a mempool changes. Nothing that stands in a block is touched.
  package mutating func look(_ look: MempoolLook, now: Timestamp) -> [TransferChange] {
    let spends = Self.spends(of: look.found) + look.spends
    let foundTxids = Set(look.found.map(\.id.txid))
    func isPresent(_ txid: Hash32) -> Bool {
      look.present.contains(txid) || foundTxids.contains(txid)
    }
    var changes: [TransferChange] = []
    note(spends)
    for spend in spends { replaceRivals(of: spend, unless: isPresent, into: &changes) }
    if look.isComplete {
      let lost = index.waiting.filter { !isPresent($0.txid) && !look.kept.contains($0.txid) }
      for id in TransferIndex.ordered(lost) {
        guard let transfer = index.transfers[id] else { continue }
        let rival = index.rival(of: transfer)
        step(
          id, to: rival.map { .replaced(by: $0) } ?? .dropped, blockTime: nil, into: &changes)
      }
    }
    for transfer in look.found { see(transfer, now: now, into: &changes) }
    for id in TransferIndex.ordered(index.unseen.filter { isPresent($0.txid) }) {
      seeAgain(id, into: &changes)
    }
    // Again, for the inputs of transfers that came with this look: nobody watched those before.
    note(spends)
    return changes
  }

  // MARK: Checks

  private func checkLink(_ block: BlockRef, parent: Hash32) throws(TrackingError) {
    guard let tip else { return }
    let (height, overflow) = tip.height.addingReportingOverflow(1)
    guard !overflow, block.height == height, parent == tip.hash else {
      throw .doesNotLink(block, parent: parent, tip: tip)
    }
  }

  private func checkFound(
    _ found: [FoundTransfer], in block: BlockRef
  ) throws(TrackingError) {
    var seen: Set<TransferID> = []
    for transfer in found {
      guard seen.insert(transfer.id).inserted else { throw .foundTwice(transfer.id, in: block) }
      if let state = index.transfers[transfer.id]?.state, state.isInActiveChain,
        let own = state.block
      {
        throw .includedTwice(transfer.id, in: own, again: block)
      }
    }
  }

  private func checkSpends(_ spends: [Spend]) throws(TrackingError) {
    var spenders: [Outpoint: Hash32] = [:]
    for spend in spends {
      let first = spenders.updateValue(spend.txid, forKey: spend.outpoint) ?? spend.txid
      guard first == spend.txid else {
        throw .spentTwice(spend.outpoint, by: first, and: spend.txid)
      }
      for rival in index.rivals(of: spend.txid, spending: spend.outpoint)
      where index.transfers(of: rival).contains(where: isInActiveChain) {
        throw .spentTwice(spend.outpoint, by: rival, and: spend.txid)
      }
    }
  }

  private func isInActiveChain(_ id: TransferID) -> Bool {
    index.transfers[id]?.state.isInActiveChain ?? false
  }

  // MARK: Steps

  private mutating func include(
    _ found: FoundTransfer, in block: BlockRef, time: Timestamp, now: Timestamp,
    into changes: inout [TransferChange]
  ) {
    let known = index.transfers[found.id]
    let state: TransferState =
      switch found.effect {
      case .failed: .failed
      case .quarantined(let reason): .quarantined(reason)
      case .moved: isDust(found) ? .quarantined(.dust) : .included(block)
      }
    let blockTime = state.block == nil ? nil : time
    if let known {
      guard known.state.canBecome(state) else { return }
      // What a call moves, or logs, may depend on the block: it is what this block says.
      step(found.id, to: state, blockTime: blockTime, as: found, into: &changes)
    } else {
      begin(
        TrackedTransfer(found, state: state, firstSeen: now, blockTime: blockTime), into: &changes)
    }
  }

  private mutating func see(
    _ found: FoundTransfer, now: Timestamp, into changes: inout [TransferChange]
  ) {
    guard !index.knows(found.id) else { return seeAgain(found.id, into: &changes) }
    let state: TransferState = isDust(found) ? .quarantined(.dust) : .seen
    begin(TrackedTransfer(found, state: state, firstSeen: now, blockTime: nil), into: &changes)
  }

  private mutating func seeAgain(_ id: TransferID, into changes: inout [TransferChange]) {
    guard let transfer = index.transfers[id], transfer.state.canBecome(.seen) else { return }
    step(id, to: .seen, blockTime: nil, into: &changes)
    if !transfer.isCoinbase {
      note(transfer.inputs.map { Spend(outpoint: $0, txid: id.txid) })
    }
  }

  /// Remembers who spends the pending inputs among these, until someone else does: what vanishes
  /// later was replaced by that transaction.
  private mutating func note(_ spends: [Spend]) {
    for spend in spends { index.noteSpender(spend.txid, of: spend.outpoint) }
  }

  /// Whatever else spends the same output, outside blocks, has been replaced; in a mempool (where
  /// `isPresent` is given) only what isn't there itself.
  private mutating func replaceRivals(
    of spend: Spend, unless isPresent: (Hash32) -> Bool = { _ in false },
    into changes: inout [TransferChange]
  ) {
    for txid in index.rivals(of: spend.txid, spending: spend.outpoint) where !isPresent(txid) {
      for id in index.transfers(of: txid) {
        guard let state = index.transfers[id]?.state,
          state.canBecome(.replaced(by: spend.txid))
        else { continue }
        step(id, to: .replaced(by: spend.txid), blockTime: nil, into: &changes)
      }
    }
  }

  private mutating func advanceHeld(into changes: inout [TransferChange]) {
    guard !creditingHalted, !held.isEmpty else { return }
    let due = TransferIndex.ordered(held)
    held = []
    for id in due { advance(id, into: &changes) }
  }

  /// As far as the depth of the transfer's block carries it.
  private mutating func advance(_ id: TransferID, into changes: inout [TransferChange]) {
    while let transfer = index.transfers[id], isDue(transfer) {
      switch transfer.state {
      case .included(let block):
        step(id, to: .confirmed(block), blockTime: transfer.blockTime, into: &changes)
      case .confirmed(let block):
        step(id, to: .final(block), blockTime: transfer.blockTime, into: &changes)
        index.forget(id)
      default: return
      }
    }
  }

  /// Whether the transfer's block is deep enough for its next step.
  private func isDue(_ transfer: TrackedTransfer) -> Bool {
    guard let tip, let block = transfer.state.block else { return false }
    let heights = index.dueHeights(of: transfer, in: block.height)
    let due: UInt32? =
      switch transfer.state {
      case .included: heights.confirmed
      case .confirmed: finalizedHeight.map { block.height <= $0 } ?? true ? heights.final : nil
      default: nil
      }
    return due.map { $0 <= tip.height } ?? false
  }

  /// Holds what is deep enough to be final and has only waited for the chain's own word.
  private mutating func holdFinalizable(above old: UInt32?) {
    guard let finalizedHeight, old.map({ $0 < finalizedHeight }) ?? false else { return }
    for id in index.confirmed where index.transfers[id].map(isDue) ?? false { held.insert(id) }
  }

  /// The rules have the coin's limit. Tokens have their own, which whoever finds a transfer
  /// applies.
  private func isDust(_ found: FoundTransfer) -> Bool {
    found.contract == nil && found.value < index.rules.dustLimit
  }

  private mutating func begin(
    _ transfer: TrackedTransfer, into changes: inout [TransferChange]
  ) {
    precondition(transfer.state.canBegin, "a transfer begins in a mempool or a block")
    index.put(transfer, tipHeight: tip?.height)
    changes.append(TransferChange(before: nil, after: transfer))
  }

  private mutating func step(
    _ id: TransferID, to state: TransferState, blockTime: Timestamp?,
    as found: FoundTransfer? = nil,
    into changes: inout [TransferChange]
  ) {
    guard let before = index.transfers[id] else {
      preconditionFailure("only a held transfer takes a step")
    }
    precondition(before.state.canBecome(state), "the machine has this step")
    var after = before
    if let found { after = before.updated(by: found) }
    after.state = state
    after.blockTime = blockTime
    index.put(after, tipHeight: tip?.height)
    changes.append(TransferChange(before: before, after: after))
  }

  /// What the transactions of `found` spend, each transaction once. A coinbase spends nothing.
  private static func spends(of found: [FoundTransfer]) -> [Spend] {
    var seen: Set<Hash32> = []
    var spends: [Spend] = []
    for transfer in found where !transfer.isCoinbase && seen.insert(transfer.id.txid).inserted {
      for outpoint in transfer.inputs {
        spends.append(Spend(outpoint: outpoint, txid: transfer.id.txid))
      }
    }
    return spends
  }
}
