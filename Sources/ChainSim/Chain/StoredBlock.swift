package import Bitcoin
package import Bytes
package import ChainTypes

/// A block and what follows from its place in the tree. It never changes, so that copies of a node
/// share it.
package final class StoredBlock: Sendable {
  package let header: BlockHeader
  package let transactions: [KnownTransaction]
  package let hash: Hash32
  package let height: UInt32
  /// The work of this block and all before it.
  package let chainWork: UInt256
  /// Median time of the last eleven headers, this one included; seconds since 1970.
  package let medianTime: UInt32

  init(
    header: BlockHeader, transactions: [KnownTransaction], hash: Hash32, height: UInt32,
    chainWork: UInt256, medianTime: UInt32
  ) {
    self.header = header
    self.transactions = transactions
    self.hash = hash
    self.height = height
    self.chainWork = chainWork
    self.medianTime = medianTime
  }

  package var ref: BlockRef { BlockRef(height: height, hash: hash) }

  package var block: Block {
    Block(header: header, transactions: transactions.map(\.transaction))
  }

  /// The wire form (BIP-0144).
  package var bytes: [UInt8] { block.bytes }
}
