package import Bytes
internal import Digests

/// Why a run of trie nodes proves nothing. Nodes count from the root, which is 0.
package enum TrieProofError: Error, Hashable, Sendable {
  /// The path goes on, and no node is left.
  case missingNode(Int)
  /// The path has ended, and nodes are left.
  case unusedNodes(from: Int)
  /// A node isn't the one its parent names.
  case hash(node: Int, expected: Hash32, found: Hash32)
  case encoding(node: Int, RLPError)
  /// A list that is no node: neither a branch of 17 items nor a leaf or extension of two, a branch
  /// of less than two children, a path that isn't strict hex-prefix, a child that is no reference.
  case notANode(Int)
}

/// Looks a key up in a Merkle-Patricia trie of which only the nodes on the key's path are known,
/// as `eth_getProof` (EIP-1186) gives them.
package enum TrieProof {
  /// The value under `key` in the trie with that root; nil where the nodes prove that there is
  /// none.
  ///
  /// - Parameters:
  ///   - key: as it stands in the trie, so hashed where the trie is one of hashed keys
  ///   - proof: the nodes' encodings from the root on, all of which must be needed
  package static func verify(
    root: Hash32, key: [UInt8], proof: [[UInt8]]
  ) throws(TrieProofError) -> [UInt8]? {
    // The root of an empty trie names no node; some nodes send its encoding, some send none.
    if root == TrieRoot.empty, proof.isEmpty || proof == [[0x80]] { return nil }
    var rest = key.flatMap { [$0 >> 4, $0 & 0x0f] }[...]
    var used = 0
    var reference = Child.hash(root)
    while true {
      let encoded: [UInt8]
      switch reference {
      case .none:
        return try finish(nil, used: used, of: proof)
      case .embedded(let node): encoded = node
      case .hash(let hash):
        guard used < proof.count else { throw .missingNode(used) }
        encoded = proof[used]
        let found = Keccak256.hash(encoded)
        guard found == hash else { throw .hash(node: used, expected: hash, found: found) }
        used += 1
      }
      // Every step takes at least one nibble of the key, so there is an end.
      switch try Node(encoded, number: used - 1) {
      case .branch(let children, let value):
        guard let nibble = rest.popFirst() else {
          return try finish(value.isEmpty ? nil : value, used: used, of: proof)
        }
        reference = children[Int(nibble)]
      case .leaf(let path, let value):
        return try finish(path[...] == rest ? value : nil, used: used, of: proof)
      case .extending(let path, let child):
        guard rest.starts(with: path) else { return try finish(nil, used: used, of: proof) }
        rest = rest.dropFirst(path.count)
        reference = child
      }
    }
  }

  /// The item at `index` of a block's list with that root, whose key is rlp(index); nil where the
  /// nodes prove that the list is shorter.
  package static func verify(
    root: Hash32, index: UInt32, proof: [[UInt8]]
  ) throws(TrieProofError) -> [UInt8]? {
    var key = RLPWriter()
    key.append(UInt64(index))
    return try verify(root: root, key: key.bytes, proof: proof)
  }

  private static func finish(
    _ value: [UInt8]?, used: Int, of proof: [[UInt8]]
  ) throws(TrieProofError) -> [UInt8]? {
    guard used == proof.count else { throw .unusedNodes(from: used) }
    return value
  }
}

extension TrieProof {
  fileprivate enum Child {
    case none
    case hash(Hash32)
    case embedded([UInt8])
  }

  fileprivate enum Node {
    case branch(children: [Child], value: [UInt8])
    case leaf(path: [UInt8], value: [UInt8])
    case extending(path: [UInt8], child: Child)

    init(_ encoded: [UInt8], number: Int) throws(TrieProofError) {
      do {
        let bytes = encoded.span.bytes
        var reader = try RLPReader(list: bytes)
        var items: [RLPItem] = []
        while !reader.isAtEnd, items.count < 18 { items.append(try reader.readItem()) }
        guard let node = try Node(items, in: encoded) else {
          throw TrieProofError.notANode(number)
        }
        self = node
      } catch let error as RLPError {
        throw .encoding(node: number, error)
      } catch {
        throw .notANode(number)
      }
    }

    private init?(_ items: [RLPItem], in bytes: [UInt8]) throws(RLPError) {
      switch items.count {
      case 17:
        var children: [Child] = []
        for item in items.dropLast() {
          guard let child = try Child(item, in: bytes) else { return nil }
          children.append(child)
        }
        guard !items[16].isList else { return nil }
        let value = Array(bytes[items[16].payload])
        let count = children.count { if case .none = $0 { false } else { true } }
        guard count + (value.isEmpty ? 0 : 1) >= 2 else { return nil }
        self = .branch(children: children, value: value)
      case 2:
        guard !items[0].isList, let path = HexPrefix.decode(Array(bytes[items[0].payload])) else {
          return nil
        }
        if path.isLeaf {
          guard !items[1].isList, !items[1].payload.isEmpty else { return nil }
          self = .leaf(path: path.nibbles, value: Array(bytes[items[1].payload]))
        } else {
          guard !path.nibbles.isEmpty, let child = try Child(items[1], in: bytes) else {
            return nil
          }
          if case .none = child { return nil }
          self = .extending(path: path.nibbles, child: child)
        }
      default: return nil
      }
    }
  }
}

extension TrieProof.Child {
  /// Nil where the item is no reference: a string of 32 bytes, none, or a node under 32 bytes.
  fileprivate init?(_ item: RLPItem, in bytes: [UInt8]) throws(RLPError) {
    if item.isList {
      guard item.encoded.count < 32 else { return nil }
      let node = Array(bytes[item.encoded])
      _ = try RLPItem(validating: node.span.bytes)
      self = .embedded(node)
    } else if item.payload.isEmpty {
      self = .none
    } else if let hash = Hash32(Array(bytes[item.payload])) {
      self = .hash(hash)
    } else {
      return nil
    }
  }
}
