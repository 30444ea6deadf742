package import Bytes
package import ChainTypes

/// Why a chain can't follow a branch, or can't begin with the links given.
package enum HeaderChainError: Error, Equatable {
  case empty
  /// The link isn't the child of the one before it.
  case doesNotLink(ChainLink, after: BlockRef)
  /// The branch begins above a block that isn't in the chain, though one of that height is: its
  /// links don't go back far enough.
  case doesNotAttach(ChainLink)
  /// The branch leaves the chain below the lowest block that is still known: a reorg too deep to be
  /// followed.
  case beyondWindow(ChainLink, lowest: BlockRef)
  /// The branch has no more work than the chain has above their common ancestor.
  case notMoreWork(branch: UInt256, present: UInt256)
  /// The accumulated work doesn't fit 256 bits.
  case workOverflow(ChainLink)
}
