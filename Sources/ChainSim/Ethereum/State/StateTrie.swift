internal import Bytes
internal import Ethereum

/// A Merkle-Patricia trie under hashed keys that never changes: an update gives another trie, which
/// shares with this one all that it doesn't touch. So a node keeps every block's state.
struct StateTrie: Sendable {
  private let top: StateTrieNode?

  /// A value for a key; nil takes the key out.
  struct Change {
    let key: Hash32
    let value: [UInt8]?
  }

  init() { top = nil }

  private init(top: StateTrieNode?) { self.top = top }

  var root: Hash32 { top?.hash ?? TrieRoot.empty }

  subscript(key: Hash32) -> [UInt8]? {
    var node = top
    while let here = node {
      switch here.shape {
      case .leaf(let value): return here.key == key ? value : nil
      case .extending(let end, let child):
        guard here.key.sharedNibbles(with: key) >= end else { return nil }
        node = child
      case .branch(let children): node = children[key.nibble(at: here.depth)]
      }
    }
    return nil
  }

  /// The nodes on the key's path from the root on, as `eth_getProof` gives them: they prove its
  /// value, or that there is none. Nodes that stand inside their parents don't come on their own.
  func proof(of key: Hash32) -> [[UInt8]] {
    var nodes: [[UInt8]] = []
    var node = top
    while let here = node {
      if nodes.isEmpty || !here.isEmbedded { nodes.append(here.encoded) }
      switch here.shape {
      case .leaf: node = nil
      case .extending(let end, let child):
        node = here.key.sharedNibbles(with: key) >= end ? child : nil
      case .branch(let children): node = children[key.nibble(at: here.depth)]
      }
    }
    return nodes
  }

  /// The trie after these changes, which have each key once. Every node on their paths is written
  /// and hashed once, however many of them pass through it.
  func updating(_ changes: [Change]) -> StateTrie {
    let sorted = changes.sorted { $0.key < $1.key }
    return StateTrie(top: Self.merge(top, sorted[...], depth: 0))
  }
}

// Updating. Changes are sorted; they, and the node they go to, agree in their first `depth`
// nibbles.
extension StateTrie {
  private typealias Node = StateTrieNode

  private static func merge(
    _ node: Node?, _ changes: ArraySlice<Change>, depth: Int
  ) -> Node? {
    guard let first = changes.first, let last = changes.last else { return node }
    guard let node else { return build(changes.filter { $0.value != nil }[...], depth: depth) }
    switch node.shape {
    case .leaf(let value):
      var all = changes.filter { $0.value != nil }
      if !changes.contains(where: { $0.key == node.key }) {
        let place = all.firstIndex { node.key < $0.key } ?? all.endIndex
        all.insert(Change(key: node.key, value: value), at: place)
      }
      return build(all[...], depth: depth)
    case .extending(let end, let child):
      // What the first and the last share with the path, all between them share.
      let shared = min(
        first.key.sharedNibbles(with: node.key), last.key.sharedNibbles(with: node.key))
      if shared >= end {
        return merge(child, changes, depth: end)?.lifted(to: depth)
      }
      var children = [Node?](repeating: nil, count: 16)
      children[node.key.nibble(at: shared)] = child.lifted(to: shared + 1)
      return mergeBranch(children, changes, depth: shared)?.lifted(to: depth)
    case .branch(let children):
      return mergeBranch(children, changes, depth: depth)
    }
  }

  private static func mergeBranch(
    _ old: [Node?], _ changes: ArraySlice<Change>, depth: Int
  ) -> Node? {
    var children = old
    forEachNibble(of: changes, depth: depth) { nibble, part in
      children[nibble] = merge(children[nibble], part, depth: depth + 1)
    }
    return branch(children, depth: depth)
  }

  /// A node over values alone.
  private static func build(_ values: ArraySlice<Change>, depth: Int) -> Node? {
    guard let first = values.first, let last = values.last else { return nil }
    if values.count == 1 {
      return Node(key: first.key, depth: depth, shape: .leaf(value: first.value ?? []))
    }
    let shared = first.key.sharedNibbles(with: last.key)
    var children = [Node?](repeating: nil, count: 16)
    forEachNibble(of: values, depth: shared) { nibble, part in
      children[nibble] = build(part, depth: shared + 1)
    }
    return branch(children, depth: shared)?.lifted(to: depth)
  }

  /// A branch over what is left of its children: none, or a lone one, make no branch.
  private static func branch(_ children: [Node?], depth: Int) -> Node? {
    let present = children.compactMap { $0 }
    guard let first = present.first else { return nil }
    guard present.count > 1 else { return first.lifted(to: depth) }
    return Node(key: first.key, depth: depth, shape: .branch(children))
  }

  private static func forEachNibble(
    of changes: ArraySlice<Change>, depth: Int, _ body: (Int, ArraySlice<Change>) -> Void
  ) {
    var start = changes.startIndex
    while start < changes.endIndex {
      let nibble = changes[start].key.nibble(at: depth)
      var end = start + 1
      while end < changes.endIndex, changes[end].key.nibble(at: depth) == nibble { end += 1 }
      body(nibble, changes[start..<end])
      start = end
    }
  }
}
