internal import Bytes
internal import Digests
internal import Ethereum

/// A node of a state trie with its hash.
///
/// Its encoding isn't kept: a chain has millions of nodes, and few are ever asked for.
final class StateTrieNode: Sendable {
  /// Any key below it: its first nibbles are the node's path.
  let key: Hash32
  /// How many nibbles lead to it.
  let depth: Int
  let shape: Shape
  /// Of the encoding.
  let hash: Hash32
  /// The encoding where it is under 32 bytes, and so stands itself in its parent.
  private let embedded: [UInt8]?

  enum Shape {
    case leaf(value: [UInt8])
    /// A path of nibbles up to `end`, of which there are some.
    case extending(end: Int, StateTrieNode)
    /// Sixteen, of which two at least are there.
    case branch([StateTrieNode?])
  }

  init(key: Hash32, depth: Int, shape: Shape) {
    self.key = key
    self.depth = depth
    self.shape = shape
    let encoded = Self.encoding(shape, key: key, depth: depth)
    hash = Keccak256.hash(encoded)
    embedded = encoded.count < 32 ? encoded : nil
  }

  var isEmbedded: Bool { embedded != nil }

  var encoded: [UInt8] { Self.encoding(shape, key: key, depth: depth) }

  private static func encoding(_ shape: Shape, key: Hash32, depth: Int) -> [UInt8] {
    var writer = RLPWriter()
    let list = writer.openList()
    switch shape {
    case .leaf(let value):
      writer.append(hexPrefix(key, depth..<64, isLeaf: true))
      writer.append(value)
    case .extending(let end, let child):
      writer.append(hexPrefix(key, depth..<end, isLeaf: false))
      child.appendReference(to: &writer)
    case .branch(let children):
      for child in children {
        if let child { child.appendReference(to: &writer) } else { writer.appendEmptyString() }
      }
      writer.appendEmptyString()
    }
    writer.closeList(list)
    return writer.bytes
  }

  private func appendReference(to writer: inout RLPWriter) {
    if let embedded { writer.append(encoded: embedded) } else { writer.append(hash) }
  }

  /// The same values from a place further up, down to which nothing branches off.
  func lifted(to depth: Int) -> StateTrieNode {
    if depth == self.depth { return self }
    switch shape {
    case .leaf: return StateTrieNode(key: key, depth: depth, shape: shape)
    case .extending(let end, let child):
      return StateTrieNode(key: key, depth: depth, shape: .extending(end: end, child))
    case .branch:
      return StateTrieNode(key: key, depth: depth, shape: .extending(end: self.depth, self))
    }
  }

  /// Hex-prefix encoding of a part of the key's nibbles (yellow paper, appendix C).
  private static func hexPrefix(_ key: Hash32, _ nibbles: Range<Int>, isLeaf: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(nibbles.count / 2 + 1)
    var index = nibbles.lowerBound
    var first: UInt8 = isLeaf ? 0x20 : 0
    if nibbles.count & 1 == 1 {
      first |= 0x10 | UInt8(key.nibble(at: index))
      index += 1
    }
    bytes.append(first)
    while index < nibbles.upperBound {
      bytes.append(UInt8(key.nibble(at: index) << 4 | key.nibble(at: index + 1)))
      index += 2
    }
    return bytes
  }
}

extension Hash32 {
  /// The nibble at a place from 0 to 63, the most significant of each byte first.
  func nibble(at index: Int) -> Int {
    let word =
      switch index / 16 {
      case 0: words.0
      case 1: words.1
      case 2: words.2
      default: words.3
      }
    return Int(UInt64(bigEndian: word) >> UInt64(60 - 4 * (index % 16)) & 0x0f)
  }

  /// How many nibbles both begin with.
  func sharedNibbles(with other: Hash32) -> Int {
    func shared(_ a: UInt64, _ b: UInt64) -> Int {
      UInt64(bigEndian: a ^ b).leadingZeroBitCount / 4
    }
    if words.0 != other.words.0 { return shared(words.0, other.words.0) }
    if words.1 != other.words.1 { return 16 + shared(words.1, other.words.1) }
    if words.2 != other.words.2 { return 32 + shared(words.2, other.words.2) }
    return 48 + shared(words.3, other.words.3)
  }
}
