internal import Bytes
package import ChainTracking
package import ChainTypes

/// What comparing a range of blocks with the recorded transfers has brought.
package struct RescanFindings: Sendable {
  package let chain: ChainName
  package let fromHeight: UInt32
  package let through: BlockRef
  /// How many blocks there are to read: all between, or those that logs led to.
  package let stepCount: Int
  /// Blocks verified so far.
  package private(set) var blockCount = 0
  package private(set) var transactionCount = 0
  package private(set) var byteCount = 0
  /// Transfers to watched addresses in them.
  package private(set) var transferCount = 0
  /// Those that aren't recorded where they stand, in the chain's order.
  package internal(set) var missing: [MissingTransfer] = []
  /// Recorded in one of these blocks, which doesn't hold it.
  package internal(set) var surplus: [TrackedTransfer] = []
  /// Blocks that no node tells the calls of: ether that these moved isn't compared.
  package private(set) var untracedCount = 0
  /// Blocks of whose calls nodes may tell or prove more later: another rescan is needed.
  package private(set) var pendingCount = 0
  /// Of transactions that are recorded where they stand, but without a proof: no difference.
  package internal(set) var unproved: [TransferProof] = []
  /// Whether further proofs were left out, once those kept had `proofByteLimit` bytes: another
  /// rescan brings them.
  package private(set) var leavesProofsOut = false
  private let proofByteLimit: Int
  private var proofBytes = 0

  init(
    chain: ChainName, fromHeight: UInt32, through: BlockRef, stepCount: Int, proofByteLimit: Int
  ) {
    self.chain = chain
    self.fromHeight = fromHeight
    self.through = through
    self.stepCount = stepCount
    self.proofByteLimit = proofByteLimit
  }

  mutating func count(_ block: RescanBlock) {
    blockCount += 1
    transactionCount += block.transactionCount
    byteCount += block.byteCount
    transferCount += block.transfers.count
    if block.mayShowMore { pendingCount += 1 }
    if !block.isWhole, !block.mayShowMore { untracedCount += 1 }
  }

  /// The proof, while there is room for it.
  mutating func kept(_ proof: TransferProof?) -> TransferProof? {
    guard let proof else { return nil }
    guard proofBytes < proofByteLimit else {
      leavesProofsOut = true
      return nil
    }
    proofBytes += proof.byteCount
    return proof
  }
}

/// A transfer that a verified block holds and the store doesn't have there.
package struct MissingTransfer: Sendable {
  package let transfer: FoundTransfer
  package let block: BlockRef
  /// The block's parent and the time in its header.
  let parent: Hash32
  let time: Timestamp
  let proof: TransferProof?
  /// What the store has of it: outside blocks, or in another one; nil where it has nothing.
  package let recorded: TrackedTransfer?
  /// Whether what is recorded in the same block contradicts it: what calls brought to its address
  /// stands there under other paths, as nodes number calls differently, and would count twice.
  let isContradicted: Bool

  /// Whether recording it is a step of its machine. One that is recorded in another block of the
  /// active chain contradicts the store: that is no gap to fill.
  package var isRecordable: Bool { recorded.map { canFollow($0.state) } ?? !isContradicted }

  /// Whether what the block makes of it can follow upon `state`.
  func canFollow(_ state: TransferState) -> Bool {
    guard !isContradicted else { return false }
    return switch transfer.effect {
    case .moved: state.canBecome(.included(block))
    case .failed: state.canBecome(.failed)
    case .quarantined(let reason): state.canBecome(.quarantined(reason))
    }
  }
}
