internal import Bitcoin
package import Bytes
package import ChainTypes

/// A transaction that waits for a block.
package struct MempoolEntry: Sendable {
  package let known: KnownTransaction
  /// In satoshi.
  package let fee: UInt64
  /// When it came, in seconds since 1970, and the tip's height then.
  package let time: UInt32
  package let height: UInt32
  /// Grows with each entry, so a parent's is below its child's.
  let order: UInt64
}

/// The transactions that wait for a block, no two of which spend the same output.
package struct Mempool: Sendable {
  private(set) var entries: [Hash32: MempoolEntry] = [:]
  private var spenders: [Outpoint: Hash32] = [:]
  private var nextOrder: UInt64 = 0
  /// Bitcoin Core's `mempool_sequence`: one more with each transaction that comes, and with each
  /// that goes for another reason than a block.
  package private(set) var sequence: UInt64 = 1

  package var count: Int { entries.count }

  package subscript(txid: Hash32) -> MempoolEntry? { entries[txid] }

  /// In the order they came: each after those it spends.
  package var ordered: [MempoolEntry] {
    entries.values.sorted { $0.order < $1.order }
  }

  package func spender(of outpoint: Outpoint) -> Hash32? { spenders[outpoint] }

  func output(_ outpoint: Outpoint) -> TransactionOutput? {
    guard let outputs = entries[outpoint.txid]?.known.transaction.outputs,
      let index = Int(exactly: outpoint.vout), outputs.indices.contains(index)
    else { return nil }
    return outputs[index]
  }

  /// Adds a transaction that was checked and conflicts with none.
  mutating func insert(_ known: KnownTransaction, fee: UInt64, time: UInt32, height: UInt32) {
    entries[known.txid] = MempoolEntry(
      known: known, fee: fee, time: time, height: height, order: nextOrder)
    for input in known.transaction.inputs { spenders[input.outpoint] = known.txid }
    nextOrder += 1
    sequence += 1
  }

  /// The transactions that spend outputs of `txid`, and so on, `txid` itself first.
  func withDescendants(_ txid: Hash32) -> [Hash32] {
    guard entries[txid] != nil else { return [] }
    var found = [txid]
    var seen: Set<Hash32> = [txid]
    var next = 0
    while next < found.count {
      let parent = found[next]
      next += 1
      let outputs = entries[parent]?.known.transaction.outputs.indices ?? 0..<0
      for vout in outputs {
        guard let child = spenders[Outpoint(txid: parent, vout: UInt32(vout))],
          seen.insert(child).inserted
        else { continue }
        found.append(child)
      }
    }
    return found
  }

  /// The transactions in the mempool that `txid` builds on, without itself.
  func ancestors(of txid: Hash32) -> Set<Hash32> {
    var found: Set<Hash32> = []
    var pending = [txid]
    while let next = pending.popLast() {
      for input in entries[next]?.known.transaction.inputs ?? [] {
        let parent = input.outpoint.txid
        if entries[parent] != nil, found.insert(parent).inserted { pending.append(parent) }
      }
    }
    return found
  }

  /// The transactions that spend what `transaction` spends, with all that build on them.
  func conflicts(with transaction: Transaction) -> [Hash32] {
    var found: [Hash32] = []
    var seen: Set<Hash32> = []
    for input in transaction.inputs {
      guard let spender = spenders[input.outpoint] else { continue }
      for txid in withDescendants(spender) where seen.insert(txid).inserted { found.append(txid) }
    }
    return found
  }

  /// Takes out `txid` and what builds on it; gives what went.
  @discardableResult
  mutating func evict(_ txid: Hash32) -> [Hash32] {
    let gone = withDescendants(txid)
    for txid in gone {
      remove(txid)
      sequence += 1
    }
    return gone
  }

  /// Takes out what a block confirmed, and what its spends made impossible.
  mutating func remove(confirmedBy transactions: some Collection<KnownTransaction>) {
    guard !entries.isEmpty else { return }
    for known in transactions {
      remove(known.txid)
      for txid in conflicts(with: known.transaction) where entries[txid] != nil { evict(txid) }
    }
  }

  /// Empties the mempool of all but its counters, to fill it anew on another chain.
  mutating func removeAll(keepingSequence sequence: UInt64) {
    entries = [:]
    spenders = [:]
    self.sequence = sequence
  }

  mutating func setSequence(_ sequence: UInt64) { self.sequence = sequence }

  private mutating func remove(_ txid: Hash32) {
    guard let entry = entries.removeValue(forKey: txid) else { return }
    for input in entry.known.transaction.inputs where spenders[input.outpoint] == txid {
      spenders[input.outpoint] = nil
    }
  }
}
