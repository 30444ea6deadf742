package import Bytes
package import ChainTypes

/// Blocks that a watcher has scanned, from one height through another, linked by their hashes.
package struct CoverageRange: Hashable, Sendable {
  package let fromHeight: UInt32
  /// The parent of the block at `fromHeight`.
  package let fromParentHash: Hash32
  package let throughHeight: UInt32
  /// Of the block at `throughHeight`.
  package let throughHash: Hash32
  /// Every block of the range was scanned for all address ordinals up to this one at least; nil
  /// where that isn't known.
  package let addressesThrough: UInt64?

  package init(
    fromHeight: UInt32, fromParentHash: Hash32, throughHeight: UInt32, throughHash: Hash32,
    addressesThrough: UInt64?
  ) {
    self.fromHeight = fromHeight
    self.fromParentHash = fromParentHash
    self.throughHeight = throughHeight
    self.throughHash = throughHash
    self.addressesThrough = addressesThrough
  }

  /// One block.
  package init(_ block: BlockRef, parent: Hash32, addressesThrough: UInt64?) {
    self.init(
      fromHeight: block.height, fromParentHash: parent, throughHeight: block.height,
      throughHash: block.hash, addressesThrough: addressesThrough)
  }

  package var through: BlockRef { BlockRef(height: throughHeight, hash: throughHash) }

  /// Whether `next` begins with the child of this range's last block.
  package func links(to next: CoverageRange) -> Bool {
    // `throughHeight` is below `next.fromHeight` then, so the sum doesn't overflow.
    next.fromHeight > throughHeight && next.fromHeight == throughHeight + 1
      && next.fromParentHash == throughHash
  }

  /// This range up to `end`, its new last block.
  func ending(at end: BlockRef, addressesThrough: UInt64?) -> CoverageRange {
    CoverageRange(
      fromHeight: fromHeight, fromParentHash: fromParentHash, throughHeight: end.height,
      throughHash: end.hash, addressesThrough: addressesThrough)
  }
}
