package import Addresses
package import Bytes
internal import ChainTypes

/// A transaction that an account signed, as a proved block has it.
package struct SentTransaction: Hashable, Sendable {
  package let txid: Hash32
  package let sender: EthereumAddress
  package let nonce: UInt64
  package let succeeded: Bool
  /// Wei that its sender paid, for its gas and, on an OP-stack chain, what that takes besides
  /// (`L1Attributes`); nil where the block doesn't tell that.
  package let fee: UInt256?
  /// What its sender signed (`EthereumTransaction.encodedForSigning`): tells it from others with
  /// its nonce, whatever the signature.
  package let payload: [UInt8]
  /// Where it called a contract: what that one logged to have moved out of its sender's account as
  /// a token, in the order of the logs. A call that isn't there moved nothing.
  package let moved: [TokenTransfer]
}

// What watched accounts sent.
extension BlockProof {
  /// The transactions of these accounts, and those with these hashes, in the block's order. The
  /// signature tells who sent one; whom the node names, or the hash, is only a reason to look.
  ///
  /// Empty where transactions or receipts aren't proved.
  package func sent(
    by accounts: Set<EthereumAddress>, or txids: Set<Hash32> = []
  ) throws(BlockProofError) -> [SentTransaction] {
    guard let transactions, let receipts, transactions.count == receipts.count,
      !accounts.isEmpty || !txids.isEmpty
    else { return [] }
    var sent: [SentTransaction] = []
    for index in 0..<transactions.count {
      let isNamed = claimedSender(at: index).map(accounts.contains) ?? false
      guard isNamed || (!txids.isEmpty && txids.contains(transactionHash(at: index))) else {
        continue
      }
      guard let transaction = try transaction(at: index) else { continue }
      guard let sender = transaction.sender else { throw .sender(transaction: index) }
      guard accounts.contains(sender), let receipt = try receipt(at: index) else { continue }
      let gas = try gasUsed(at: index, in: receipts)
      sent.append(
        SentTransaction(
          txid: transactionHash(at: index), sender: sender, nonce: transaction.nonce,
          succeeded: receipt.outcome == .succeeded,
          fee: try fee(of: transaction, at: index, gas: gas),
          payload: transaction.encodedForSigning,
          moved: receipt.logs.compactMap(TokenTransfer.init).filter {
            $0.contract == transaction.recipient && $0.from == sender && $0.to != sender
          }))
    }
    return sent
  }

  /// Nil where the transaction doesn't pay the base fee, or the block's first one doesn't say in a
  /// known form what the chain takes besides.
  private func fee(
    of transaction: EthereumTransaction, at index: Int, gas: UInt64
  ) throws(BlockProofError) -> UInt256? {
    guard let price = transaction.price(base: header.baseFeePerGas ?? .zero),
      let fee = try? price.multiplied(by: UInt256(gas))
    else { return nil }
    guard profile == .opStack, transaction.type != .deposit else { return fee }
    guard let transactions, let first = try self.transaction(at: 0),
      let more = L1Attributes(first)?.fee(
        of: transactions.bytes.span.bytes.extracting(transactions.range(of: index)), gasUsed: gas)
    else { return nil }
    return try? fee.adding(more)
  }

  private func gasUsed(at index: Int, in receipts: TrieItems) throws(BlockProofError) -> UInt64 {
    func cumulative(_ index: Int) throws(BlockProofError) -> UInt64 {
      do {
        return try ReceiptWalk(
          receipts.bytes.span.bytes.extracting(receipts.range(of: index))
        ).cumulativeGasUsed
      } catch {
        throw .answer(.invalid(.status))
      }
    }
    let (through, before) = (try cumulative(index), index == 0 ? 0 : try cumulative(index - 1))
    guard through >= before else { throw .gasUsed(receipt: index) }
    return through - before
  }
}

extension EthereumTransaction {
  /// Wei for each gas over this base fee; nil where the transaction doesn't pay it.
  func price(base: UInt256) -> UInt256? {
    let caps: FeeCaps
    switch form {
    case .legacy(let price, _), .accessList(_, let price, _):
      caps = .init(maxPriorityFeePerGas: price, maxFeePerGas: price)
    case .dynamicFee(_, let own, _), .blob(_, let own, _, _), .setCode(_, let own, _, _):
      caps = own
    case .deposit: return .zero
    }
    return EthereumFees.effectiveGasPrice(caps, base: base)
  }
}
