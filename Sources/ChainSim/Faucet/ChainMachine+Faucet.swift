package import Bitcoin
package import Bytes
package import ChainTypes

// Paying from the faucet.
extension ChainMachine {
  private typealias Funding = (outpoint: Outpoint, value: UInt64)

  /// Makes a payment and takes it into the mempool.
  package mutating func pay(
    _ order: PaymentOrder, time: UInt32
  ) throws(ChainSimError) -> KnownTransaction {
    let known = KnownTransaction(try payment(order))
    try admit(known, time: time)
    return known
  }

  /// Makes a payment without telling anyone.
  package func payment(_ order: PaymentOrder) throws(ChainSimError) -> Transaction {
    let isComplete: Bool
    var funding: [Funding]
    var spare: [Funding] = []
    switch order.source {
    case .automatic:
      (funding, isComplete) = ([], false)
      spare = spendableFaucetCoins()
    case .unconfirmed(let parent):
      guard mempool[parent] != nil else { throw .notInMempool(parent) }
      funding = unspentFaucetOutputs(of: parent)
      guard !funding.isEmpty else { throw .noChange(parent) }
      isComplete = true
    case .outpoints(let outpoints):
      funding = []
      for outpoint in outpoints {
        guard let output = knownOutput(outpoint) else { throw .noSuchOutput(outpoint) }
        funding.append((outpoint, output.value))
      }
      isComplete = true
    }
    let draft = Draft(
      outputs: order.outputs, sequence: order.signalsReplacement ? 0xffff_fffd : 0xffff_fffe)
    return try fund(
      draft, with: &funding, spare: isComplete ? [] : spare,
      fee: { UInt64($0) * order.feeRate })
  }

  /// Makes a transaction that spends what `original` spends and pays `outputs` instead, or what
  /// `original` pays to others where they are nil; the rest returns to the faucet. Empty outputs
  /// take the whole payment back.
  ///
  /// The fee is enough to replace it in the mempool; `original` may also be confirmed, for a fork
  /// that spends its coins otherwise.
  package func conflict(
    with original: Transaction, paying outputs: [TransactionOutput]?, feeRate: UInt64 = 0
  ) throws(ChainSimError) -> Transaction {
    var funding: [Funding] = []
    var witnesses: [Outpoint: TransactionInput] = [:]
    for input in original.inputs {
      guard let output = knownOutput(input.outpoint) else { throw .noSuchOutput(input.outpoint) }
      funding.append((input.outpoint, output.value))
      witnesses[input.outpoint] = input
    }
    let gone = Set(mempool.conflicts(with: original))
    let oldFees = gone.reduce(UInt64(0)) { $0 + (mempool[$1]?.fee ?? 0) }
    let kept = original.outputs.filter { $0.scriptPubKey != Faucet.scriptPubKey }
    let draft = Draft(outputs: outputs ?? kept, sequence: 0xffff_fffd, unlocking: witnesses)
    let spare = spendableFaucetCoins().filter { !gone.contains($0.outpoint.txid) }
    return try fund(draft, with: &funding, spare: spare) { vsize in
      // Twice the least increment, so that a replacement can be replaced once more.
      max(oldFees + 2 * Self.relayFee(vsize: vsize), UInt64(vsize) * max(feeRate, 1))
    }
  }

  /// Replaces a transaction in the mempool; gives the one that stands there now.
  package mutating func replace(
    _ txid: Hash32, paying outputs: [TransactionOutput]?, feeRate: UInt64 = 0, time: UInt32
  ) throws(ChainSimError) -> KnownTransaction {
    guard let original = mempool[txid]?.known.transaction else { throw .notInMempool(txid) }
    let known = KnownTransaction(
      try conflict(with: original, paying: outputs, feeRate: feeRate))
    try admit(known, time: time)
    return known
  }

  private mutating func admit(_ known: KnownTransaction, time: UInt32) throws(ChainSimError) {
    do {
      try accept(known, time: time)
    } catch {
      throw .transactionRefused(error)
    }
  }
}

