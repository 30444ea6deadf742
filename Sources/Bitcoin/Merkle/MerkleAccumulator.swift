internal import Bytes
internal import Digests

/// A merkle root computed leaf by leaf in constant memory, one node for each level, and the
/// branches of those leaves that were asked for.
///
/// `levels[k]` holds the root of a finished subtree of 2^k leaves wherever bit k of `count` is set.
struct MerkleAccumulator {
  private var levels = InlineArray<40, Hash32>(repeating: .zero)
  private var count: UInt64 = 0
  /// Whether two equal neighbours were seen (see `MerkleTree`).
  private var mutated = false
  /// Of the tracked leaves, as far as the tree is built.
  private var branches: [MerkleBranch] = []
  /// The first leaf's branch, of at most `MerkleBranch.maximumDepth` levels: always kept, so
  /// without an allocation.
  private var firstSiblings = InlineArray<17, Hash32>(repeating: .zero)
  private var depth = 0

  var isEmpty: Bool { count == 0 }

  /// - Parameter isTracked: whether `trackedBranches` gets the branch of this leaf
  mutating func append(_ leaf: Hash32, isTracked: Bool = false) {
    // A block holds fewer than 2^17 transactions: the levels never run out.
    precondition(count < 1 << 32, "fewer than 2^32 leaves")
    if isTracked { branches.append(MerkleBranch(position: UInt32(count), siblings: [])) }
    let end = count + 1
    var node = leaf
    var level = 0
    while count >> UInt64(level) & 1 == 1 {
      node = parent(levels[level], node, level: level, end: end)
      level += 1
    }
    levels[level] = node
    count = end
  }

  /// The root over all leaves so far; zero where there are none. No leaf may follow.
  mutating func finalize() -> (root: Hash32, mutated: Bool) {
    guard count > 0 else { return (.zero, false) }
    var level = count.trailingZeroBitCount
    var node = levels[level]
    while count != 1 << UInt64(level) {
      // The last node of a level with an odd count is its own sibling.
      count += 1 << UInt64(level)
      note(node, node, level: level, end: count)
      node = SHA256d.hash(node, node)
      level += 1
      while count >> UInt64(level) & 1 == 0 {
        node = parent(levels[level], node, level: level, end: count)
        level += 1
      }
    }
    return (node, mutated)
  }

  /// The branches of the tracked leaves, in their order; whole after `finalize`.
  var trackedBranches: [MerkleBranch] { branches }

  /// The branch of the first leaf; whole after `finalize`.
  var firstBranch: MerkleBranch {
    MerkleBranch(position: 0, siblings: (0..<depth).map { firstSiblings[$0] })
  }

  @inline(__always)
  private mutating func parent(
    _ left: Hash32, _ right: Hash32, level: Int, end: UInt64
  ) -> Hash32 {
    if left == right { mutated = true }
    // Most nodes lie above no leaf whose branch is kept.
    if end == 2 << UInt64(level) || !branches.isEmpty {
      note(left, right, level: level, end: end)
    }
    return SHA256d.hash(left, right)
  }

  /// Lengthens the branches that lead through two nodes of `level`; the right one's leaves, copies
  /// included, go up to `end`.
  private mutating func note(_ left: Hash32, _ right: Hash32, level: Int, end: UInt64) {
    let start = end - (2 << UInt64(level))
    if start == 0, level < MerkleBranch.maximumDepth {
      firstSiblings[level] = right
      depth = level + 1
    }
    // The nodes are the tree's last so far, and so are the leaves below them.
    var place = branches.count
    while place > 0, UInt64(branches[place - 1].position) >= start {
      place -= 1
      let isRight = branches[place].position >> UInt32(level) & 1 == 1
      branches[place].append(isRight ? left : right)
    }
  }
}
