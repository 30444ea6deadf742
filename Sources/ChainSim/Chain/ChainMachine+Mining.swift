package import Bitcoin
package import Bytes
internal import ChainTypes
internal import NodeRPC

/// Which of the mempool's transactions a new block takes.
package enum BlockContent: Hashable, Sendable {
  /// All that fit, in the order they came.
  case all
  case none
  /// These, and those they build on.
  case only([Hash32])
}

extension ChainMachine {
  /// Leaves room for the header and the coinbase.
  private static let maximumContentWeight = TransactionLimits.maximumWeight - 8_000

  /// Mines one block on the tip. `time` is now; the header's time lies above the median of eleven.
  package mutating func mine(
    _ content: BlockContent = .all, to scriptPubKey: [UInt8] = Faucet.scriptPubKey, time: UInt32
  ) throws(ChainSimError) -> StoredBlock {
    let entries = try select(content)
    let fees = entries.reduce(UInt64(0)) { $0 + $1.fee }
    let block = make(
      entries.map(\.known.transaction), on: tip, to: scriptPubKey,
      value: Subsidy.satoshi(at: tip.height + 1) + fees, time: time)
    guard attach(block, time: time) == .connected else {
      throw .blockRefused(block.hash, reason: "not valid on the tip")
    }
    return block
  }

  /// Mines `count` blocks on the active chain's block `depth` below the tip, as another miner would
  /// who didn't see what came after. `transactions` go into the first of them, parents first.
  ///
  /// With more blocks than `depth` the new branch becomes active.
  package mutating func fork(
    depth: UInt32, blocks count: UInt32, including transactions: [Transaction] = [],
    to scriptPubKey: [UInt8] = Faucet.scriptPubKey, time: UInt32
  ) throws(ChainSimError) -> [StoredBlock] {
    guard depth <= tip.height, var parent = block(at: tip.height - depth) else {
      throw .forkTooDeep(depth: depth, height: tip.height)
    }
    var blocks: [StoredBlock] = []
    for index in 0..<count {
      // Whether the content is valid there shows only on connecting, so no fees are claimed.
      let block = make(
        index == 0 ? transactions : [], on: parent, to: scriptPubKey,
        value: Subsidy.satoshi(at: parent.height + 1), time: time)
      if case .invalid(let reason) = attach(block, time: time) {
        throw .blockRefused(block.hash, reason: reason)
      }
      blocks.append(block)
      parent = block
    }
    return blocks
  }

  /// Mines a block with exactly these transactions on the tip, fees unclaimed.
  package mutating func mine(
    exactly transactions: [Transaction], to scriptPubKey: [UInt8] = Faucet.scriptPubKey,
    time: UInt32
  ) throws(ChainSimError) -> StoredBlock {
    guard
      let block = try fork(
        depth: 0, blocks: 1, including: transactions, to: scriptPubKey, time: time
      ).first
    else { throw .forkTooDeep(depth: 0, height: tip.height) }
    return block
  }

  /// Mines a block with these transactions on the tip, whether or not they can be: no node that
  /// checks everything would take it.
  package mutating func mine(
    unchecked transactions: [Transaction], time: UInt32
  ) throws(ChainSimError) -> StoredBlock {
    let block = make(
      transactions, on: tip, to: Faucet.scriptPubKey, value: Subsidy.satoshi(at: tip.height + 1),
      time: time)
    guard attach(block, time: time, isUnchecked: true) == .connected else {
      throw .blockRefused(block.hash, reason: "not valid on the tip")
    }
    return block
  }

  /// A block that would follow the tip if its hash met its target; the same for the same tip.
  func unprovenChild() -> StoredBlock {
    let coinbase = Transaction.coinbase(
      height: tip.height + 1, extra: [0x00],
      outputs: [TransactionOutput(value: 0, scriptPubKey: Faucet.scriptPubKey)])
    var block = Block.assemble(
      previousBlockHash: tip.hash, time: tip.header.time + 1, bits: tip.header.bits,
      transactions: [coinbase])
    let target = (try? CompactTarget(block.header.bits).target) ?? .zero
    while block.hash.littleEndianNumber <= target { block.header.nonce &+= 1 }
    return store(block, hash: block.hash, on: tip)
  }

  private func select(_ content: BlockContent) throws(ChainSimError) -> [MempoolEntry] {
    switch content {
    case .none: return []
    case .all: return fitting(mempool.ordered)
    case .only(let txids):
      var wanted: Set<Hash32> = []
      for txid in txids {
        guard mempool[txid] != nil else { throw .notInMempool(txid) }
        wanted.insert(txid)
        wanted.formUnion(mempool.ancestors(of: txid))
      }
      return fitting(mempool.ordered.filter { wanted.contains($0.known.txid) })
    }
  }

  /// As many as a block can hold, without any whose parent was left out.
  private func fitting(_ entries: [MempoolEntry]) -> [MempoolEntry] {
    var chosen: [MempoolEntry] = []
    var included: Set<Hash32> = []
    var weight = 0
    for entry in entries {
      let inputs = entry.known.transaction.inputs
      let isComplete = inputs.allSatisfy {
        mempool[$0.outpoint.txid] == nil || included.contains($0.outpoint.txid)
      }
      guard isComplete, weight + 4 * entry.known.vsize <= Self.maximumContentWeight else {
        continue
      }
      weight += 4 * entry.known.vsize
      included.insert(entry.known.txid)
      chosen.append(entry)
    }
    return chosen
  }

  private mutating func make(
    _ transactions: [Transaction], on parent: StoredBlock, to scriptPubKey: [UInt8],
    value: UInt64, time: UInt32
  ) -> StoredBlock {
    // Random bytes keep two nodes' blocks, and two of one parent, apart.
    var extra: [UInt8] = [0x08]
    extra.append(littleEndian: random.next())
    let coinbase = Transaction.coinbase(
      height: parent.height + 1, extra: extra,
      outputs: [TransactionOutput(value: value, scriptPubKey: scriptPubKey)])
    let header = BlockHeader(
      version: 0x2000_0000, previousBlockHash: parent.hash, merkleRoot: .zero,
      time: max(time, parent.medianTime + 1), bits: parent.header.bits, nonce: 0)
    var block = Block(header: header, transactions: [coinbase] + transactions)
    block.commitToWitnesses()
    block.header.merkleRoot = block.merkleRoot
    _ = block.header.findNonce()
    return store(block, hash: block.hash, on: parent)
  }
}
