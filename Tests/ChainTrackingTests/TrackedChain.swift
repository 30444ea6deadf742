import Bytes
import ChainTracking
import ChainTypes
import Testing

/// A tracker fed with labelled blocks; the chain's tip is its last block.
struct TrackedChain {
  var tracker: TransferTracker
  private(set) var blocks: [BlockRef]
  private var clock: Int64 = 1_000

  static let rules = TransferRules(coinbaseMaturity: 5, dustLimit: 546, retentionBlocks: 3)

  /// Starts at a block `base` at height 100.
  init(rules: TransferRules = rules, tracked: [TrackedTransfer] = []) {
    let base = BlockRef(height: 100, hash: hash("base"))
    blocks = [base]
    tracker = TransferTracker(rules: rules, tip: base, tracked: tracked)
  }

  var now: Timestamp { Timestamp(seconds: clock) }
  var tip: BlockRef { blocks[blocks.count - 1] }

  /// The block `label` on top. Answers the steps as words: `a:0 included`.
  @discardableResult
  mutating func connect(
    _ label: String, _ found: [FoundTransfer] = [], spends: [Spend] = []
  ) throws -> [TransferChange] {
    clock += 600
    let block = BlockRef(height: tip.height + 1, hash: hash(label))
    let changes = try tracker.connect(
      block, parent: tip.hash, time: now, found: found, spends: spends, now: now)
    blocks.append(block)
    return changes
  }

  @discardableResult
  mutating func disconnect() throws -> [TransferChange] {
    let changes = try tracker.disconnect(tip, newTip: blocks[blocks.count - 2])
    blocks.removeLast()
    return changes
  }

  @discardableResult
  mutating func look(_ look: MempoolLook) -> [TransferChange] {
    clock += 10
    return tracker.look(look, now: now)
  }

  func state(_ label: String, _ vout: UInt32 = 0) throws -> TransferState? {
    tracker.transfer(try transferID(label, vout))?.state
  }

  func block(_ label: String) throws -> BlockRef {
    try #require(blocks.first { $0.hash == hash(label) })
  }
}

/// The states' words in the order of the steps.
func words(_ changes: [TransferChange]) -> [String] { changes.map(\.after.state.name) }
