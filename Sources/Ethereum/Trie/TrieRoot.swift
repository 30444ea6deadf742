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

  init(_ items: TrieItems) {
    self.items = items
    shortKeyCount = min(items.count, 128)
  }

  mutating func root() -> Hash32 {
    switch node(0..<items.count, depth: 0) {
    case .hash(let hash): hash
    case .embedded(let node): Keccak256.hash(node)
    }
  }

  /// The index whose key stands at `position` among the sorted keys: 01 … 7f, 80, 8180 ….
  private func index(at position: Int) -> Int {
    if position >= shortKeyCount { return position }
    return position == shortKeyCount - 1 ? 0 : position + 1
  }

  private func key(at position: Int) -> IndexKey { IndexKey(index(at: position)) }

  /// The node over a run of sorted keys that agree in their first `depth` nibbles. No key begins
  /// another, and a key has at most 16 nibbles, so recursion ends.
  private mutating func node(_ positions: Range<Int>, depth: Int) -> NodeReference {
    let first = key(at: positions.lowerBound)
    if positions.count == 1 {
      return leaf(index(at: positions.lowerBound), key: first, depth: depth)
    }
    let last = key(at: positions.upperBound - 1)
    let shared = (first.bits ^ last.bits).leadingZeroBitCount / 4
    let branch = branch(positions, depth: shared)
    return shared > depth
      ? Self.extending(branch, path: first, from: depth, to: shared) : branch
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
    return NodeReference(writer.bytes)
  }

  private mutating func leaf(_ index: Int, key: IndexKey, depth: Int) -> NodeReference {
    let path = HexPrefix.encode(
      nibbles: (depth..<key.nibbleCount).map(key.nibble), isLeaf: true)
    let items = items
    let value = items.bytes.span.bytes.extracting(items.range(of: index))
    scratch.removeAll()
    scratch.appendListPrefix(
      count: RLPWriter.encodedCount(of: path.span.bytes) + RLPWriter.encodedCount(of: value))
    scratch.append(path)
    scratch.append(value)
    return NodeReference(scratch.bytes)
  }

  private static func extending(
    _ child: NodeReference, path: IndexKey, from start: Int, to end: Int
  ) -> NodeReference {
    var writer = RLPWriter()
    let list = writer.openList()
    writer.append(HexPrefix.encode(nibbles: (start..<end).map(path.nibble), isLeaf: false))
    writer.append(child)
    writer.closeList(list)
    return NodeReference(writer.bytes)
  }
}
