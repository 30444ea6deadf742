package import Bytes
package import ChainTypes

/// What a chain can't do, told by a node all the same. The tracker is as it was before.
package enum TrackingError: Error, Equatable {
  /// The block isn't the child of the tip.
  case doesNotLink(BlockRef, parent: Hash32, tip: BlockRef)
  /// Only the tip can be disconnected.
  case notTheTip(BlockRef, tip: BlockRef?)
  /// The new tip isn't one below the disconnected block.
  case notTheParent(BlockRef, of: BlockRef)
  /// One block shows the same transfer twice.
  case foundTwice(TransferID, in: BlockRef)
  /// The transfer stands in a block of the active chain already.
  case includedTwice(TransferID, in: BlockRef, again: BlockRef)
  /// Two transactions of the active chain spend the same output.
  case spentTwice(Outpoint, by: Hash32, and: Hash32)
}
