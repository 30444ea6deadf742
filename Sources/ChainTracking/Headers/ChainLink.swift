package import Bytes
package import ChainTypes

/// A block as a link of its chain: all that choosing between branches needs.
package struct ChainLink: Hashable, Sendable {
  package let ref: BlockRef
  package let parent: Hash32
  /// The header's, in seconds since 1970.
  package let time: UInt32
  /// The header's target in compact form (nBits).
  package let bits: UInt32
  /// Of this block alone.
  package let work: UInt256

  package init(ref: BlockRef, parent: Hash32, time: UInt32, bits: UInt32, work: UInt256) {
    self.ref = ref
    self.parent = parent
    self.time = time
    self.bits = bits
    self.work = work
  }
}
