internal import Bytes
internal import ChainTypes

/// The transfers a tracker holds, found by identity, by block, by input and by the height at which
/// something is due, so that each step touches only what it changes.
struct TransferIndex: Sendable {
  let rules: TransferRules
  private(set) var transfers: [TransferID: TrackedTransfer] = [:]
  /// What stands in each block, by its hash.
  private var byBlock: [Hash32: Set<TransferID>] = [:]
  /// The transfers of each transaction.
  private var byTransaction: [Hash32: Set<TransferID>] = [:]
  private var inputs: [Outpoint: Input] = [:]
  /// How many transfers of each transaction want its inputs watched.
  private var inputUsers: [Hash32: Int] = [:]
  /// Included and confirmed transfers by the tip height at which they are deep enough.
  private var confirmations: [UInt32: Set<TransferID>] = [:]
  private var finality: [UInt32: Set<TransferID>] = [:]
  /// Seen or orphaned: what a look at the mempool can miss.
  private(set) var waiting: Set<TransferID> = []
  /// Orphaned, dropped or replaced: what a look at the mempool can show again.
  private(set) var unseen: Set<TransferID> = []
  /// Confirmed and not final.
  private(set) var confirmed: Set<TransferID> = []
  /// Transfers to forget with the block of a height, if they still rest since the height given.
  private var forgetting: [UInt32: Set<TransferID>] = [:]
  private var restingUntil: [TransferID: UInt32] = [:]

  /// A watched input: the tracked transactions that spend it and the last spender known of.
  private struct Input {
    var txids: Set<Hash32>
    var lastSpender: Hash32?
  }

  init(rules: TransferRules) { self.rules = rules }

  // MARK: Look-ups

  func knows(_ id: TransferID) -> Bool { transfers[id] != nil }

  func isInput(_ outpoint: Outpoint) -> Bool { inputs[outpoint] != nil }

  var hasInputs: Bool { !inputs.isEmpty }

  /// In an order that depends on nothing but the transfers.
  func standing(in block: Hash32) -> [TransferID] { Self.ordered(byBlock[block]) }

  func confirmationsDue(at height: UInt32) -> [TransferID] { Self.ordered(confirmations[height]) }

  func finalityDue(at height: UInt32) -> [TransferID] { Self.ordered(finality[height]) }

  func transfers(of txid: Hash32) -> [TransferID] { Self.ordered(byTransaction[txid]) }

  /// Tracked transactions other than `txid` that spend `outpoint`.
  func rivals(of txid: Hash32, spending outpoint: Outpoint) -> [Hash32] {
    guard let input = inputs[outpoint] else { return [] }
    return input.txids.filter { $0 != txid }.sorted()
  }

  /// The last other transaction known to spend an input of `transfer`.
  func rival(of transfer: TrackedTransfer) -> Hash32? {
    for outpoint in transfer.inputs {
      if let spender = inputs[outpoint]?.lastSpender, spender != transfer.id.txid {
        return spender
      }
    }
    return nil
  }

  /// The tip height at which `transfer`, in a block at `height`, is confirmed and final. Nil where
  /// that lies above every height.
  func dueHeights(
    of transfer: TrackedTransfer, in height: UInt32
  ) -> (confirmed: UInt32?, final: UInt32?) {
    let least = transfer.isCoinbase ? max(1, rules.coinbaseMaturity) : 1
    let confirmations = max(transfer.requirement.confirmations, least)
    let finality = max(transfer.requirement.finality, confirmations)
    func due(_ depth: UInt32) -> UInt32? {
      let (sum, overflow) = height.addingReportingOverflow(depth - 1)
      return overflow ? nil : sum
    }
    return (due(confirmations), due(finality))
  }

  static func ordered(_ ids: (some Sequence<TransferID>)?) -> [TransferID] {
    guard let ids else { return [] }
    return ids.sorted(by: precedes)
  }

  static func precedes(_ a: TransferID, _ b: TransferID) -> Bool {
    a.txid != b.txid ? a.txid < b.txid : a.position < b.position
  }

  // MARK: Changes

  /// Puts `transfer` in the place of what was known of it. `tipHeight` says since when it rests, if
  /// it does.
  mutating func put(_ transfer: TrackedTransfer, tipHeight: UInt32?) {
    let old = transfers.updateValue(transfer, forKey: transfer.id)
    let id = transfer.id
    if old == nil { byTransaction[id.txid, default: []].insert(id) }
    if let old { removeFromChain(old) }
    addToChain(transfer)
    let watched = old.map { Self.watchesInputs($0.state) } ?? false
    let watches = Self.watchesInputs(transfer.state)
    if watches, !watched { watchInputs(of: transfer) }
    if watched, !watches { releaseInputs(of: transfer) }
    waiting.remove(id)
    unseen.remove(id)
    confirmed.remove(id)
    switch transfer.state {
    case .confirmed: confirmed.insert(id)
    case .seen: waiting.insert(id)
    case .orphaned:
      waiting.insert(id)
      unseen.insert(id)
    case .dropped, .replaced: unseen.insert(id)
    default: break
    }
    stopResting(id)
    if Self.rests(transfer.state) { rest(id, since: tipHeight ?? 0) }
  }

