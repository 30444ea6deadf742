package import Bytes

/// A whole block: its header and its transactions, the coinbase first.
///
/// This is the plain decoder and the builder. It checks the form of what it reads and nothing
/// more: `BlockScanner` verifies blocks, and `verify` does the same here, slowly.
package struct Block: Hashable, Sendable {
  package var header: BlockHeader
  package var transactions: [Transaction]

  package init(header: BlockHeader, transactions: [Transaction]) {
    self.header = header
    self.transactions = transactions
  }

  /// From a header, a CompactSize and that many transactions, with nothing after them.
  package init(bytes: RawSpan) throws(BitcoinDecodingError) {
    var reader = WireReader(bytes)
    header = try BlockHeader(reading: &reader)
    let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumTransactionSize)
    transactions = []
    transactions.reserveCapacity(count)
    for _ in 0..<count {
      transactions.append(try Transaction(reading: &reader))
    }
    try reader.expectEnd()
  }

  package init(bytes: [UInt8]) throws(BitcoinDecodingError) {
    try self.init(bytes: bytes.span.bytes)
  }

  /// In internal byte order.
  package var hash: Hash32 { header.hash }

  package var bytes: [UInt8] {
    var bytes = header.bytes
    bytes.append(compactSize: transactions.count)
    for transaction in transactions { bytes += transaction.bytes }
    return bytes
  }

  /// Three times the size without witnesses plus the whole size, in bytes (BIP-0141).
  package var weight: Int {
    let frame = BlockHeader.byteCount + CompactSize.byteCount(transactions.count)
    return transactions.reduce(4 * frame) { $0 + $1.weight }
  }
}
