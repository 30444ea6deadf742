import Bytes
import Digests
import Ethereum

/// A Merkle-Patricia trie as the yellow paper writes it down, recursive and slow: the oracle of
/// roots and proofs.
struct TextbookTrie {
  private var pairs: [[UInt8]: [UInt8]] = [:]

  init(_ pairs: [([UInt8], [UInt8])] = []) {
    for (key, value) in pairs { insert(value, under: key) }
  }

  mutating func insert(_ value: [UInt8], under key: [UInt8]) {
    pairs[key.flatMap { [$0 >> 4, $0 & 15] }] = value
  }

  var root: Hash32 { Keccak256.hash(node(pairs, at: 0).encoded) }

  /// The nodes on the path of `key` that a reference by hash leads to.
  func proof(of key: [UInt8]) -> [[UInt8]] {
    let nibbles = key.flatMap { [$0 >> 4, $0 & 15] }
    var nodes: [[UInt8]] = []
    var part = pairs
    var depth = 0
    while !part.isEmpty {
      let encoded = node(part, at: depth).encoded
      if depth == 0 || encoded.count >= 32 { nodes.append(encoded) }
      let shared = Self.shared(part.keys, from: depth)
      guard part.count > 1, nibbles.count >= depth + shared,
        part.keys.allSatisfy({
          $0[depth..<depth + shared] == nibbles[depth..<depth + shared]
        })
      else { break }
      if shared > 0 {
        depth += shared
      } else if nibbles.count == depth {
        break
      } else {
        part = part.filter { $0.key.count > depth && $0.key[depth] == nibbles[depth] }
        depth += 1
      }
    }
    return nodes
  }

  private func node(_ pairs: [[UInt8]: [UInt8]], at depth: Int) -> RLPValue {
    guard let first = pairs.first else { return .string([]) }
    if pairs.count == 1 {
      return .list([
        .string(Self.hexPrefix(first.key[depth...], isLeaf: true)), .string(first.value),
      ])
    }
    let shared = Self.shared(pairs.keys, from: depth)
    if shared > 0 {
      let path = first.key[depth..<depth + shared]
      return .list([
        .string(Self.hexPrefix(path, isLeaf: false)), reference(pairs, at: depth + shared),
      ])
    }
    var members: [RLPValue] = (0..<16).map { nibble in
      reference(
        pairs.filter { $0.key.count > depth && $0.key[depth] == nibble }, at: depth + 1)
    }
    members.append(.string(pairs.first { $0.key.count == depth }?.value ?? []))
    return .list(members)
  }

  private func reference(_ pairs: [[UInt8]: [UInt8]], at depth: Int) -> RLPValue {
    let node = node(pairs, at: depth)
    let encoded = node.encoded
    return encoded.count < 32 ? node : .string(Keccak256.hash(encoded).bytes)
  }

  /// How many nibbles all keys agree in, from `depth` on.
  private static func shared(_ keys: some Collection<[UInt8]>, from depth: Int) -> Int {
    guard let first = keys.first else { return 0 }
    var end = first.count
    for key in keys {
      end = min(end, key.count)
      while key[depth..<end] != first[depth..<end] { end -= 1 }
    }
    return end - depth
  }

  static func hexPrefix(_ nibbles: ArraySlice<UInt8>, isLeaf: Bool) -> [UInt8] {
    let flag: UInt8 = (isLeaf ? 2 : 0) + (nibbles.count % 2 == 1 ? 1 : 0)
    let all = (nibbles.count % 2 == 1 ? [flag] : [flag, 0]) + nibbles
    return stride(from: 0, to: all.count, by: 2).map { all[$0] << 4 | all[$0 + 1] }
  }
}
