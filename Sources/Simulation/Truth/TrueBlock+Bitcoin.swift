internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes

// Bitcoin's blocks, output by output.
extension TrueBlock {
  init(_ block: StoredBlock) {
    self.init(
      ref: block.ref, parent: block.header.previousBlockHash, time: Int64(block.header.time),
      transfers: block.transactions.flatMap { TrueTransfer.all(in: $0.transaction) },
      proof: { Self.proof(of: $0, in: block) })
  }

  /// What must be recorded as proof: the block's own, step by step, where it is one.
  private static func proof(of txid: Hash32, in block: StoredBlock) -> StoredState.Proof? {
    guard let place = block.transactions.firstIndex(where: { $0.txid == txid }),
      let proof = TransactionProof(of: block.block, at: place, withCoinbase: true),
      let coinbase = proof.coinbase,
      (try? proof.verify(root: block.header.merkleRoot)) == txid
    else { return nil }
    return StoredState.Proof(
      block: block.hash.bytes, header: block.header.bytes, position: Int64(place),
      transaction: proof.transaction, siblings: proof.branch.siblings.flatMap(\.bytes),
      coinbase: coinbase.transaction, coinbaseSiblings: coinbase.siblings.flatMap(\.bytes))
  }
}

extension TrueTransfer {
  static func all(in transaction: Transaction) -> [TrueTransfer] {
    let txid = transaction.txid
    return transaction.outputs.enumerated().map { vout, output in
      TrueTransfer(
        key: TransferKey(txid: txid, position: "\(vout)"), recipient: output.scriptPubKey,
        contract: "", value: UInt256(output.value), isCoinbase: transaction.isCoinbase)
    }
  }
}

extension ChainTruth {
  mutating func learn(_ transaction: Transaction) {
    inputs[transaction.txid] = transaction.isCoinbase ? [] : transaction.inputs.map(\.outpoint)
    for transfer in TrueTransfer.all(in: transaction) { learn(transfer) }
  }
}
