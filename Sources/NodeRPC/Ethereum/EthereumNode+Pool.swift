package import Bytes
package import ChainTypes
internal import JSON

/// The nodes of an EVM chain.
package typealias EthereumPool = QuorumPool<EthereumNode>

extension EthereumNode: ChainNode {
  package struct Identity: Sendable {
    package let chainID: UInt64
    /// The block with number 0; nil for any, on chains of one's own.
    package let genesisHash: Hash32?

    package init(chainID: UInt64, genesisHash: Hash32?) {
      self.chainID = chainID
      self.genesisHash = genesisHash
    }
  }

  package var breakerState: CircuitBreaker.State { client.breakerState }

  package func state(
    on identity: Identity, isIdentified: Bool
  ) async throws(NodeError) -> NodeState {
    if let genesisHash = identity.genesisHash, !isIdentified {
      guard let genesis = try await header(at: 0) else {
        throw .unusable("it doesn't show its genesis block")
      }
      guard genesis.hash == genesisHash else {
        throw .anotherChain(
          "its genesis block is 0x\(genesis.hash.hex), not 0x\(genesisHash.hex)")
      }
    }
    // In one request, so that a node that was moved to another chain is noticed.
    let outcomes = try await batch(
      [
        RPCCall("eth_chainId"), Self.headerCall(BlockTag.latest.rawValue), RPCCall("eth_syncing"),
      ], maximumBytes: 2 * JSONRPCClient.smallAnswerBytes)
    guard outcomes.count == 3 else { throw .unusable("it answers a part of what it was asked") }
    let chainID = try Self.value(of: Self.result(outcomes[0]), "eth_chainId") {
      $0.quantity(UInt64.self)
    }
    guard chainID == identity.chainID else {
      throw .anotherChain("its chain id is \(chainID), not \(identity.chainID)")
    }
    guard let head = try Self.header(outcomes[1], of: .latest) else {
      throw .unusable("it has no block")
    }
    let isSyncing: Bool
    switch outcomes[2] {
    case .failure(let error) where error.saysMethodIsAbsent: isSyncing = false
    case let outcome: isSyncing = try Self.isSyncing(Self.result(outcome))
    }
    return NodeState(tip: head.ref, isSyncing: isSyncing)
  }

  private static func result(
    _ outcome: Result<RPCResult, RPCNodeError>
  ) throws(NodeError) -> RPCResult {
    do throws(RPCNodeError) {
      return try outcome.get()
    } catch {
      throw .rpc(.node(error))
    }
  }

  package func isActive(_ block: BlockRef) async throws(NodeError) -> Bool {
    guard let header = try await header(at: block.height) else {
      throw .heightOutOfRange(block.height)
    }
    return header.ref == block
  }

  package func activeBlocks(
    among blocks: [BlockRef]
  ) async throws(NodeError) -> [BlockRef] {
    let headers = try await headers(blocks.map(\.height))
    return zip(blocks, headers).filter { block, header in header?.ref == block }.map(\.0)
  }
}

extension QuorumPool where Node == EthereumNode {
  /// The highest `safe` or `finalized` block that a quorum of nodes stands behind, each with its
  /// own tag at or above it. It says nothing about the agreed tip: whether it lies in that chain
  /// the headers tell. Nil where a quorum of nodes has no such block.
  package func agreed(on tag: FinalityTag) async -> TipAgreement? {
    await agreed { (node) async throws(NodeError) in try await node.header(BlockTag(tag))?.ref }
  }
}
