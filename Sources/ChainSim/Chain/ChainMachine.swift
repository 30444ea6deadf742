package import Bitcoin
package import Bytes
package import ChainTypes
internal import NodeRPC

/// A regtest node's state: the tree of blocks, the active chain with its UTXO set, the mempool.
///
/// A value: copying it copies the node, and the same calls with the same times and seed lead to
/// the same hashes. Everything is checked as Bitcoin Core does, but for scripts and signatures
/// (any input may spend any output), relative lock times and the cap on signature operations.
package struct ChainMachine: Sendable {
  private(set) var entries: [Hash32: Entry]
  /// By height.
  private(set) var activeChain: [StoredBlock]
  private(set) var coins = CoinSet()
  package internal(set) var mempool = Mempool()
  var random: SplitMix64
  /// What connecting a block of the active chain spent.
  private var undo: [Hash32: [CoinSet.Spent]] = [:]
  /// The block in which each transaction was last connected, even where it is stale now.
  private(set) var blockOfTransaction: [Hash32: Hash32] = [:]
  private var nextArrival: UInt64 = 1

  struct Entry: Sendable {
    let block: StoredBlock
    /// Of blocks with equal work, the one that came first wins.
    let arrival: UInt64
    /// By its own fault, an ancestor's, or an operator's word.
    var isInvalid = false
    /// Whether its transactions were ever checked on the UTXO set.
    var wasConnected = false
    /// Its transactions count whatever they spend.
    var isUnchecked = false
  }

  package init(seed: UInt64) {
    let genesis = RegtestGenesis.block
    entries = [genesis.hash: Entry(block: genesis, arrival: 0, wasConnected: true)]
    activeChain = [genesis]
    random = SplitMix64(seed: seed)
  }

  package var tip: StoredBlock { activeChain[activeChain.count - 1] }

  package var genesis: StoredBlock { activeChain[0] }

  package func block(_ hash: Hash32) -> StoredBlock? { entries[hash]?.block }

  package func block(at height: UInt32) -> StoredBlock? {
    guard let index = Int(exactly: height), index < activeChain.count else { return nil }
    return activeChain[index]
  }

  package func isActive(_ block: StoredBlock) -> Bool {
    self.block(at: block.height)?.hash == block.hash
  }

  package func coin(_ outpoint: Outpoint) -> Coin? { coins[outpoint] }
}

// Taking blocks.
extension ChainMachine {
  /// Takes a block from a peer or an operator. `time` is now, in seconds since 1970.
  package mutating func accept(_ block: Block, time: UInt32) -> BlockAcceptance {
    let hash = block.hash
    if let entry = entries[hash] { return entry.isInvalid ? .invalid("duplicate-invalid") : .known }
    guard let parent = entries[block.header.previousBlockHash] else {
      return .missingParent(block.header.previousBlockHash)
    }
    if parent.isInvalid { return .invalid("bad-prevblk") }
    if let reason = BlockChecks.refusal(of: block, on: parent.block) { return .invalid(reason) }
    let stored = store(block, hash: hash, on: parent.block)
    return attach(stored, time: time)
  }

  /// Takes a block that was made here, and so needs no checks but those of its transactions.
  mutating func attach(
    _ block: StoredBlock, time: UInt32, isUnchecked: Bool = false
  ) -> BlockAcceptance {
    entries[block.hash] = Entry(block: block, arrival: nextArrival, isUnchecked: isUnchecked)
    nextArrival += 1
    guard block.chainWork > tip.chainWork else { return .sideBranch }
    activate(block, time: time)
    if let entry = entries[block.hash], entry.isInvalid {
      return .invalid("bad-txns")
    }
    return isActive(block) ? .connected : .sideBranch
  }

  func store(_ block: Block, hash: Hash32, on parent: StoredBlock) -> StoredBlock {
    let work = (try? CompactTarget(block.header.bits).work) ?? .zero
    return StoredBlock(
      header: block.header, transactions: block.transactions.map { KnownTransaction($0) },
      hash: hash, height: parent.height + 1,
      chainWork: parent.chainWork.addingReportingOverflow(work).sum,
      medianTime: medianTime(ofHeaderAt: block.header.time, on: parent))
  }

  private func medianTime(ofHeaderAt time: UInt32, on parent: StoredBlock) -> UInt32 {
    var times = [time]
    var cursor: StoredBlock? = parent
    while let block = cursor, times.count < 11 {
      times.append(block.header.time)
      cursor = self.block(block.header.previousBlockHash)
    }
    times.sort()
    return times[times.count / 2]
  }
}

// Choosing the active chain.
extension ChainMachine {
  /// `invalidateblock`: this block and all after it no longer count.
  package mutating func invalidate(_ hash: Hash32, time: UInt32) throws(ChainSimError) {
    guard let block = block(hash) else { throw .unknownBlock(hash) }
    guard block.height > 0 else {
      throw .blockRefused(hash, reason: "the genesis block stays valid")
    }
    markInvalid(block)
    activate(nil, time: time)
  }

