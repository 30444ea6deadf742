package import Bytes
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

/// A run of consecutive headers in memory.
package struct HeaderWindow: HeaderAncestry, Sendable {
  /// Oldest first; the last is `parent`.
  package private(set) var headers: [AncestorHeader]
  package private(set) var parent: BlockRef

  /// A window with one header in it.
  package init(_ header: BlockHeader, at height: UInt32) {
    self.init([AncestorHeader(header)], parent: BlockRef(height: height, hash: header.hash))
  }

  /// Consecutive headers, the last of which is `parent`; none where only the parent's hash is
  /// known.
  package init(_ headers: [AncestorHeader], parent: BlockRef) {
    precondition(
      UInt64(headers.count) <= UInt64(parent.height) + 1, "no header stands before the genesis")
    self.headers = headers
    self.parent = parent
  }

  /// Appends a header that was checked on this window, and so has a height.
  package mutating func append(_ header: BlockHeader, hash: Hash32) {
    headers.append(AncestorHeader(header))
    parent = BlockRef(height: parent.height + 1, hash: hash)
  }

  package func ancestor(at height: UInt32) -> AncestorHeader? {
    guard height <= parent.height, Int(parent.height - height) < headers.count else { return nil }
    return headers[headers.count - 1 - Int(parent.height - height)]
  }
}
