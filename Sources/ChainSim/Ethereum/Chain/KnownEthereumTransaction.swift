package import Addresses
package import Bytes
package import Ethereum

/// A signed transaction with what follows from it, worked out once.
package struct KnownEthereumTransaction: Hashable, Sendable {
  package let transaction: EthereumTransaction
  package let hash: Hash32
  package let sender: EthereumAddress
  package let encoded: [UInt8]

  /// Nil where no key made the signature.
  package init?(_ transaction: EthereumTransaction) {
    guard let sender = transaction.sender else { return nil }
    self.init(transaction, from: sender)
  }

  /// The caller knows who signed it.
  init(_ transaction: EthereumTransaction, from sender: EthereumAddress) {
    self.transaction = transaction
    self.sender = sender
    hash = transaction.hash
    encoded = transaction.encoded
  }

  /// What it pays for each gas at the most, and of that to the fee recipient: wei.
  var caps: EthereumTransaction.FeeCaps {
    switch transaction.form {
    case .legacy(let price, _), .accessList(_, let price, _):
      EthereumTransaction.FeeCaps(maxPriorityFeePerGas: price, maxFeePerGas: price)
    case .dynamicFee(_, let caps, _), .blob(_, let caps, _, _), .setCode(_, let caps, _, _): caps
    case .deposit: EthereumTransaction.FeeCaps(maxPriorityFeePerGas: .zero, maxFeePerGas: .zero)
    }
  }

  /// What it pays for each gas in a block with that base fee, which it can afford.
  package func effectiveGasPrice(baseFee: UInt256) -> UInt256 {
    min(caps.maxFeePerGas, baseFee.addingReportingOverflow(caps.maxPriorityFeePerGas).sum)
  }

  /// All that its sender must have, what an OP-stack chain takes besides gas included; nil where
  /// that is above 256 bits.
  func highestCost(_ l1Attributes: L1Attributes?) -> UInt256? {
    guard let fee = try? caps.maxFeePerGas.multiplied(by: UInt256(transaction.gasLimit)),
      let cost = try? fee.adding(transaction.value)
    else { return nil }
    guard let l1Attributes else { return cost }
    return l1Attributes.fee(of: encoded.span.bytes, gasUsed: transaction.gasLimit)
      .flatMap { try? cost.adding($0) }
  }

  package static func == (a: Self, b: Self) -> Bool { a.hash == b.hash }

  package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
