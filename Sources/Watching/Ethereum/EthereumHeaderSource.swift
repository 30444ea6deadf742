internal import ChainTracking
internal import ChainTypes
internal import NodeRPC

/// Headers from the nodes of a pool: where watching begins, and what leads to an agreed head.
struct EthereumHeaderSource: Sendable {
  let pool: EthereumPool
  let settings: EthereumWatcherSettings

  /// The active chain's block at `height`, which a quorum has.
  func anchor(at height: UInt32) async throws(NodePoolError) -> ChainLink {
    try await pool.serve { (node) async throws(NodeError) -> ChainLink in
      guard let header = try await node.header(at: height) else { throw .heightOutOfRange(height) }
      guard await pool.agrees(on: header.ref) else {
        throw .unusable("no quorum has its \(header.ref.text(.ethereum))")
      }
      return try EthereumBranch.link(header, settings.network.profile)
    }.value
  }

  /// The branch that leads from `chain` to `tip`, or as far as one step follows.
  func branch(
    leadingTo tip: BlockRef, above chain: HeaderChain
  ) async throws(NodePoolError) -> EthereumBranch {
    try await pool.serve { (node) async throws(NodeError) -> EthereumBranch in
      let branch = try await EthereumBranch.fetch(
        from: node, leadingTo: tip, above: chain, limit: settings.headersPerStep,
        profile: settings.network.profile)
      guard branch.fork != nil else {
        // One node isn't believed that we stand on another chain.
        let lowest = chain.lowest.ref
        guard await pool.votes(on: lowest).lacking.count >= pool.quorum else {
          throw .unusable("its chain lacks \(lowest.text(.ethereum))")
        }
        return branch
      }
      guard let last = branch.links.last?.ref, last.height == branch.end else {
        throw .unusable("its headers end below \(tip.text(.ethereum))")
      }
      // One node named the headers; where they don't end in the agreed head, a quorum must have
      // them.
      if last != tip, await !pool.agrees(on: last) {
        throw .unusable("no quorum has its \(last.text(.ethereum))")
      }
      return branch
    }.value
  }
}
