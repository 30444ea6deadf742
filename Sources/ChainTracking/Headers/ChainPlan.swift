package import ChainTypes

/// The way from the present tip to a branch's: back to the common ancestor, then up.
package struct ChainPlan: Hashable, Sendable {
  package let commonAncestor: BlockRef
  /// Tip first.
  package let disconnect: [ChainLink]
  /// Lowest first; ends with the new tip.
  package let connect: [ChainLink]
  /// It takes back a block at the finality depth or deeper: crediting must halt.
  package let breaksFinality: Bool

  /// The same way, but only as far up as the first `count` blocks to connect.
  package func connecting(_ count: Int) -> ChainPlan {
    ChainPlan(
      commonAncestor: commonAncestor, disconnect: disconnect,
      connect: Array(connect.prefix(count)), breaksFinality: breaksFinality)
  }
}
