internal import Bytes
internal import ChainTracking
internal import ChainTypes

/// What recording missed transfers changes: the steps that a tracker would have made, had it found
/// them in their blocks.
struct RescanChanges {
  let record: ChainRecord
  let spec: ChainSpec
  let now: Timestamp
  /// Transfers as they stand: those to record that the store has, and their rivals.
  private var known: [TransferID: TrackedTransfer]
  /// Who else waits for a coin.
  private var rivals: [Outpoint: [TransferID]] = [:]

  init(record: ChainRecord, stored: [TrackedTransfer], spec: ChainSpec, now: Timestamp) {
    self.record = record
    self.spec = spec
    self.now = now
    known = Dictionary(stored.map { ($0.id, $0) }) { first, _ in first }
  }

  /// `missing` in the chain's order; those that can't be recorded are passed over.
  mutating func recording(
    _ missing: [MissingTransfer]
  ) throws(TrackingError) -> [TransferChange] {
    let recordable = missing.filter { missing in
      known[missing.transfer.id].map { missing.canFollow($0.state) } ?? missing.isRecordable
    }
    // Whoever waits for one of the same coins has been replaced by what a block holds.
    let coins = Set(recordable.flatMap { $0.transfer.isCoinbase ? [] : $0.transfer.inputs })
    for rival in record.tracked where !rival.isCoinbase {
      for coin in rival.inputs where coins.contains(coin) {
        rivals[coin, default: []].append(rival.id)
        if known[rival.id] == nil { known[rival.id] = rival }
      }
    }
    var changes: [TransferChange] = []
    var start = 0
    while start < recordable.count {
      let block = recordable[start]
      let end =
        recordable[start...].firstIndex { $0.block != block.block } ?? recordable.count
      changes += try include(recordable[start..<end].map(\.transfer), in: block)
      start = end
    }
    let included = Set(recordable.map(\.transfer.id)).compactMap { known[$0] }
    changes += deepen(included)
    return changes
  }

  /// A tracker that stands just below the block takes it, and credits nothing yet.
  private mutating func include(
    _ found: [FoundTransfer], in block: MissingTransfer
  ) throws(TrackingError) -> [TransferChange] {
    let below =
      block.block.height == 0
      ? nil : BlockRef(height: block.block.height - 1, hash: block.parent)
    let concerned = found.flatMap { transfer in
      [transfer.id] + transfer.inputs.flatMap { rivals[$0] ?? [] }
    }
    var tracker = TransferTracker(
      rules: TransferRules(spec), tip: below, tracked: concerned.compactMap { known[$0] })
    tracker.creditingHalted = true
    let changes = try tracker.connect(
      block.block, parent: block.parent, time: block.time, found: found, spends: [], now: now)
    for change in changes { known[change.after.id] = change.after }
    return changes
  }

  /// A tracker that stands at the cursor's tip takes them up, and credits what is deep enough.
  private func deepen(_ included: [TrackedTransfer]) -> [TransferChange] {
    guard record.cursor.halt == nil else { return [] }
    var tracker = TransferTracker(spec, at: record.cursor, tracked: included)
    return tracker.resume()
  }
}
