package import Bytes
internal import Digests

/// Bitcoin's tree of SHA-256d hashes over a block's txids (or wtxids): a level with an odd number
/// of nodes repeats its last one.
///
/// The repetition lets other lists have the same root (CVE-2012-2459: `[1, 2, 3]` and
/// `[1, 2, 3, 3]`). Such a list shows as two equal neighbours on some level, which no honest list
/// has: `mutated` says so. A mutated block says nothing about the honest one with the same hash.
package enum MerkleTree {
  /// The root over `leaves` in block order; zero where there are none.
  package static func root(of leaves: [Hash32]) -> (root: Hash32, mutated: Bool) {
    guard !leaves.isEmpty else { return (.zero, false) }
    var level = leaves
    var mutated = false
    while level.count > 1 {
      for left in stride(from: 0, to: level.count - 1, by: 2) where level[left] == level[left + 1] {
        mutated = true
      }
      level = parents(of: level)
    }
    return (level[0], mutated)
  }

  /// The next level towards the root.
  static func parents(of level: [Hash32]) -> [Hash32] {
    stride(from: 0, to: level.count, by: 2).map { left in
      SHA256d.hash(level[left], level[min(left + 1, level.count - 1)])
    }
  }
}
