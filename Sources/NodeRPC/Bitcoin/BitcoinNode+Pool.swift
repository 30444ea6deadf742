package import Bytes
package import ChainTypes

/// The nodes of a Bitcoin chain.
package typealias NodePool = QuorumPool<BitcoinNode>

extension BitcoinNode: ChainNode {
  package struct Identity: Sendable {
    /// The block at height 0 that every node must have; nil for any, on chains of one's own.
    package let genesisHash: Hash32?
    /// Whose name every node must give as its chain's.
    package let network: BitcoinNetwork

    package init(genesisHash: Hash32?, network: BitcoinNetwork) {
      self.genesisHash = genesisHash
      self.network = network
    }
  }

  package var breakerState: CircuitBreaker.State { client.breakerState }

  package func state(
    on identity: Identity, isIdentified: Bool
  ) async throws(NodeError) -> NodeState {
    if let genesisHash = identity.genesisHash, !isIdentified {
      let genesis = try await blockHash(at: 0)
      guard genesis == genesisHash else {
        throw .anotherChain(
          "its genesis block is \(genesis.displayHex), not \(genesisHash.displayHex)")
      }
    }
    // The name comes with every answer, so a node that was moved to another chain is noticed.
    let info = try await chainInfo()
    guard info.chain == identity.network.coreName else {
      throw .anotherChain("its chain is \(info.chain), not \(identity.network.coreName)")
    }
    // Regtest's blocks are old wherever nobody mines.
    return NodeState(
      tip: info.tip,
      isSyncing: info.initialBlockDownload && identity.network.kind != .regtest)
  }

  package func isActive(_ block: BlockRef) async throws(NodeError) -> Bool {
    try await blockHash(at: block.height) == block.hash
  }

  package func activeBlocks(
    among blocks: [BlockRef]
  ) async throws(NodeError) -> [BlockRef] {
    let headers = try await headers(blocks.map(\.hash))
    return zip(blocks, headers).filter { block, header in
      header.map { $0.isActive && $0.height == block.height } ?? false
    }.map(\.0)
  }
}

extension QuorumPool where Node == BitcoinNode {
  package convenience init(
    nodes: [BitcoinNode], quorum: Int, genesisHash: Hash32?, network: BitcoinNetwork,
    clock: any RPCClock
  ) throws(NodePoolError) {
    try self.init(
      nodes: nodes, quorum: quorum,
      identity: BitcoinNode.Identity(genesisHash: genesisHash, network: network), clock: clock)
  }

  /// The block's bytes from the best node that has it, and which node that was. Nothing is
  /// verified here; whoever finds the block invalid calls `quarantine`.
  package func block(_ hash: Hash32) async throws(NodePoolError) -> Served<[UInt8]> {
    try await serve { (node) async throws(NodeError) in try await node.block(hash) }
  }
}
