/// Why a pool can't be made, or none of its nodes could answer.
package enum NodePoolError: Error, Equatable, Sendable {
  case noNodes
  /// The quorum must lie between 1 and the number of nodes.
  case impossibleQuorum(Int, nodes: Int)
  /// Every node that may serve was asked in this order, and failed.
  case allFailed([NodeFailure])
  /// Fewer nodes answered than the quorum needs; these failed.
  case tooFewAnswers(quorum: Int, [NodeFailure])
}

package struct NodeFailure: Equatable, Sendable {
  /// The node's place in the pool.
  package let node: Int
  package let error: NodeError

  package init(node: Int, error: NodeError) {
    self.node = node
    self.error = error
  }
}
