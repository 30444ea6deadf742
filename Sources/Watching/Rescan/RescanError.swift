package import ChainTracking
package import ChainTypes
package import NodeRPC

/// Why a range can't be rescanned.
package enum RescanError: Error, Equatable {
  /// The store has no such chain: its watcher never started.
  case unknownChain(ChainName)
  /// No block was scanned above `tip` yet: there is nothing to compare with.
  case aboveTip(UInt32, tip: BlockRef)
  case emptyRange(from: UInt32, through: UInt32)
  /// Fewer nodes than the quorum have the store's tip in their active chains.
  case tipNotAgreed(BlockRef, by: Int, quorum: Int)
  /// What the store has doesn't fit together at this block.
  case storeContradictsItself(BlockRef)
  /// No node gives the headers of these heights that lead to the block the store has.
  case noHeaders(from: UInt32, to: BlockRef, NodePoolError)
  /// Fewer nodes than the quorum tell the logs of these blocks.
  case noLogs(from: UInt32, to: BlockRef, NodePoolError)
  /// No quorum has a block at this height.
  case notAgreed(height: UInt32, NodePoolError)
  case block(BlockUnavailable)
  /// The same of an EVM chain's block.
  case unproved(BlockRef, NodePoolError)
  /// The blocks left the active chain while they were read: another rescan is needed.
  case reorganised(BlockRef)
  /// A block holds what can't be true beside what is recorded, such as an output's second spend.
  case contradiction(TrackingError)
  /// Other writers were faster, again and again.
  case keptStale(attempts: Int)
}
