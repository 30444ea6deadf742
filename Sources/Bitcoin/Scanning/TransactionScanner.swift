package import Bytes
internal import ChainTypes

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
    guard transaction.byteCount <= Int(UInt32.max) else {
      throw .transactionTooLarge(byteCount: transaction.byteCount, offset: 0)
    }
    var reader = WireReader(transaction)
    var walk = TransactionWalk(notingOutpoints: watching.watchesInputs)
    try walk.walk(&reader)
    let shape = walk.shapes[0]
    let txid = shape.txid(in: transaction)
    let watched = watching.scripts
    var lookUps = watched.beginLookUps()
    watched.lookUp(walk.scripts.span, from: 0, in: transaction, &lookUps)
    let outputs = watched.places(walk.scripts.span, in: transaction, &lookUps)
    let isSpender = walk.isWatched(spentBy: shape, in: transaction, by: watching)
    var match: MatchedTransaction?
    if isSpender || !outputs.isEmpty {
      let ids = TransactionIDs(txid: txid, wtxid: shape.wtxid(in: transaction, txid: txid))
      match = try shape.match(
        in: transaction, ids: ids, index: 0, outputs: outputs[...], scripts: walk.scripts)
    }
    try reader.expectEnd()
    return (txid, match)
  }
}
