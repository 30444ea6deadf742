package import Bytes
internal import Digests

/// The Merkle-Patricia trie that a block header commits to a list with: the list's items under the
/// keys rlp(0), rlp(1), … (yellow paper, section 4.3.2 and appendix D).
///
/// The keys are known in advance, so the nodes of one depth are written one behind another, hashed
/// together and forgotten, from the leaves up. How the leaves stand in the nodes above is kept,
/// which is nearly all the work of a root: whoever needs branches later does the rest once more.
/// Bench: `EVM receipts root, 202 receipts`.
package struct IndexTrie: Sendable {
  package let items: TrieItems
  package let root: Hash32
  /// In the keys' order.
  private let leaves: [NodeReference]

  package init(_ items: TrieItems) {
    self.items = items
    guard items.count > 0 else {
      root = TrieRoot.empty
      leaves = []
      return
    }
    var builder = IndexTrieBuilder(items)
    leaves = builder.leaves()
    root = builder.root(over: leaves)
  }

  /// The nodes from the root to each of the items at `indices`, as `TrieProof` takes them.
  package func branches(to indices: Set<Int>) -> [Int: [[UInt8]]] {
    let wanted = indices.filter { (0..<items.count).contains($0) }
    guard !wanted.isEmpty else { return [:] }
    var builder = IndexTrieBuilder(items)
    builder.keepBranches(to: wanted)
    _ = builder.root(over: leaves)
    // Each node is written after those below it.
    return builder.branches.mapValues { $0.reversed() }
  }
}

/// How a node stands in its parent: by its hash, or itself where its encoding is under 32 bytes.
private enum NodeReference {
  case hash(Hash32)
  case embedded([UInt8])
}

extension RLPWriter {
  fileprivate mutating func append(_ reference: NodeReference) {
    switch reference {
    case .hash(let hash): append(hash)
    case .embedded(let node): append(encoded: node)
    }
  }
}

/// The key rlp(index), its nibbles from the top of a word.
private struct IndexKey {
  let bits: UInt64
  let nibbleCount: Int

  init(_ index: Int) {
    // 0 is the empty string, 0x80; up to 127 a byte stands for itself.
    guard index == 0 || index > 127 else {
      bits = UInt64(index) << 56
      nibbleCount = 2
      return
    }
    let value = UInt64(index)
    let byteCount = 8 - value.leadingZeroBitCount / 8
    precondition(byteCount < 7, "no list has 2^48 items")
    let prefix = UInt64(0x80 + byteCount) << 56
    bits = byteCount == 0 ? prefix : prefix | value << UInt64(56 - 8 * byteCount)
    nibbleCount = 2 + 2 * byteCount
  }

  func nibble(_ position: Int) -> Int { Int(bits >> UInt64(60 - 4 * position) & 0x0f) }

  /// In how many nibbles two keys begin alike.
  func sharedCount(with other: IndexKey) -> Int {
    (bits ^ other.bits).leadingZeroBitCount / 4
  }

  /// Some of its nibbles in hex-prefix encoding (`HexPrefix`): so many bytes from the top of a
  /// word, which hold the 14 nibbles that a key has at most.
  func path(_ nibbles: Range<Int>, isLeaf: Bool) -> (bits: UInt64, byteCount: Int) {
    let isOdd = nibbles.count & 1 == 1
    let flags: UInt64 = (isLeaf ? 2 : 0) | (isOdd ? 1 : 0)
    let unused = UInt64(64 - 4 * nibbles.count)
    let rest = nibbles.isEmpty ? 0 : ((bits << UInt64(4 * nibbles.lowerBound)) >> unused) << unused
    return (flags << 60 | rest >> (isOdd ? 4 : 8), nibbles.count / 2 + 1)
  }
}

private struct IndexTrieBuilder {
  private let items: TrieItems
  /// The items whose key is a single byte, 0x80 among them.
  private let shortKeyCount: Int
  /// The nodes that no node above them has been made for, in the keys' order.
  private var nodes: [Node] = []
  /// Nodes of one depth, one behind another, and where each ends.
  private var written = RLPWriter()
  private var ends: [Int] = []
  /// The nodes above the items whose branches are kept, from the lowest up.
  private(set) var branches: [Int: [[UInt8]]] = [:]

  /// Stands over a run of positions among the sorted keys.
  private struct Node {
    let positions: Range<Int>
    let reference: NodeReference
  }

  init(_ items: TrieItems) {
    self.items = items
    shortKeyCount = min(items.count, 128)
  }

  /// Keeps the nodes above these items too that are still to be made.
  mutating func keepBranches(to indices: Set<Int>) {
    let items = items
    for index in indices {
      writeLeaf(at: position(of: index), items.bytes.span.bytes)
      // What is written whole in the node above needs no place of its own.
      branches[index] = written.bytes.count < 32 ? [] : [written.bytes]
      forgetWritten()
    }
  }

  /// There is at least one item.
  mutating func root(over leaves: [NodeReference]) -> Hash32 {
    nodes = zip(0..., leaves).map { Node(positions: $0..<$0 + 1, reference: $1) }
    var depth = (1..<items.count).reduce(-1) { max($0, sharedCount(before: $1)) }
    while depth >= 0 {
      nodes = branching(at: depth)
      depth -= 1
    }
    switch nodes[0].reference {
    case .hash(let hash): return hash
    case .embedded(let node):
      for index in branches.keys { branches[index]?.append(node) }
      return Keccak256.hash(node)
    }
  }

  // MARK: Keys