  mutating func forget(_ id: TransferID) {
    guard let transfer = transfers.removeValue(forKey: id) else { return }
    byTransaction[id.txid]?.remove(id)
    if byTransaction[id.txid]?.isEmpty == true { byTransaction[id.txid] = nil }
    removeFromChain(transfer)
    if Self.watchesInputs(transfer.state) { releaseInputs(of: transfer) }
    waiting.remove(id)
    unseen.remove(id)
    confirmed.remove(id)
    stopResting(id)
  }

  /// Forgets what has rested long enough once the chain is `height` high.
  mutating func forgetRested(at height: UInt32) {
    for id in forgetting[height] ?? [] { forget(id) }
  }

  /// Counts all rest from `height` on: the first height known.
  mutating func restartRest(at height: UInt32) {
    let resting = Array(restingUntil.keys)
    for id in resting {
      stopResting(id)
      rest(id, since: height)
    }
  }

  /// Remembers that `txid` spends `outpoint`, where that is a watched input.
  mutating func noteSpender(_ txid: Hash32, of outpoint: Outpoint) {
    inputs[outpoint]?.lastSpender = txid
  }

  // MARK: Parts of a change

  /// An output of the active chain can be spent by a rival only after a disconnect; its inputs are
  /// watched all the same, so that a branch may be scanned before the old one is taken back.
  private static func watchesInputs(_ state: TransferState) -> Bool {
    switch state {
    case .seen, .included, .confirmed, .orphaned, .dropped: true
    case .final, .replaced, .failed, .quarantined, .released, .refunded: false
    }
  }

  private static func rests(_ state: TransferState) -> Bool {
    switch state {
    case .final, .replaced, .dropped, .failed, .quarantined, .released, .refunded: true
    case .seen, .included, .confirmed, .orphaned: false
    }
  }

  private mutating func addToChain(_ transfer: TrackedTransfer) {
    guard transfer.state.isInActiveChain, let block = transfer.state.block else { return }
    byBlock[block.hash, default: []].insert(transfer.id)
    if case .final = transfer.state { return }
    let due = dueHeights(of: transfer, in: block.height)
    if let height = due.confirmed { confirmations[height, default: []].insert(transfer.id) }
    if let height = due.final { finality[height, default: []].insert(transfer.id) }
  }

  private mutating func removeFromChain(_ transfer: TrackedTransfer) {
    guard transfer.state.isInActiveChain, let block = transfer.state.block else { return }
    Self.remove(transfer.id, from: block.hash, in: &byBlock)
    let due = dueHeights(of: transfer, in: block.height)
    if let height = due.confirmed { Self.remove(transfer.id, from: height, in: &confirmations) }
    if let height = due.final { Self.remove(transfer.id, from: height, in: &finality) }
  }

  private mutating func watchInputs(of transfer: TrackedTransfer) {
    guard !transfer.isCoinbase else { return }
    let txid = transfer.id.txid
    inputUsers[txid, default: 0] += 1
    guard inputUsers[txid] == 1 else { return }
    for outpoint in transfer.inputs {
      inputs[outpoint, default: Input(txids: [], lastSpender: nil)].txids.insert(txid)
    }
  }

  private mutating func releaseInputs(of transfer: TrackedTransfer) {
    guard !transfer.isCoinbase else { return }
    let txid = transfer.id.txid
    guard let users = inputUsers[txid] else { return }
    guard users == 1 else {
      inputUsers[txid] = users - 1
      return
    }
    inputUsers[txid] = nil
    for outpoint in transfer.inputs {
      inputs[outpoint]?.txids.remove(txid)
      if inputs[outpoint]?.txids.isEmpty == true { inputs[outpoint] = nil }
    }
  }

  private mutating func rest(_ id: TransferID, since height: UInt32) {
    let (until, overflow) = height.addingReportingOverflow(rules.retentionBlocks)
    guard !overflow else { return }
    restingUntil[id] = until
    forgetting[until, default: []].insert(id)
  }

  private mutating func stopResting(_ id: TransferID) {
    guard let until = restingUntil.removeValue(forKey: id) else { return }
    Self.remove(id, from: until, in: &forgetting)
  }

  private static func remove<Key: Hashable>(
    _ id: TransferID, from key: Key, in buckets: inout [Key: Set<TransferID>]
  ) {
    buckets[key]?.remove(id)
    if buckets[key]?.isEmpty == true { buckets[key] = nil }
  }
}
