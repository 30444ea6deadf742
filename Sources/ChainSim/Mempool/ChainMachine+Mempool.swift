internal import Bitcoin
package import Bytes
internal import ChainTypes

// Taking transactions.
extension ChainMachine {
  /// Satoshi for 1,000 virtual bytes below which nothing is relayed (Bitcoin Core 30's default),
  /// and which a replacement must add to the fees of what it replaces.
  static let minimumFeeRate: UInt64 = 100

  /// What checking a transaction found.
  struct Admission {
    /// In satoshi.
    let fee: UInt64
    /// What has to leave the mempool for it.
    let replaced: [Hash32]
  }

  /// Takes a transaction into the mempool; gives those it replaced, with what built on them.
  @discardableResult
  package mutating func accept(
    _ known: KnownTransaction, time: UInt32
  ) throws(TransactionRefusal) -> [Hash32] {
    let admission = try check(known)
    for txid in admission.replaced where mempool[txid] != nil { mempool.evict(txid) }
    mempool.insert(known, fee: admission.fee, time: time, height: tip.height)
    return admission.replaced
  }

  /// Whether the mempool would take a transaction.
  func check(_ known: KnownTransaction) throws(TransactionRefusal) -> Admission {
    let transaction = known.transaction
    guard !transaction.isCoinbase else { throw .rule("coinbase") }
    guard !transaction.inputs.isEmpty, !transaction.outputs.isEmpty else {
      throw .rule("bad-txns-vin-empty")
    }
    let nextHeight = tip.height + 1
    guard transaction.isFinal(height: nextHeight, medianTime: tip.medianTime) else {
      throw .rule("non-final")
    }
    if let present = mempool[known.txid] {
      throw present.known.wtxid == known.wtxid
        ? .alreadyInMempool : .rule("txn-same-nonwitness-data-in-mempool")
    }
    let fee = try fee(of: known, nextHeight: nextHeight)
    let minimum = Self.relayFee(vsize: known.vsize)
    guard fee >= minimum else { throw .rule("min relay fee not met, \(fee) < \(minimum)") }
    let replaced = mempool.conflicts(with: transaction)
    try checkReplacement(known, fee: fee, replaced: replaced)
    return Admission(fee: fee, replaced: replaced)
  }

  /// The least fee in satoshi for a transaction of this size.
  static func relayFee(vsize: Int) -> UInt64 { (UInt64(vsize) * minimumFeeRate + 999) / 1_000 }

  private func fee(of known: KnownTransaction, nextHeight: UInt32) throws(TransactionRefusal)
    -> UInt64
  {
    var value: UInt64 = 0
    var seen: Set<Outpoint> = []
    for input in known.transaction.inputs {
      guard seen.insert(input.outpoint).inserted else {
        throw .rule("bad-txns-inputs-duplicate")
      }
      if let output = mempool.output(input.outpoint) {
        value += output.value
        continue
      }
      guard let coin = coin(input.outpoint) else { throw refusalOfMissingInput(known) }
      guard coin.isMature(inBlockAt: nextHeight) else {
        throw .rule("bad-txns-premature-spend-of-coinbase")
      }
      value += coin.output.value
    }
    let paid = known.transaction.outputs.reduce(UInt64(0)) {
      $0.addingReportingOverflow($1.value).partialValue
    }
    guard paid <= value else { throw .rule("bad-txns-in-belowout") }
    return value - paid
  }

  private func refusalOfMissingInput(_ known: KnownTransaction) -> TransactionRefusal {
    let isConfirmed = known.transaction.outputs.indices.contains {
      coin(Outpoint(txid: known.txid, vout: UInt32($0))) != nil
    }
    return isConfirmed ? .alreadyInUTXOSet : .missingInputs
  }

  /// Full replacement: a conflict goes if the newcomer pays more, for each byte than any of those
  /// it meets, and in all.
  private func checkReplacement(
    _ known: KnownTransaction, fee: UInt64, replaced: [Hash32]
  ) throws(TransactionRefusal) {
    guard !replaced.isEmpty else { return }
    let gone = Set(replaced)
    guard !known.transaction.inputs.contains(where: { gone.contains($0.outpoint.txid) }) else {
      throw .rule("bad-txns-spends-conflicting-tx")
    }
    for input in known.transaction.inputs {
      guard let rival = mempool.spender(of: input.outpoint).flatMap({ mempool[$0] }) else {
        continue
      }
      // Fees by each other's size, in 128 bits.
      let new = fee.multipliedFullWidth(by: UInt64(rival.known.vsize))
      let old = rival.fee.multipliedFullWidth(by: UInt64(known.vsize))
      guard (new.high, new.low) > (old.high, old.low) else {
        throw .rule(
          "insufficient fee, rejecting replacement \(known.txid.displayHex), new feerate isn't "
            + "above that of \(rival.known.txid.displayHex)")
      }
    }
    let oldFees = replaced.reduce(UInt64(0)) { $0 + (mempool[$1]?.fee ?? 0) }
    let needed = oldFees + Self.relayFee(vsize: known.vsize)
    guard fee >= needed else {
      throw .rule(
        "insufficient fee, rejecting replacement \(known.txid.displayHex), "
          + "not enough additional fees to relay; \(fee) < \(needed)")
    }
  }

  /// After a reorg: what disconnected blocks held and still is valid comes back, then what was in
  /// the mempool and still is valid stays.
  mutating func refillMempool(disconnected: [KnownTransaction], time: UInt32) {
    let former = mempool
    var sequence = former.sequence
    mempool.removeAll(keepingSequence: sequence)
    for known in disconnected where admitsWithoutFee(known) {
      let entry = former[known.txid]
      if entry == nil { sequence += 1 }
      restore(known, time: entry?.time ?? time)
    }
    for entry in former.ordered where mempool[entry.known.txid] == nil {
      if admitsWithoutFee(entry.known) {
        restore(entry.known, time: entry.time)
      } else {
        sequence += 1
      }
    }
    mempool.setSequence(sequence)
  }

  private func admitsWithoutFee(_ known: KnownTransaction) -> Bool {
    let nextHeight = tip.height + 1
    return known.transaction.isFinal(height: nextHeight, medianTime: tip.medianTime)
      && mempool[known.txid] == nil
      && mempool.conflicts(with: known.transaction).isEmpty
      && (try? fee(of: known, nextHeight: nextHeight)) != nil
  }

  private mutating func restore(_ known: KnownTransaction, time: UInt32) {
    guard let fee = try? fee(of: known, nextHeight: tip.height + 1) else { return }
    mempool.insert(known, fee: fee, time: time, height: tip.height)
  }
}
