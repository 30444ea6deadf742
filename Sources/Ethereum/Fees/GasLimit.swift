package import Bytes

/// How much gas a transaction may use, from what a node found that it uses.
package enum GasLimit {
  /// No transaction may have more from Osaka on (EIP-7825): 2²⁴.
  package static let maximum: UInt64 = 1 << 24

  /// An answer to `eth_estimateGas` and a margin, rounded up: state may change until the
  /// transaction is executed, and what isn't used isn't paid. Brought down to `maximum` where only
  /// the margin exceeds it.
  ///
  /// - Returns: nil where the estimate itself is zero or more than any transaction may use
  package static func limit(estimate: UInt64, marginPercent: UInt64) -> UInt64? {
    guard estimate > 0, estimate <= maximum else { return nil }
    // At most 2²⁴ times 1100: it fits.
    let percent = 100 + min(marginPercent, 1_000)
    return min((estimate * percent + 99) / 100, maximum)
  }

  /// The most that so much gas can cost, in wei; nil where that doesn't fit 256 bits.
  package static func cost(
    _ gasLimit: UInt64, _ caps: EthereumTransaction.FeeCaps
  ) -> UInt256? {
    try? caps.maxFeePerGas.multiplied(by: UInt256(gasLimit))
  }
}
