internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

/// The hashes of blocks below those whose headers the store keeps: walked down from a block it
/// knows, from parent to parent, so that no node can slip in another.
struct HeaderWalk {
  /// Those that are wanted.
  let heights: ClosedRange<UInt32>
  /// How many headers one batch asks for.
  let batchSize: UInt32

  /// The blocks of `heights`, lowest first, where `known` stands above the highest of them. Holds
  /// 72 bytes for each.
  ///
  /// - Parameter batch: the blocks of a range of heights, lowest first, each the parent of the
  ///   next, the last of them with the hash
  nonisolated(nonsending) func steps(
    below known: ChainLink,
    _ batch: (Range<UInt32>, _ last: Hash32) async throws(NodePoolError) -> [RescanStep]
  ) async throws(RescanError) -> [RescanStep] {
    var steps: [RescanStep] = []
    var above = known.ref
    var expected = known.parent
    while above.height > heights.lowerBound {
      let top = above.height
      let low = max(heights.lowerBound, top - min(top, batchSize))
      let found: [RescanStep]
      do throws(NodePoolError) {
        found = try await batch(low..<top, expected)
      } catch {
        throw .noHeaders(from: low, to: above, error)
      }
      steps += found.reversed().filter { heights.contains($0.ref.height) }
      guard let lowest = found.first else { break }
      above = lowest.ref
      expected = lowest.parent
    }
    return steps.reversed()
  }
}
