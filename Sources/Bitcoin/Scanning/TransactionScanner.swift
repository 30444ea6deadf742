internal import Bytes

/// Looks at one transaction that stands in no block, such as one from a node's mempool.
///
/// Form and context-free rules are checked; that its inputs exist and its scripts hold is what the
/// node says.
package enum TransactionScanner {
  /// The transaction's wire form, with nothing after it, or nil where nothing in it is watched.
  package static func scan<Watching: OutputWatching>(
    _ transaction: RawSpan, watching: borrowing Watching
  ) throws(BitcoinDecodingError) -> MatchedTransaction? {
    var reader = WireReader(transaction)
    var outputs: [MatchedOutput] = []
    let shape = try TransactionWalk.walk(&reader, watching: watching, outputs: &outputs)
    let isMatch = shape.spendsWatched || !outputs.isEmpty
    let match =
      isMatch ? try shape.match(in: transaction, ids: nil, index: 0, outputs: outputs) : nil
    try reader.expectEnd()
    return match
  }
}