// Choosing coins.
extension ChainMachine {
  /// What a transaction shall be, before its coins are chosen.
  private struct Draft {
    var outputs: [TransactionOutput]
    var sequence: UInt32
    /// How outputs that aren't the faucet's are unlocked.
    var unlocking: [Outpoint: TransactionInput] = [:]
  }

  private func fund(
    _ draft: Draft, with funding: inout [Funding], spare: [Funding], fee: (Int) -> UInt64
  ) throws(ChainSimError) -> Transaction {
    let paid = try Self.sum(draft.outputs)
    var spare = spare[...]
    while true {
      let value = funding.reduce(UInt64(0)) { $0 + $1.value }
      let change = TransactionOutput(value: 0, scriptPubKey: Faucet.scriptPubKey)
      var transaction = Transaction(
        inputs: funding.map { funding in
          draft.unlocking[funding.outpoint]
            ?? TransactionInput(
              outpoint: funding.outpoint, sequence: draft.sequence,
              witness: [Faucet.witnessScript])
        },
        outputs: draft.outputs + [change])
      let needed = paid + fee(transaction.vsize)
      if !funding.isEmpty, value >= needed {
        let rest = value - needed
        if rest >= Faucet.dustLimit || draft.outputs.isEmpty {
          transaction.outputs[transaction.outputs.count - 1].value = rest
        } else {
          // Change this small goes to the miner.
          transaction.outputs.removeLast()
        }
        return transaction
      }
      guard let next = spare.popFirst() else {
        throw .insufficientFunds(needed: needed, available: value)
      }
      if !funding.contains(where: { $0.outpoint == next.outpoint }) { funding.append(next) }
    }
  }

  private static func sum(_ outputs: [TransactionOutput]) throws(ChainSimError) -> UInt64 {
    var sum: UInt64 = 0
    for output in outputs {
      guard output.value <= TransactionLimits.maximumValue else {
        throw .valueTooLarge(output.value)
      }
      sum += output.value
      guard sum <= TransactionLimits.maximumValue else { throw .valueTooLarge(sum) }
    }
    return sum
  }

  /// The faucet's coins that no mempool transaction spends: confirmed and mature ones, largest
  /// first, then unconfirmed change, oldest first.
  private func spendableFaucetCoins() -> [Funding] {
    let height = tip.height + 1
    var confirmed: [Funding] = []
    for outpoint in coins.faucetOutpoints {
      guard let coin = coins[outpoint], coin.isMature(inBlockAt: height),
        mempool.spender(of: outpoint) == nil
      else { continue }
      confirmed.append((outpoint, coin.output.value))
    }
    confirmed.sort { a, b in
      if a.value != b.value { return a.value > b.value }
      if a.outpoint.txid != b.outpoint.txid { return a.outpoint.txid < b.outpoint.txid }
      return a.outpoint.vout < b.outpoint.vout
    }
    return confirmed + mempool.ordered.flatMap { unspentFaucetOutputs(of: $0.known.txid) }
  }

  private func unspentFaucetOutputs(of txid: Hash32) -> [Funding] {
    let outputs = mempool[txid]?.known.transaction.outputs ?? []
    return outputs.enumerated().compactMap { index, output in
      let outpoint = Outpoint(txid: txid, vout: UInt32(index))
      guard output.scriptPubKey == Faucet.scriptPubKey, mempool.spender(of: outpoint) == nil else {
        return nil
      }
      return (outpoint, output.value)
    }
  }

  /// An output of any transaction that is in the mempool or was ever in a block of the active
  /// chain, spent or not.
  package func knownOutput(_ outpoint: Outpoint) -> TransactionOutput? {
    guard let transaction = knownTransaction(outpoint.txid)?.transaction,
      let index = Int(exactly: outpoint.vout), transaction.outputs.indices.contains(index)
    else { return nil }
    return transaction.outputs[index]
  }

  package func knownTransaction(_ txid: Hash32) -> KnownTransaction? {
    if let entry = mempool[txid] { return entry.known }
    guard let hash = blockOfTransaction[txid] else { return nil }
    return block(hash)?.transactions.first { $0.txid == txid }
  }
}
