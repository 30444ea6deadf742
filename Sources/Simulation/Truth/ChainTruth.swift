internal import Bytes
internal import ChainTypes

/// A movement of value as its chain itself has it.
struct TrueTransfer: Hashable, Sendable {
  let key: TransferKey
  /// The script that it pays; on EVM chains an account's 20 bytes.
  let recipient: [UInt8]
  /// A token's, as rows have it; empty for the chain's own coin.
  let contract: String
  let value: UInt256
  var isCoinbase = false
  /// Nothing moved: its transaction was undone.
  var hasFailed = false
  /// A call inside a transaction moved it, of which traces tell and no root.
  var isInner = false
  /// The account that it left, where coins are balances.
  var sender: [UInt8]?
}

/// A transaction that an account signed, where coins are balances.
struct TrueSending: Sendable {
  let txid: Hash32
  let sender: [UInt8]
  let nonce: UInt64
  /// All that the chain took for it, in its own coin.
  let fee: UInt256
}

/// What tells a movement from all others on its chain.
struct TransferKey: Hashable, Sendable {
  let txid: Hash32
  /// As rows have it.
  let position: String
}

/// A block of any chain, as far as it concerns those who are paid.
struct TrueBlock: Sendable {
  let ref: BlockRef
  let parent: Hash32
  /// Seconds since 1970.
  let time: Int64
  let transfers: [TrueTransfer]
  var sent: [TrueSending] = []
  /// The proof that one of its transactions stands in it, where such are kept.
  let proof: @Sendable (_ txid: Hash32) -> StoredState.Proof?
}

/// All that ever was on a simulated chain, gathered from the nodes themselves: blocks of every
/// branch, and movements whether or not they are in one.
struct ChainTruth: Sendable {
  private var blocks: [Hash32: TrueBlock] = [:]
  /// All forms in which a movement has ever been: an EVM transaction does what its block has it do.
  private(set) var forms: [TransferKey: Set<TrueTransfer>] = [:]
  /// What transactions spend, where coins are outputs; a coinbase spends nothing.
  var inputs: [Hash32: [Outpoint]] = [:]
  /// The highest blocks that each node has called final, none of them above another.
  private var finalized: [Int: [Hash32]] = [:]

  func knows(_ block: Hash32) -> Bool { blocks[block] != nil }

  func block(_ hash: Hash32) -> TrueBlock? { blocks[hash] }

  mutating func learn(_ block: TrueBlock) {
    blocks[block.ref.hash] = block
    for transfer in block.transfers { learn(transfer) }
  }

  mutating func learn(_ transfer: TrueTransfer) {
    forms[transfer.key, default: []].insert(transfer)
  }

  /// A node calls a block final, which it has shown before.
  mutating func learn(final block: Hash32, at node: Int) {
    let known = finalized[node] ?? []
    guard !known.contains(where: { isAncestor(block, of: $0) }) else { return }
    finalized[node] = known.filter { !isAncestor($0, of: block) } + [block]
  }

  /// How many nodes have ever called the block final.
  func finalVotes(for block: Hash32) -> Int {
    finalized.values.count { $0.contains { isAncestor(block, of: $0) } }
  }

  private func isAncestor(_ block: Hash32, of descendant: Hash32) -> Bool {
    guard let height = blocks[block]?.ref.height else { return false }
    var cursor = blocks[descendant]
    while let here = cursor, here.ref.height > height { cursor = blocks[here.parent] }
    return cursor?.ref.hash == block
  }

  /// The chain that ends in `tip`, genesis first; nil where no node ever had that block.
  func branch(to tip: Hash32) -> [TrueBlock]? {
    var branch: [TrueBlock] = []
    var next = tip
    while let block = blocks[next] {
      branch.append(block)
      if block.ref.height == 0 { return branch.reversed() }
      next = block.parent
    }
    return nil
  }

  /// The height of the last block that the chains to `a` and `b` share.
  func forkHeight(_ a: Hash32, _ b: Hash32) -> UInt32? {
    guard var a = blocks[a], var b = blocks[b] else { return nil }
    while a.ref.hash != b.ref.hash {
      let lower = a.ref.height >= b.ref.height ? a : b
      guard let parent = blocks[lower.parent] else { return nil }
      if a.ref.height >= b.ref.height { a = parent } else { b = parent }
    }
    return a.ref.height
  }
}
