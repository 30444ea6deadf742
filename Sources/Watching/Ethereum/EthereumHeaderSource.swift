internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Ethereum
internal import NodeRPC

/// Headers from the nodes of a pool: where watching begins, and what leads to an agreed head.
struct EthereumHeaderSource: Sendable {
  let pool: EthereumPool
  let settings: EthereumWatcherSettings

  /// The active chain's block at `height`, which a quorum has, behind what lies below it: a reorg
  /// can leave the chain there, too.
  func anchor(at height: UInt32) async throws(NodePoolError) -> [ChainLink] {
    try await pool.serve { (node, place) async throws(NodeError) -> [ChainLink] in
      let anchor = try await agreed(at: height, by: node, place)
      return await links(below: anchor, from: node) + [anchor]
    }.value
  }

  /// The active chain's block at `height`, which a quorum has.
  func block(at height: UInt32) async throws(NodePoolError) -> ChainLink {
    try await pool.serve { (node, place) async throws(NodeError) -> ChainLink in
      try await agreed(at: height, by: node, place)
    }.value
  }

  private func agreed(
    at height: UInt32, by node: EthereumNode, _ place: Int
  ) async throws(NodeError) -> ChainLink {
    guard let header = try await node.header(at: height) else { throw .heightOutOfRange(height) }
    guard await pool.agrees(on: header.ref) else {
      throw .unusable("no quorum has its \(header.ref.text(.ethereum))")
    }
    return try proved(
      EthereumBranch.link(header, profile: settings.network.profile), from: place)
  }

  /// As many as the settings say, and as the node gives, lowest first. They hang from the anchor's
  /// hash. Watching begins without those that are missing, or of a form that isn't known.
  private func links(below anchor: ChainLink, from node: EthereumNode) async -> [ChainLink] {
    let count = min(
      anchor.ref.height, UInt32(clamping: min(settings.headersBelowStart, settings.window)))
    let heights = Array(anchor.ref.height - count..<anchor.ref.height)
    guard let headers = try? await node.headers(heights) else { return [] }
    var links: [ChainLink] = []
    for header in headers.reversed() {
      guard let header, header.hash == (links.last ?? anchor).parent,
        case .success(let link)? = try? EthereumBranch.link(
          header, profile: settings.network.profile)
      else { break }
      links.append(link)
    }
    return links.reversed()
  }

  /// The branch that leads from `chain` to `tip`, or as far as one step follows; its last block is
  /// one that a quorum has, and all below hang from its hash. Without a fork where a quorum has
  /// another block in place of our lowest: one liar, or nodes that are silent, halt nothing.
  func branch(
    leadingTo tip: BlockRef, above chain: HeaderChain
  ) async throws(NodePoolError) -> EthereumBranch {
    try await pool.serve { (node, place) async throws(NodeError) -> EthereumBranch in
      let branch = try await proved(
        EthereumBranch.fetch(
          from: node, leadingTo: tip, above: chain, limit: settings.headersPerStep,
          profile: settings.network.profile), from: place)
      guard branch.fork != nil else {
        let lowest = chain.lowest.ref
        guard await pool.votes(on: lowest).lacking.count >= pool.quorum else {
          throw .unusable("its chain lacks \(lowest.text(.ethereum))")
        }
        return branch
      }
      guard let last = branch.links.last?.ref, last.height == branch.end else {
        throw .unusable("its headers end below \(tip.text(.ethereum))")
      }
      // Where they don't end in the agreed head, a quorum must have them.
      if last != tip, await !pool.agrees(on: last) {
        throw .unusable("no quorum has its \(last.text(.ethereum))")
      }
      return branch
    }.value
  }

  /// The active chain's blocks of `heights`, lowest first, each the parent of the next, the last of
  /// them with the hash. As many as one question asks for at most.
  func links(
    _ heights: Range<UInt32>, endingIn hash: Hash32
  ) async throws(NodePoolError) -> [ChainLink] {
    try await pool.serve { (node, place) async throws(NodeError) -> [ChainLink] in
      var links: [ChainLink] = []
      for header in try await node.headers(heights) {
        let link = try proved(
          EthereumBranch.link(header, profile: settings.network.profile), from: place)
        guard links.last.map({ $0.ref.hash == link.parent }) ?? true else {
          throw .unusable("its chain changed while it was read")
        }
        links.append(link)
      }
      guard links.count == heights.count, links.last?.ref.hash == hash else {
        throw .unknownBlock(hash)
      }
      return links
    }.value
  }

  private func proved<Value>(
    _ outcome: Result<Value, BlockProofError>, from place: Int
  ) throws(NodeError) -> Value {
    switch outcome {
    case .success(let value): return value
    case .failure(let error):
      if !error.isUnverifiable {
        pool.quarantine(
          place, reason: "invalid header: \(error)",
          maximumMilliseconds: settings.quarantineMilliseconds)
      }
      throw .unusable("a header of it: \(error)")
    }
  }
}
