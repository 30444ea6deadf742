internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

/// The hashes of blocks below those whose headers the store keeps: walked down from a block it
/// knows, from parent to parent, so that no node can slip in another.
struct HeaderWalk {
  let pool: NodePool
  /// How many headers one batch asks for.
  private static let batchSize: UInt32 = 2_000

  /// The blocks of `heights`, lowest first, where `known` stands above the highest of them. Holds
  /// 72 bytes for each.
  func steps(
    in heights: ClosedRange<UInt32>, below known: ChainLink
  ) async throws(RescanError) -> [RescanStep] {
    var steps: [RescanStep] = []
    var above = known.ref
    var expected = known.parent
    while above.height > heights.lowerBound {
      let top = above.height
      let low = max(heights.lowerBound, top - min(top, Self.batchSize))
      let batch = try await batch(low..<top, endingIn: expected, below: above)
      steps += batch.reversed().filter { heights.contains($0.ref.height) }
      guard let lowest = batch.first else { break }
      above = lowest.ref
      expected = lowest.parent
    }
    return steps.reversed()
  }

  /// One batch, lowest first, whose last block must be `hash`.
  private func batch(
    _ heights: Range<UInt32>, endingIn hash: Hash32, below known: BlockRef
  ) async throws(RescanError) -> [RescanStep] {
    do throws(NodePoolError) {
      return try await pool.serve { (node) async throws(NodeError) -> [RescanStep] in
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
    } catch {
      throw .noHeaders(from: heights.lowerBound, to: known, error)
    }
  }
}
