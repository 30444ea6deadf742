internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Ethereum

// What a proved block means.
extension EthereumWatcher {
  /// The block's transfers to watched addresses, with their requirements. The tracker takes back
  /// what the store knows of them.
  ///
  /// - Returns: also the reading, which proves them and says whether anybody has looked for what
  ///   calls moved
  func transfers(
    in block: EthereumBlockSource.ProvedBlock, _ tracker: inout TransferTracker
  ) async throws -> (found: [FoundTransfer], reading: EthereumBlockReader.Reading) {
    let reading = try await EthereumBlockReader(pool: pool, settings: settings)
      .read(block, watching: standing.watched)
    try wait(for: reading.inner, of: block.proof.hash)
    let unknown = reading.transfers.map(\.id).filter { !tracker.knows($0) }
    if !unknown.isEmpty { tracker.adopt(try await standing.store.stored(unknown)) }
    return (try await standing.store.found(reading.transfers, on: settings.spec), reading)
  }

  /// Throws for as long as a block's traces, or the proofs of what they say, are worth waiting for.
  private func wait(
    for inner: EthereumBlockReader.Inner, of block: Hash32
  ) throws(InnerUnknown) {
    let (now, seconds) = (standing.time.now, settings.tracePatienceSeconds)
    switch inner {
    case .judged, .untold: break
    case .awaitsTraces:
      guard !tracePatience.lasts(for: block, at: now, seconds: seconds) else { throw .traces }
    case .awaitsProofs:
      guard !proofPatience.lasts(for: block, at: now, seconds: seconds) else { throw .proofs }
    }
  }
}

/// Nodes may give more of a block than they do now, and what moved inside it isn't known.
enum InnerUnknown: Error, CustomStringConvertible {
  case traces, proofs

  var description: String {
    switch self {
    case .traces: "nodes tell too little of its calls"
    case .proofs: "no node proves what its calls moved"
    }
  }
}
