internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

// Which blocks are read: those that the store's headers and coverage say were scanned.
extension ChainRescan {
  /// The store's chain must be the one that a quorum of nodes has.
  func checkAgreement(on tip: BlockRef) async throws(RescanError) {
    _ = await reader.pool.connect()
    let voters = await reader.pool.votes(on: tip).having.count
    guard voters >= reader.pool.quorum else {
      throw .tipNotAgreed(tip, by: voters, quorum: reader.pool.quorum)
    }
  }

  /// The blocks of `heights`, lowest first: from the store's headers, and below the lowest of them
  /// from a node's, which must lead there. Checked against the coverage.
  func steps(
    in heights: ClosedRange<UInt32>, of record: ChainRecord
  ) async throws -> [RescanStep] {
    guard let lowest = record.links.first, record.links.last?.ref == record.cursor.tip else {
      throw RescanError.storeContradictsItself(record.cursor.tip)
    }
    for (link, next) in zip(record.links, record.links.dropFirst())
    where next.parent != link.ref.hash || next.ref.height != link.ref.height + 1 {
      throw RescanError.storeContradictsItself(next.ref)
    }
    var steps: [RescanStep] = []
    if heights.lowerBound < lowest.ref.height {
      let below = heights.lowerBound...min(heights.upperBound, lowest.ref.height - 1)
      steps = try await reader.steps(in: below, below: lowest)
    }
    steps += record.links.filter { heights.contains($0.ref.height) }
      .map { RescanStep(ref: $0.ref, parent: $0.parent) }
    var covered: [UInt32: Hash32] = [:]
    for range in try await store.coverage(of: chain) {
      covered[range.throughHeight] = range.throughHash
    }
    for step in steps {
      if let hash = covered[step.ref.height], hash != step.ref.hash {
        throw RescanError.storeContradictsItself(step.ref)
      }
    }
    return steps
  }
}

extension ChainRecord {
  /// Whether `block` stands in the active chain; what lies below the headers that are kept does.
  func holds(_ block: BlockRef) -> Bool {
    guard let lowest = links.first else { return false }
    guard block.height >= lowest.ref.height else { return true }
    let place = Int(block.height - lowest.ref.height)
    return links.indices.contains(place) && links[place].ref == block
  }
}
