package import Bytes
package import ChainTypes

/// A place where coverage isn't what it claims to be. Each is an alert.
package enum CoverageHole: Hashable, Sendable {
  /// No range covers these heights.
  case missing(fromHeight: UInt32, throughHeight: UInt32)
  /// The block at `height` claims another parent than the block that is covered below it.
  case brokenLink(height: UInt32, parent: Hash32, covered: Hash32)
  /// More than one range covers these heights.
  case overlapping(fromHeight: UInt32, throughHeight: UInt32)
  /// A range that ends before it begins.
  case inverted(fromHeight: UInt32, throughHeight: UInt32)
  /// Coverage ends with another block than the chain has at that height.
  case otherTip(BlockRef, expected: BlockRef)
}

/// Why a block or range can't be entered or taken back. The ledger is as it was before.
package enum CoverageError: Error, Equatable {
  /// The block isn't the child of the last one covered.
  case doesNotLink(BlockRef, parent: Hash32, last: BlockRef)
  /// Only the last block covered can be taken back.
  case notTheLast(BlockRef, last: BlockRef?)
  /// The new last block isn't the parent of the one taken back.
  case notTheParent(BlockRef, of: BlockRef)
  /// The range ends before it begins, covers what is covered, or doesn't link to its neighbours.
  case doesNotFit(CoverageHole)
}
