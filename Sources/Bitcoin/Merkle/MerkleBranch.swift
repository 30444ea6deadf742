package import Bytes
internal import Digests

/// The hashes beside the way from one leaf of a merkle tree to its root.
package struct MerkleBranch: Hashable, Sendable {
  /// The leaf's place in the block.
  package let position: UInt32
  /// The leaf's sibling first; internal byte order.
  package private(set) var siblings: [Hash32]

  /// A tree over every transaction that fits a block isn't higher.
  package static let maximumDepth = 17

  package init(position: UInt32, siblings: [Hash32]) {
    self.position = position
    self.siblings = siblings
  }

  /// The branch of the leaf at `position`; nil where there is no such leaf.
  package init?(of leaves: [Hash32], at position: Int) {
    guard leaves.indices.contains(position), let place = UInt32(exactly: position) else {
      return nil
    }
    var siblings: [Hash32] = []
    var level = leaves
    var index = position
    while level.count > 1 {
      siblings.append(level[min(index ^ 1, level.count - 1)])
      level = MerkleTree.parents(of: level)
      index /= 2
    }
    self.init(position: place, siblings: siblings)
  }

  /// Goes one level on towards the root.
  mutating func append(_ sibling: Hash32) { siblings.append(sibling) }

  /// The nodes from `leaf` up to the root, as (left, right) pairs and the root; nil where the
  /// branch can't be one: too deep, a position beyond its depth, or a right node that equals its
  /// left sibling (only a repeated last node does, and that is always the left one's copy).
  func path(from leaf: Hash32) -> (pairs: [(left: Hash32, right: Hash32)], root: Hash32)? {
    guard siblings.count <= Self.maximumDepth, position >> UInt32(siblings.count) == 0 else {
      return nil
    }
    var node = leaf
    var pairs: [(left: Hash32, right: Hash32)] = []
    for (level, sibling) in siblings.enumerated() {
      let isRight = position >> UInt32(level) & 1 == 1
      guard !isRight || sibling != node else { return nil }
      let pair = isRight ? (left: sibling, right: node) : (left: node, right: sibling)
      pairs.append(pair)
      node = SHA256d.hash(pair.left, pair.right)
    }
    return (pairs, node)
  }

  /// The root that the branch leads to from `leaf`; nil where it can't be a branch.
  package func root(from leaf: Hash32) -> Hash32? { path(from: leaf)?.root }
}
