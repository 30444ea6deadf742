package import Bytes

/// What a scan found in a block.
package struct ScannedBlock: Hashable, Sendable {
  package let header: BlockHeader
  /// Internal byte order.
  package let hash: Hash32
  package let transactionCount: Int
  package let byteCount: Int
  /// In block order.
  package let matches: [MatchedTransaction]

  package init(
    header: BlockHeader, hash: Hash32, transactionCount: Int, byteCount: Int,
    matches: [MatchedTransaction]
  ) {
    self.header = header
    self.hash = hash
    self.transactionCount = transactionCount
    self.byteCount = byteCount
    self.matches = matches
  }
}
