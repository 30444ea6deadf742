import Bitcoin
import Bytes
import ChainTypes

/// A run of consecutive headers in memory.
struct HeaderWindow: HeaderAncestry, Sendable {
  /// Oldest first; the last is `parent`.
  private(set) var headers: [AncestorHeader]
  private(set) var parent: BlockRef

  /// A window with one header in it.
  init(_ header: BlockHeader, at height: UInt32) {
    self.init([AncestorHeader(header)], parent: BlockRef(height: height, hash: header.hash))
  }

  /// Consecutive headers, the last of which is `parent`; none where only the parent's hash is
  /// known.
  init(_ headers: [AncestorHeader], parent: BlockRef) {
    precondition(
      UInt64(headers.count) <= UInt64(parent.height) + 1, "no header stands before the genesis")
    self.headers = headers
    self.parent = parent
  }

  /// Appends a header that was checked on this window, and so has a height.
  mutating func append(_ header: BlockHeader, hash: Hash32) {
    headers.append(AncestorHeader(header))
    parent = BlockRef(height: parent.height + 1, hash: hash)
  }

  func ancestor(at height: UInt32) -> AncestorHeader? {
    guard height <= parent.height, Int(parent.height - height) < headers.count else { return nil }
    return headers[headers.count - 1 - Int(parent.height - height)]
  }
}