  /// `reconsiderblock`: takes `invalidate` back, for the block's ancestors and descendants too.
  package mutating func reconsider(_ hash: Hash32, time: UInt32) throws(ChainSimError) {
    guard let block = block(hash) else { throw .unknownBlock(hash) }
    for other in entries.keys {
      guard let entry = entries[other], entry.isInvalid else { continue }
      if isAncestor(block, of: entry.block) || isAncestor(entry.block, of: block) {
        entries[other]?.isInvalid = false
      }
    }
    activate(nil, time: time)
  }

  private func isAncestor(_ ancestor: StoredBlock, of block: StoredBlock) -> Bool {
    var cursor: StoredBlock? = block
    while let found = cursor, found.height > ancestor.height {
      cursor = self.block(found.header.previousBlockHash)
    }
    return cursor?.hash == ancestor.hash
  }

  private mutating func markInvalid(_ block: StoredBlock) {
    let hashes = entries.values.filter { isAncestor(block, of: $0.block) }.map(\.block.hash)
    for hash in hashes { entries[hash]?.isInvalid = true }
  }

  /// The valid block with the most work, and of equals the one that came first.
  private var best: StoredBlock {
    var best = Entry(block: genesis, arrival: 0)
    for entry in entries.values where !entry.isInvalid {
      let isBetter =
        entry.block.chainWork == best.block.chainWork
        ? entry.arrival < best.arrival : entry.block.chainWork > best.block.chainWork
      if isBetter { best = entry }
    }
    return best.block
  }

  /// Makes `hint`, where it is known to be best, or else the best block the tip, and brings the
  /// mempool after it. A block whose transactions don't fit turns out invalid on the way.
  private mutating func activate(_ hint: StoredBlock?, time: UInt32) {
    var disconnected: [KnownTransaction] = []
    var target = hint ?? best
    while target.hash != tip.hash {
      var branch: [StoredBlock] = []
      var cursor = target
      while !isActive(cursor), let parent = block(cursor.header.previousBlockHash) {
        branch.append(cursor)
        cursor = parent
      }
      while tip.height > cursor.height {
        disconnected.insert(contentsOf: disconnectTip(), at: 0)
      }
      for next in branch.reversed() where connect(next) != nil {
        markInvalid(next)
        break
      }
      if tip.hash != target.hash { target = best }
    }
    if !disconnected.isEmpty { refillMempool(disconnected: disconnected, time: time) }
  }

  /// Gives the transactions of the block that was the tip, without its coinbase.
  private mutating func disconnectTip() -> ArraySlice<KnownTransaction> {
    let block = activeChain.removeLast()
    coins.undo(block.transactions, spent: undo.removeValue(forKey: block.hash) ?? [])
    return block.transactions.dropFirst()
  }

  /// Makes a child of the tip the tip, or says which rule its transactions break.
  private mutating func connect(_ block: StoredBlock) -> String? {
    var spent: [CoinSet.Spent] = []
    var done = 0
    var reason: String?
    var fees: UInt64 = 0
    let isUnchecked = entries[block.hash]?.isUnchecked ?? false
    for known in block.transactions {
      if isUnchecked {
        spent += known.transaction.inputs.compactMap { coins.spend($0.outpoint) }
        coins.addOutputs(of: known, height: block.height)
        continue
      }
      do throws(TransactionRefusal) {
        if !known.transaction.isCoinbase {
          fees += try spend(known, in: block, spent: &spent)
        }
        coins.addOutputs(of: known, height: block.height)
        done += 1
      } catch {
        reason = error.reason
        break
      }
    }
    let limit = Subsidy.satoshi(at: block.height) + fees
    let claimed = block.transactions[0].transaction.outputs.reduce(0) { $0 + $1.value }
    if reason == nil, claimed > limit { reason = "bad-cb-amount" }
    if let reason {
      coins.undo(block.transactions.prefix(done), spent: spent)
      return reason
    }
    activeChain.append(block)
    undo[block.hash] = spent
    entries[block.hash]?.wasConnected = true
    for known in block.transactions { blockOfTransaction[known.txid] = block.hash }
    mempool.remove(confirmedBy: block.transactions)
    return nil
  }

  /// Takes the coins of a transaction out of the UTXO set and gives its fee in satoshi; those taken
  /// are in `spent` also where it fails.
  private mutating func spend(
    _ known: KnownTransaction, in block: StoredBlock, spent: inout [CoinSet.Spent]
  ) throws(TransactionRefusal) -> UInt64 {
    let parentMedian = activeChain[activeChain.count - 1].medianTime
    guard known.transaction.isFinal(height: block.height, medianTime: parentMedian) else {
      throw .rule("bad-txns-nonfinal")
    }
    var value: UInt64 = 0
    for input in known.transaction.inputs {
      guard let coin = coins.spend(input.outpoint) else { throw .missingInputs }
      spent.append(coin)
      guard coin.coin.isMature(inBlockAt: block.height) else {
        throw .rule("bad-txns-premature-spend-of-coinbase")
      }
      value += coin.coin.output.value
    }
    let paid = known.transaction.outputs.reduce(0) { $0 + $1.value }
    guard paid <= value else { throw .rule("bad-txns-in-belowout") }
    return value - paid
  }
}
