internal import ChainTypes
internal import NodeRPC

extension QuorumPool {
  /// Whether at least the quorum of nodes have `block` in their active chains.
  func agrees(on block: BlockRef) async -> Bool { await votes(on: block).having.count >= quorum }
}
