package import Bytes

// What the block's beneficiary earned.
extension BlockProof {
  /// The tips of the block's transactions in wei: for each the gas that it used, times what it paid
  /// for each above the base fee, which is burnt (EIP-1559). Before London all of the price was the
  /// beneficiary's, and a block's reward besides, which isn't counted here. Deposits of an OP-stack
  /// chain pay nothing.
  ///
  /// Nil where transactions or receipts aren't proved, and where they contradict each other.
  package func tips() throws(BlockProofError) -> UInt256? {
    guard let transactions, let receipts, transactions.count == receipts.count else { return nil }
    let base = header.baseFeePerGas ?? .zero
    var sum = UInt256.zero
    var gasBefore: UInt64 = 0
    for index in 0..<receipts.count {
      guard let transaction = try transaction(at: index) else { return nil }
      let gas: UInt64
      do {
        let bytes = receipts.bytes.span.bytes.extracting(receipts.range(of: index))
        gas = try ReceiptWalk(bytes).cumulativeGasUsed
      } catch {
        throw .answer(.invalid(.status))
      }
      guard let tip = Self.tip(of: transaction, base: base), gas >= gasBefore,
        let earned = try? tip.multiplied(by: UInt256(gas - gasBefore)),
        let next = try? sum.adding(earned)
      else { return nil }
      (sum, gasBefore) = (next, gas)
    }
    return sum
  }

  /// Wei for each gas; nil where the transaction doesn't pay the base fee.
  private static func tip(of transaction: EthereumTransaction, base: UInt256) -> UInt256? {
    if case .deposit = transaction.form { return .zero }
    return transaction.price(base: base)?.subtractingOrZero(base)
  }
}
