package import Bytes
internal import Digests

/// The root of the Merkle-Patricia trie that a block header commits to a list with: the list's
/// items under the keys rlp(0), rlp(1), … (yellow paper, section 4.3.2 and appendix D).
///
/// No node is stored: the keys are known in advance, so each node is written from the run of sorted
/// keys below it, hashed and forgotten.
package enum TrieRoot {
  /// The root of a trie without keys: the hash of the empty string's encoding.
  package static let empty = Keccak256.hash([0x80])

  package static func root(of items: TrieItems) -> Hash32 {
    guard items.count > 0 else { return empty }
    var builder = IndexTrieBuilder(items)
    return builder.root()
  }

  package static func root(of items: [[UInt8]]) -> Hash32 { root(of: TrieItems(items)) }

  /// The nodes from the root to each of the items at `indices`, as `TrieProof` takes them.
  package static func branches(
    to indices: Set<Int>, in items: TrieItems
  ) -> [Int: [[UInt8]]] {
    let wanted = indices.filter { (0..<items.count).contains($0) }
    guard !wanted.isEmpty else { return [:] }
    var builder = IndexTrieBuilder(items)
    builder.keepBranches(to: wanted)
    _ = builder.root()
    // Each node is written after those below it.
    return builder.branches.mapValues { $0.reversed() }
  }
}

/// How a node stands in its parent: by its hash, or itself where its encoding is under 32 bytes.
enum NodeReference {
  case hash(Hash32)
  case embedded([UInt8])

  init(_ encoded: [UInt8]) {
    self = encoded.count < 32 ? .embedded(encoded) : .hash(Keccak256.hash(encoded))
  }
}

extension RLPWriter {
  mutating func append(_ reference: NodeReference) {
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
    precondition(byteCount < 8, "no list has 2^56 items")
    let prefix = UInt64(0x80 + byteCount) << 56
    bits = byteCount == 0 ? prefix : prefix | value << UInt64(56 - 8 * byteCount)
    nibbleCount = 2 + 2 * byteCount
  }

  func nibble(_ position: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: bits >> UInt64(60 - 4 * position) & 0x0f)
  }
}

private struct IndexTrieBuilder {
  private let items: TrieItems
  /// The items whose key is a single byte, 0x80 among them.
  private let shortKeyCount: Int
  private var scratch = RLPWriter()
  /// The nodes above the items whose branches are kept, from the lowest up.
  private(set) var branches: [Int: [[UInt8]]] = [:]

  init(_ items: TrieItems) {
    self.items = items
    shortKeyCount = min(items.count, 128)
  }

  mutating func root() -> Hash32 {
    switch node(0..<items.count, depth: 0) {
    case .hash(let hash): return hash
    case .embedded(let node):
      for index in branches.keys { branches[index]?.append(node) }
      return Keccak256.hash(node)
    }
  }

  mutating func keepBranches(to indices: Set<Int>) {
    for index in indices { branches[index] = [] }
  }

  /// How the node over `positions` is written in its parent: by its hash, or whole where it is
  /// shorter than one. What is written whole needs no place of its own in a proof's branch.
  private mutating func reference(
    to node: [UInt8], over positions: Range<Int>
  ) -> NodeReference {
    if !branches.isEmpty, node.count >= 32 {
      for index in branches.keys where positions.contains(position(of: index)) {
        branches[index]?.append(node)
      }
    }
    return NodeReference(node)
  }

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

  /// The node over a run of sorted keys that agree in their first `depth` nibbles. No key begins
  /// another, and a key has at most 16 nibbles, so recursion ends.
  private mutating func node(_ positions: Range<Int>, depth: Int) -> NodeReference {
    let first = key(at: positions.lowerBound)
    if positions.count == 1 {
      return leaf(at: positions, key: first, depth: depth)
    }
    let last = key(at: positions.upperBound - 1)
    let shared = (first.bits ^ last.bits).leadingZeroBitCount / 4
    let branch = branch(positions, depth: shared)
    guard shared > depth else { return branch }
    return reference(
      to: Self.extending(branch, path: first, from: depth, to: shared), over: positions)
  }

  private mutating func branch(_ positions: Range<Int>, depth: Int) -> NodeReference {
    var writer = RLPWriter()
    let list = writer.openList()
    var start = positions.lowerBound
    for nibble in 0..<16 as Range<UInt8> {
      var end = start
      while end < positions.upperBound, key(at: end).nibble(depth) == nibble { end += 1 }
      if end > start {
        writer.append(node(start..<end, depth: depth + 1))
      } else {
        writer.appendEmptyString()
      }
      start = end
    }
    writer.appendEmptyString()
    writer.closeList(list)
    return reference(to: writer.bytes, over: positions)
  }

  private mutating func leaf(
    at positions: Range<Int>, key: IndexKey, depth: Int
  ) -> NodeReference {
    let index = index(at: positions.lowerBound)
    let path = HexPrefix.encode(
      nibbles: (depth..<key.nibbleCount).map(key.nibble), isLeaf: true)
    let items = items
    let value = items.bytes.span.bytes.extracting(items.range(of: index))
    scratch.removeAll()
    scratch.appendListPrefix(
      count: RLPWriter.encodedCount(of: path.span.bytes) + RLPWriter.encodedCount(of: value))
    scratch.append(path)
    scratch.append(value)
    return reference(to: scratch.bytes, over: positions)
  }

  private static func extending(
    _ child: NodeReference, path: IndexKey, from start: Int, to end: Int
  ) -> [UInt8] {
    var writer = RLPWriter()
    let list = writer.openList()
    writer.append(HexPrefix.encode(nibbles: (start..<end).map(path.nibble), isLeaf: false))
    writer.append(child)
    writer.closeList(list)
    return writer.bytes
  }
}
