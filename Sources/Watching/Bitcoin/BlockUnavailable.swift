package import Bitcoin
package import ChainTypes
package import NodeRPC

/// No node of a pool gives a valid block.
package struct BlockUnavailable: Error, Equatable {
  package let block: BlockRef
  /// Who served bytes that aren't the block's, in the order in which they were asked.
  package let refusals: [Refusal]
  /// How asking the others ended; nil where nobody was left.
  package let failure: NodePoolError?

  package struct Refusal: Equatable, Sendable {
    /// The node's place in the pool.
    package let node: Int
    package let error: BlockError
  }
}
