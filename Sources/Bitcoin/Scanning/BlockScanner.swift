package import Bytes
internal import CCacheLine
package import ChainTypes

/// Verifies a block's bytes and finds what is watched in them: walks them, looking outputs up on
/// the way, and then hashes.
///
/// Nothing is allocated for a single transaction that doesn't match. `Block.verified` does the same
/// slowly, and refuses the same bytes with the same errors; but that a transaction spends no
/// outpoint twice (CVE-2018-17144) is looked at here in those that match.
package enum BlockScanner {
  /// At least so many are looked up at a time.
  private static let scriptsAtOnce = 4
  /// So many bytes ahead of the walk, some transactions, its block is brought near.
  private static let prefetchDistance = 2_048

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
    var walk = TransactionWalk(notingOutpoints: watching.watchesInputs)
    let watched = watching.scripts
    var lookUps = watched.beginLookUps()
    let failure = Self.walk(block, &walk, watched, &lookUps)
    // What a block that can't be read hashes to doesn't matter.
    if failure == nil { verifier.begin(walk, in: block) }
    // Where nothing is hashed but what matches, the others aren't looked at once more.
    let looksAtAll = watching.watchesInputs || failure == nil && verification != .alreadyVerified
    var rest = watched.places(walk.scripts.span, in: block, &lookUps)[...]
    var matches: [MatchedTransaction] = []
    // Where a match that gets a proof stands among them, and in the block's bytes.
    var proved: [(place: Int, shape: TransactionShape)] = []
    var index = 0
    while index < walk.shapes.count, looksAtAll || !rest.isEmpty {
      defer { index += 1 }
      let shape = walk.shapes[index]
      var outputs = rest[..<rest.startIndex]
      if let next = rest.first, next < shape.outputs.upperBound {
        outputs = rest.prefix { $0 < shape.outputs.upperBound }
        rest = rest[outputs.endIndex...]
      }
      guard looksAtAll || !outputs.isEmpty else { continue }
      let isProved = proving && !outputs.isEmpty
      let ids = failure == nil ? verifier.hash(shape, in: block, isProved: isProved) : nil
      let isSpender = walk.isWatched(spentBy: shape, in: block, by: watching)
      guard isSpender || !outputs.isEmpty else { continue }
      if isProved { proved.append((matches.count, shape)) }
      do {
        matches.append(
          try shape.match(
            in: block, ids: ids, index: index, outputs: outputs, scripts: walk.scripts))
      } catch {
        throw .decoding(error)
      }
    }
    if let failure { throw .decoding(failure) }
    try verifier.finish()
    if !proved.isEmpty {
      let proofs = verifier.proofs(of: proved.map(\.shape), in: block)
      for ((place, _), proof) in zip(proved, proofs) { matches[place].proof = proof }
    }
    return verifier.scannedBlock(matches: matches)
  }

  /// Walks all transactions, or as far as they can be read; why not further. What stands before the
  /// place may hold an error of its own, which comes first.
  ///
  /// Begins to look up what it has come by after each few transactions: memory is slow to answer
  /// many questions at once.
  private static func walk<Scripts: ScriptSet>(
    _ block: RawSpan, _ walk: inout TransactionWalk, _ watched: borrowing Scripts,
    _ lookUps: inout Scripts.LookUps
  ) -> BitcoinDecodingError? {
    var first = 0
    defer { watched.lookUp(walk.scripts.span, from: first, in: block, &lookUps) }
    do {
      var reader = WireReader(block)
      try reader.skip(80)
      let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumTransactionSize)
      walk.reserve(transactions: count, bytes: block.byteCount)
      var asked = 0
      for _ in 0..<count {
        asked = prefetch(
          block, from: asked, to: min(block.byteCount, reader.offset &+ prefetchDistance))
        try walk.walk(&reader)
        if walk.scripts.count &- first >= scriptsAtOnce {
          watched.lookUp(walk.scripts.span, from: first, in: block, &lookUps)
          first = walk.scripts.count
        }
      }
      try reader.expectEnd()
      return nil
    } catch {
      return error
    }
  }

  /// Brings the block's next lines nearer: a walk steps over scripts, which doesn't look to the
  /// processor like going through memory. Gives where to go on.
  @inline(__always)
  private static func prefetch(_ block: RawSpan, from start: Int, to end: Int) -> Int {
    var offset = start
    block.withUnsafeBytes { bytes in
      guard let first = bytes.baseAddress else { return }
      while offset < end {
        cache_line_prefetch(first + offset)
        offset &+= 64
      }
    }
    return offset
  }
}
