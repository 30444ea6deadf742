package import ChainTypes

/// The part of an ancestor's header that later headers' rules look at.
package struct AncestorHeader: Hashable, Sendable {
  /// Seconds since 1970.
  package let time: UInt32
  /// The target in compact form (nBits).
  package let bits: UInt32

  package init(time: UInt32, bits: UInt32) {
    self.time = time
    self.bits = bits
  }

  package init(_ header: BlockHeader) { self.init(time: header.time, bits: header.bits) }
}

/// The branch of headers that a header is to be checked on.
package protocol HeaderAncestry {
  /// The last header of the branch: the parent of the one to be checked.
  var parent: BlockRef { get }

  /// The branch's header at `height`, which isn't above the parent's, or nil where it lies before
  /// what is known.
  func ancestor(at height: UInt32) -> AncestorHeader?
}
