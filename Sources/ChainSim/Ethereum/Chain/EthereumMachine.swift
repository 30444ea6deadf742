package import Addresses
package import Bytes
internal import Ethereum

/// An EVM node's state: the tree of blocks, the canonical chain, the mempool, the tags.
///
/// A value: copying it copies the node, and the same calls with the same times and seed lead to the
/// same hashes. Blocks and transactions follow the rules of Prague, except that nothing runs but
/// the built-in contracts, and that the higher block is the head where a real node is told by its
/// consensus layer.
package struct EthereumMachine: Sendable {
  package let options: EthereumChainOptions
  private var blocks: [Hash32: SimulatedEthereumBlock]
  /// By number.
  package private(set) var canonical: [SimulatedEthereumBlock]
  package var mempool = EthereumMempool()
  /// The canonical block in which each transaction stands.
  private var blockOfTransaction: [Hash32: Hash32] = [:]
  package private(set) var safe: SimulatedEthereumBlock
  package private(set) var finalized: SimulatedEthereumBlock
  var random: SplitMix64
  var nextWithdrawalIndex: UInt64 = 0

  package init(options: EthereumChainOptions = EthereumChainOptions(), seed: UInt64) {
    let genesis = EthereumGenesis.block(options)
    self.options = options
    blocks = [genesis.hash: genesis]
    canonical = [genesis]
    safe = genesis
    finalized = genesis
    random = SplitMix64(seed: seed)
  }

  package var head: SimulatedEthereumBlock { canonical[canonical.count - 1] }

  package var genesis: SimulatedEthereumBlock { canonical[0] }

  package func block(_ hash: Hash32) -> SimulatedEthereumBlock? { blocks[hash] }

  /// The canonical block of that number.
  package func block(at number: UInt64) -> SimulatedEthereumBlock? {
    guard let index = Int(exactly: number), index < canonical.count else { return nil }
    return canonical[index]
  }

  package func isCanonical(_ block: SimulatedEthereumBlock) -> Bool {
    self.block(at: block.number)?.hash == block.hash
  }

  /// Where a transaction stands in the canonical chain.
  package func place(
    of transaction: Hash32
  ) -> (block: SimulatedEthereumBlock, index: Int)? {
    guard let hash = blockOfTransaction[transaction], let block = blocks[hash],
      let index = block.transactions.firstIndex(where: { $0.hash == transaction })
    else { return nil }
    return (block, index)
  }

  /// The nonce that the account's next transaction has, behind those that wait.
  package func nextNonce(of account: EthereumAddress) -> UInt64 {
    mempool.nextNonce(of: account, from: head.state.account(account).nonce)
  }
}

// Taking blocks.
extension EthereumMachine {
  /// Takes a block that another node of the same chain has made; a higher one becomes the head,
  /// unless it would undo what is finalized.
  package mutating func accept(_ block: SimulatedEthereumBlock) -> BlockAcceptance {
    if blocks[block.hash] != nil { return .known }
    guard blocks[block.header.parentHash] != nil else {
      return .missingParent(block.header.parentHash)
    }
    blocks[block.hash] = block
    guard block.number > head.number, descendsFromFinalized(block) else { return .sideBranch }
    setHead(block)
    return .connected
  }

  /// Keeps a block that was made here, without making it the head.
  mutating func store(_ block: SimulatedEthereumBlock) { blocks[block.hash] = block }

  func descendsFromFinalized(_ block: SimulatedEthereumBlock) -> Bool {
    var cursor: SimulatedEthereumBlock? = block
    while let here = cursor, here.number > finalized.number, !isCanonical(here) {
      cursor = blocks[here.header.parentHash]
    }
    return cursor.map { $0.number > finalized.number || $0.hash == finalized.hash } ?? false
  }

  /// Makes a known block the head, and brings mempool and tags after it. What stood in blocks that
  /// left the chain waits again, but for `dropped`.
  mutating func setHead(_ block: SimulatedEthereumBlock, dropping dropped: Set<Hash32> = []) {
    var branch: [SimulatedEthereumBlock] = []
    var cursor = block
    while !isCanonical(cursor), let parent = blocks[cursor.header.parentHash] {
      branch.append(cursor)
      cursor = parent
    }
    var left: [KnownEthereumTransaction] = []
    while head.number > cursor.number {
      let gone = canonical.removeLast()
      left.insert(contentsOf: gone.transactions, at: 0)
      for known in gone.transactions { blockOfTransaction[known.hash] = nil }
    }
    for next in branch.reversed() {
      canonical.append(next)
      for known in next.transactions {
        blockOfTransaction[known.hash] = next.hash
        mempool.remove(known.hash)
      }
      mempool.removeUsed(Set(next.transactions.map(\.sender)), in: next.state)
    }
    for known in left where blockOfTransaction[known.hash] == nil {
      guard !dropped.contains(known.hash), mempool.rival(of: known) == nil else { continue }
      _ = try? admit(known)
    }
    moveTags()
  }

  /// Tags move on with the head. Where the block they name has left the chain, the one that stands
  /// there now has the tag.
  private mutating func moveTags() {
    func tagged(_ old: SimulatedEthereumBlock, depth: UInt64) -> SimulatedEthereumBlock {
      let due = head.number - min(depth, head.number)
      let number = min(max(due, old.number), head.number)
      return block(at: number) ?? old
    }
    safe = tagged(safe, depth: options.safeDepth)
    finalized = tagged(finalized, depth: options.finalizedDepth)
  }

  /// Moves the tags by hand, up the chain; numbers above the head mean the head.
  package mutating func finalize(_ finalizedNumber: UInt64, safe safeNumber: UInt64) {
    let last = head.number
    if let block = block(at: min(max(finalizedNumber, finalized.number), last)) {
      finalized = block
    }
    if let block = block(at: min(max(safeNumber, safe.number, finalized.number), last)) {
      safe = block
    }
  }
}

// Taking transactions.
extension EthereumMachine {
  /// Takes a transaction into the mempool, in place of one with its nonce where it pays a tenth
  /// more; gives the one it replaced.
  @discardableResult
  package mutating func accept(
    _ known: KnownEthereumTransaction
  ) throws(EthereumRefusal) -> Hash32? {
    guard mempool[known.hash] == nil else { throw .alreadyKnown }
    return try admit(known)
  }

  @discardableResult
  private mutating func admit(
    _ known: KnownEthereumTransaction
  ) throws(EthereumRefusal) -> Hash32? {
    let gas = max(
      GasSchedule.intrinsic(known.transaction), GasSchedule.floor(known.transaction))
    try EthereumRefusal.check(
      known, account: head.state.account(known.sender), gas: gas,
      l1Attributes: head.l1Attributes, options: options)
    let rival = mempool.rival(of: known)
    if let rival {
      guard Self.isTenthMore(known.caps.maxFeePerGas, than: rival.caps.maxFeePerGas),
        Self.isTenthMore(known.caps.maxPriorityFeePerGas, than: rival.caps.maxPriorityFeePerGas)
      else { throw .replacementUnderpriced }
    }
    mempool.insert(known)
    return rival?.hash
  }

  private static func isTenthMore(_ new: UInt256, than old: UInt256) -> Bool {
    new.timesWord(10) >= old.timesWord(11)
  }
}
