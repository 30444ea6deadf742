internal import Bytes
internal import Digests

/// A merkle root computed leaf by leaf in constant memory: one node for each level.
///
/// `levels[k]` holds the root of a finished subtree of 2^k leaves wherever bit k of `count` is set.
struct MerkleAccumulator {
  private var levels = InlineArray<40, Hash32>(repeating: .zero)
  private var count: UInt64 = 0
  /// Whether two equal neighbours were seen (see `MerkleTree`).
  private var mutated = false

  mutating func append(_ leaf: Hash32) {
    // A block holds fewer than 2^17 transactions: the levels never run out.
    precondition(count < 1 << 32, "fewer than 2^32 leaves")
    var node = leaf
    var level = 0
    while count >> UInt64(level) & 1 == 1 {
      node = parent(levels[level], node)
      level += 1
    }
    levels[level] = node
    count += 1
  }

  /// The root over all leaves so far; zero where there are none. No leaf may follow.
  mutating func finalize() -> (root: Hash32, mutated: Bool) {
    guard count > 0 else { return (.zero, false) }
    var level = count.trailingZeroBitCount
    var node = levels[level]
    while count != 1 << UInt64(level) {
      // The last node of a level with an odd count is its own sibling.
      node = SHA256d.hash(node, node)
      count += 1 << UInt64(level)
      level += 1
      while count >> UInt64(level) & 1 == 0 {
        node = parent(levels[level], node)
        level += 1
      }
    }
    return (node, mutated)
  }

  private mutating func parent(_ left: Hash32, _ right: Hash32) -> Hash32 {
    if left == right { mutated = true }
    return SHA256d.hash(left, right)
  }
}
