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
    let lowest = try record.lowestLink()
    var steps: [RescanStep] = []
    if heights.lowerBound < lowest.ref.height {
      let below = heights.lowerBound...min(heights.upperBound, lowest.ref.height - 1)
      steps = try await reader.steps(in: below, below: lowest)
    }
    steps += record.links.filter { heights.contains($0.ref.height) }
      .map { RescanStep(ref: $0.ref, parent: $0.parent) }
    return try await checked(steps)
  }

  /// The same blocks, where none of them contradicts the coverage.
  func checked(_ steps: [RescanStep]) async throws -> [RescanStep] {
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
  /// The lowest of the headers that the store keeps, where they lead to the cursor's tip.
  func lowestLink() throws(RescanError) -> ChainLink {
    guard let lowest = links.first, links.last?.ref == cursor.tip else {
      throw .storeContradictsItself(cursor.tip)
    }
    for (link, next) in zip(links, links.dropFirst())
    where next.parent != link.ref.hash || next.ref.height != link.ref.height + 1 {
      throw .storeContradictsItself(next.ref)
    }
    return lowest
  }

  /// Whether `block` stands in the active chain; what lies below the headers that are kept does.
  func holds(_ block: BlockRef) -> Bool {
    guard let lowest = links.first else { return false }
    guard block.height >= lowest.ref.height else { return true }
    let place = Int(block.height - lowest.ref.height)
    return links.indices.contains(place) && links[place].ref == block
  }
}
