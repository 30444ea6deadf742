package import Bitcoin
package import Bytes

/// A transaction with its hashes worked out once.
package struct KnownTransaction: Hashable, Sendable {
  package let transaction: Transaction
  /// Internal byte order, like `wtxid`.
  package let txid: Hash32
  package let wtxid: Hash32
  /// In virtual bytes.
  package let vsize: Int

  package init(_ transaction: Transaction) {
    self.transaction = transaction
    txid = transaction.txid
    wtxid = transaction.wtxid
    vsize = transaction.vsize
  }

  package static func == (a: KnownTransaction, b: KnownTransaction) -> Bool { a.wtxid == b.wtxid }

  package func hash(into hasher: inout Hasher) { hasher.combine(wtxid) }
}
