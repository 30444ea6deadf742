package import ChainTypes

/// A node of some kind of chain, as far as a pool has to know it.
package protocol ChainNode: Sendable {
  /// What shows that a node is on the chain it should be on.
  associatedtype Identity: Sendable

  /// What operators call the node.
  var name: String { get }
  var breakerState: CircuitBreaker.State { get }

  /// Where the node stands; `anotherChain` where it shows that it is on another than `identity`'s.
  ///
  /// - Parameter isIdentified: whether it has shown before what need not be asked twice
  func state(on identity: Identity, isIdentified: Bool) async throws(NodeError) -> NodeState

  /// Whether `block` stands in the node's active chain. An error, `heightOutOfRange`, where the
  /// node has no block at that height: then it says nothing.
  func isActive(_ block: BlockRef) async throws(NodeError) -> Bool

  /// Those of `blocks` that stand in the node's active chain.
  func activeBlocks(among blocks: [BlockRef]) async throws(NodeError) -> [BlockRef]
}

/// Where a node stands.
package struct NodeState: Equatable, Sendable {
  package let tip: BlockRef
  /// Whether it is still building its chain, so that its tip means nothing yet.
  package let isSyncing: Bool

  package init(tip: BlockRef, isSyncing: Bool) {
    self.tip = tip
    self.isSyncing = isSyncing
  }
}
