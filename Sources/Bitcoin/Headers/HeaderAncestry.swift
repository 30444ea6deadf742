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
  /// The height of the first header in `headers`.
  package let firstHeight: UInt32
  package private(set) var headers: [AncestorHeader]
  package private(set) var parent: BlockRef

  /// A window with one header in it.
  package init(_ header: BlockHeader, at height: UInt32) {
    firstHeight = height
    headers = [AncestorHeader(header)]
    parent = BlockRef(height: height, hash: header.hash)
  }

  /// A window of ancestors without hashes, the last of which is `parent`.
  package init(_ headers: [AncestorHeader], parent: BlockRef) {
    precondition(headers.count <= Int(parent.height) + 1, "no header stands before the genesis")
    firstHeight = parent.height + 1 - UInt32(headers.count)
    self.headers = headers
    self.parent = parent
  }

  /// Appends a header that was checked on this window.
  package mutating func append(_ header: BlockHeader, hash: Hash32) {
    headers.append(AncestorHeader(header))
    parent = BlockRef(height: parent.height + 1, hash: hash)
  }

  package func ancestor(at height: UInt32) -> AncestorHeader? {
    guard height >= firstHeight, height <= parent.height else { return nil }
    return headers[Int(height - firstHeight)]
  }
}