  /// The index whose key stands at `position` among the sorted keys: 01 … 7f, 80, 8180 ….
  private func index(at position: Int) -> Int {
    if position >= shortKeyCount { return position }
    return position == shortKeyCount - 1 ? 0 : position + 1
  }

  private func position(of index: Int) -> Int {
    if index >= shortKeyCount { return index }
    return index == 0 ? shortKeyCount - 1 : index - 1
  }

  private func key(at position: Int) -> IndexKey { IndexKey(index(at: position)) }

  /// In how many nibbles the keys on both sides of a place begin alike: branches stand at these
  /// depths. No key begins another. -1 at both ends.
  private func sharedCount(before position: Int) -> Int {
    guard position > 0, position < items.count else { return -1 }
    return key(at: position - 1).sharedCount(with: key(at: position))
  }

  /// Where the node over `positions` begins: behind the branch above it.
  private func depth(of positions: Range<Int>) -> Int {
    1
      + max(
        sharedCount(before: positions.lowerBound), sharedCount(before: positions.upperBound))
  }

  // MARK: Nodes

  /// All leaves as they stand in the nodes above them, in the keys' order.
  mutating func leaves() -> [NodeReference] {
    written.bytes.reserveCapacity(items.bytes.count + 12 * items.count)
    let items = items
    for position in 0..<items.count { writeLeaf(at: position, items.bytes.span.bytes) }
    return references(over: { $0..<$0 + 1 })
  }

  /// Of `bytes`, all items'.
  @inline(__always)
  private mutating func writeLeaf(at position: Int, _ bytes: RawSpan) {
    let key = key(at: position)
    let path = key.path(depth(of: position..<position + 1)..<key.nibbleCount, isLeaf: true)
    let value = bytes.extracting(items.range(of: index(at: position)))
    written.appendListPrefix(
      count: RLPWriter.encodedCount(ofPath: path.byteCount) + RLPWriter.encodedCount(of: value))
    written.append(path: path)
    written.append(value)
    ends.append(written.bytes.count)
  }

  /// The nodes with branches made over those that part at `depth`; all that part below are made.
  private mutating func branching(at depth: Int) -> [Node] {
    let runs = runs(at: depth)
    for run in runs where run.count > 1 {
      let list = written.openList()
      var nibble = 0
      for node in nodes[run] {
        let next = key(at: node.positions.lowerBound).nibble(depth)
        while nibble < next {
          written.appendEmptyString()
          nibble += 1
        }
        written.append(node.reference)
        nibble += 1
      }
      // The rest of the sixteen, and no value.
      for _ in nibble..<17 { written.appendEmptyString() }
      written.closeList(list)
      ends.append(written.bytes.count)
    }
    let made = runs.filter { $0.count > 1 }.map(positions)
    var hashed = references { made[$0] }[...]
    return runs.map { run in
      guard run.count > 1, let branch = hashed.popFirst() else { return nodes[run.lowerBound] }
      return extended(Node(positions: positions(of: run), reference: branch), from: depth)
    }
  }

  /// The nodes in runs that part at `depth`, as ranges into `nodes`; most of one node.
  private func runs(at depth: Int) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    for next in 1...nodes.count
    where next == nodes.count || sharedCount(before: nodes[next].positions.lowerBound) < depth {
      runs.append(start..<next)
      start = next
    }
    return runs
  }

  private func positions(of run: Range<Int>) -> Range<Int> {
    nodes[run.lowerBound].positions.lowerBound..<nodes[run.upperBound - 1].positions.upperBound
  }

  /// A branch with the extension above it that leads there, where one does.
  private mutating func extended(_ branch: Node, from depth: Int) -> Node {
    let start = self.depth(of: branch.positions)
    guard start < depth else { return branch }
    let path = key(at: branch.positions.lowerBound).path(start..<depth, isLeaf: false)
    let list = written.openList()
    written.append(path: path)
    written.append(branch.reference)
    written.closeList(list)
    ends.append(written.bytes.count)
    return Node(
      positions: branch.positions, reference: references { _ in branch.positions }[0])
  }

  /// How the written nodes are written in those above them, by their hashes or whole where they are
  /// shorter than one; what is written whole needs no place of its own in a proof's branch. The
  /// nodes themselves are forgotten.
  private mutating func references(over positions: (Int) -> Range<Int>) -> [NodeReference] {
    var start = 0
    let parts = ends.map { end in
      defer { start = end }
      return start..<end
    }
    let hashes = Keccak256.hashes(of: parts.filter { $0.count >= 32 }, in: written.bytes)
    var rest = hashes[...]
    let references = parts.enumerated().map { place, part in
      guard part.count >= 32, let hash = rest.popFirst() else {
        return NodeReference.embedded(Array(written.bytes[part]))
      }
      for index in branches.keys where positions(place).contains(position(of: index)) {
        branches[index]?.append(Array(written.bytes[part]))
      }
      return .hash(hash)
    }
    forgetWritten()
    return references
  }

  private mutating func forgetWritten() {
    written.removeAll()
    ends.removeAll(keepingCapacity: true)
  }
}

extension RLPWriter {
  /// A path in hex-prefix encoding; one of a single byte stands for itself, as it is below 0x80.
  fileprivate mutating func append(path: (bits: UInt64, byteCount: Int)) {
    appendStringPrefix(count: path.byteCount, first: UInt8(truncatingIfNeeded: path.bits >> 56))
    appendTrailing(path.byteCount, of: path.bits >> UInt64(64 - 8 * path.byteCount))
  }

  fileprivate static func encodedCount(ofPath byteCount: Int) -> Int {
    byteCount == 1 ? 1 : 1 + byteCount
  }
}
