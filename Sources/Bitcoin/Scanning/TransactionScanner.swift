package import Bytes

/// Looks at one transaction that stands in no block, such as one from a node's mempool.
///
/// Form and context-free rules are checked; that its inputs exist and its scripts hold is what the
/// node says.
package enum TransactionScanner {
  /// Reads a transaction's wire form, with nothing after it: its txid, and the match that it is,
  /// nil where nothing in it is watched.
  package static func scan<Watching: OutputWatching>(
    _ transaction: RawSpan, watching: borrowing Watching
  ) throws(BitcoinDecodingError) -> (txid: Hash32, match: MatchedTransaction?) {
    var reader = WireReader(transaction)
    var outputs: [MatchedOutput] = []
    let shape = try TransactionWalk.walk(&reader, watching: watching, outputs: &outputs)
    let txid = shape.txid(in: transaction)
    var match: MatchedTransaction?
    if shape.spendsWatched || !outputs.isEmpty {
      let ids = TransactionIDs(txid: txid, wtxid: shape.wtxid(in: transaction, txid: txid))
      match = try shape.match(in: transaction, ids: ids, index: 0, outputs: outputs)
    }
    try reader.expectEnd()
    return (txid, match)
  }
}
