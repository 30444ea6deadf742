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
  ///
  /// - Parameter proving: whether each transaction with a watched output gets the proof that it
  ///   stands in the block; not where the block was `alreadyVerified`, which builds no tree
  package static func scan<Watching: OutputWatching>(
    _ block: RawSpan, expecting hash: Hash32?, network: BitcoinNetwork,
    verification: BlockVerification = .full, proving: Bool = false,
    watching: borrowing Watching
  ) throws(BlockError) -> ScannedBlock {
    var verifier = try BlockVerifier(
      block, expecting: hash, network: network, verification: verification)
    var matches: [MatchedTransaction] = []
    // Where a match that gets a proof stands among them, and in the block's bytes.
    var proved: [(place: Int, shape: TransactionShape)] = []
    do {
      var reader = WireReader(block)
      try reader.skip(80)
      let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumTransactionSize)
      var outputs: [MatchedOutput] = []
      for index in 0..<count {
        let shape = try TransactionWalk.walk(&reader, watching: watching, outputs: &outputs)
        let isProved = proving && !outputs.isEmpty
        let ids = verifier.add(shape, of: block, isProved: isProved)
        guard shape.spendsWatched || !outputs.isEmpty else { continue }
        if isProved { proved.append((matches.count, shape)) }
        matches.append(try shape.match(in: block, ids: ids, index: index, outputs: outputs))
        outputs = []
      }
      try reader.expectEnd()
    } catch {
      throw .decoding(error)
    }
    try verifier.finish()
    if !proved.isEmpty {
      let proofs = verifier.proofs(of: proved.map(\.shape), in: block)
      for ((place, _), proof) in zip(proved, proofs) { matches[place].proof = proof }
    }
    return verifier.scannedBlock(matches: matches)
  }
}
