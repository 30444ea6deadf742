internal import Bitcoin
internal import Bytes
package import ChainTracking
package import ChainTypes
package import NodeRPC

/// Reads Bitcoin blocks for a rescan.
package struct BitcoinRescanReader: RescanReader {
  let settings: WatcherSettings
  package let pool: NodePool
  /// How many headers one batch asks for.
  private static let batchSize: UInt32 = 2_000

  package init(settings: WatcherSettings, pool: NodePool) {
    self.settings = settings
    self.pool = pool
  }

  package var spec: ChainSpec { settings.spec }
  package var width: Int { settings.fetchWidth }
  package var proofByteLimit: Int { settings.proofBytesPerCommit }

  package func steps(
    in heights: ClosedRange<UInt32>, below known: ChainLink
  ) async throws(RescanError) -> [RescanStep] {
    try await HeaderWalk(heights: heights, batchSize: Self.batchSize).steps(below: known) {
      (heights, hash) async throws(NodePoolError) in
      try await batch(heights, endingIn: hash)
    }
  }

  /// One batch, lowest first, whose last block must be `hash`.
  private func batch(
    _ heights: Range<UInt32>, endingIn hash: Hash32
  ) async throws(NodePoolError) -> [RescanStep] {
    try await pool.serve { (node) async throws(NodeError) -> [RescanStep] in
      let hashes = try await node.blockHashes(heights)
      var steps: [RescanStep] = []
      for (place, bytes) in try await node.rawHeaders(hashes).enumerated() {
        guard let bytes, let header = try? BlockHeader(bytes: bytes.span.bytes),
          steps.last.map({ $0.ref.hash == header.previousBlockHash }) ?? true
        else { throw .unknownBlock(hashes[place]) }
        let ref = BlockRef(height: heights.lowerBound + UInt32(place), hash: header.hash)
        steps.append(RescanStep(ref: ref, parent: header.previousBlockHash))
      }
      guard steps.count == heights.count, steps.last?.ref.hash == hash else {
        throw .unknownBlock(hash)
      }
      return steps
    }.value
  }

  package func read(
    _ steps: [RescanStep], watching watched: WatchSet
  ) async throws(RescanError) -> [RescanBlock] {
    let source = BlockSource(pool: pool, settings: settings)
    var blocks: [RescanBlock] = []
    for (step, answer) in zip(steps, await source.fetch(steps.map(\.ref))) {
      let block: ScannedBlock
      do throws(BlockUnavailable) {
        block = try await source.scan(
          step.ref, from: answer, watching: WatchedOutputs(scripts: watched))
      } catch {
        throw .block(error)
      }
      guard block.header.previousBlockHash == step.parent else {
        throw .storeContradictsItself(step.ref)
      }
      var read = RescanBlock(
        step: step, time: Timestamp(seconds: Int64(block.header.time)),
        transactionCount: block.transactionCount, byteCount: block.byteCount,
        transfers: block.matches.flatMap {
          ScannedTransfer.outputs(of: $0, on: spec.name, watching: watched)
        })
      for match in block.matches {
        read.proofs[match.txid] = TransferProof(match, in: step.ref, header: block.header)
      }
      blocks.append(read)
    }
    return blocks
  }
}
