package import Bytes
package import ChainTypes

/// Verifies a block's bytes and finds what is watched in them, in one pass.
///
/// Nothing is allocated for a transaction that doesn't match. `Block.verified` does the same
/// slowly, and refuses the same bytes with the same errors; but that a transaction spends no
/// outpoint twice (CVE-2018-17144) is looked at here in those that match.
package enum BlockScanner {
  /// Scans `block`, its header and transactions as they stand on the wire.
  ///
  /// `hash` is the hash that was asked for (internal byte order), nil where any will do. What the
  /// block's place in the chain demands of it (its parent, its target, its time) is `HeaderRules`'
  /// part.
  package static func scan<Watching: OutputWatching>(
    _ block: RawSpan, expecting hash: Hash32?, network: BitcoinNetwork,
    verification: BlockVerification = .full, watching: borrowing Watching
  ) throws(BlockError) -> ScannedBlock {
    var verifier = try BlockVerifier(
      block, expecting: hash, network: network, verification: verification)
    var matches: [MatchedTransaction] = []
    do {
      var reader = WireReader(block)
      try reader.skip(80)
      let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumTransactionSize)
      var outputs: [MatchedOutput] = []
      for index in 0..<count {
        let shape = try TransactionWalk.walk(&reader, watching: watching, outputs: &outputs)
        let ids = verifier.add(shape, of: block)
        guard shape.spendsWatched || !outputs.isEmpty else { continue }
        matches.append(try shape.match(in: block, ids: ids, index: index, outputs: outputs))
        outputs = []
      }
      try reader.expectEnd()
    } catch {
      throw .decoding(error)
    }
    try verifier.finish()
    return verifier.scannedBlock(matches: matches)
  }
}
