package import Bytes

/// The fee market of EIP-1559. All in wei per gas.
package struct EthereumFees: Hashable, Sendable {
  /// How many times its target a block's gas may be.
  package let elasticity: UInt64
  /// The base fee changes by one part in so many, at the most, from block to block.
  package let changeDenominator: UInt64

  package static let ethereum = EthereumFees(elasticity: 2, changeDenominator: 8)

  /// Both are at least one; zeros count as ones.
  package init(elasticity: UInt64, changeDenominator: UInt64) {
    self.elasticity = max(elasticity, 1)
    self.changeDenominator = max(changeDenominator, 1)
  }

  /// The base fee of the block after `header`; nil where it has none, or no number of 256 bits is
  /// large enough.
  package func nextBaseFee(after header: EthereumHeader) -> UInt256? {
    guard let base = header.baseFeePerGas else { return nil }
    return nextBaseFee(base: base, gasUsed: header.gasUsed, gasLimit: header.gasLimit)
  }

  package func nextBaseFee(base: UInt256, gasUsed: UInt64, gasLimit: UInt64) -> UInt256? {
    let target = gasLimit / elasticity
    guard target > 0, gasUsed != target else { return base }
    do {
      let distance = gasUsed > target ? gasUsed - target : target - gasUsed
      let change = try base.multiplied(by: UInt256(distance))
        .divided(by: UInt256(target)).quotient
        .divided(by: UInt256(changeDenominator)).quotient
      return gasUsed > target
        ? try base.adding(max(change, .one)) : try base.subtracting(change)
    } catch {
      return nil
    }
  }

  /// What a transaction offers so that six full blocks in a row don't price it out: twice the base
  /// fee, and the tip; nil where that doesn't fit 256 bits.
  package static func maxFeePerGas(base: UInt256, tip: UInt256) -> UInt256? {
    try? base.multiplied(by: UInt256(2)).adding(tip)
  }

  /// What a transaction with these caps pays in a block of that base fee; nil where its cap is
  /// below it.
  package static func effectiveGasPrice(
    _ caps: EthereumTransaction.FeeCaps, base: UInt256
  ) -> UInt256? {
    guard caps.maxFeePerGas >= base else { return nil }
    return try? base.adding(
      min(caps.maxPriorityFeePerGas, caps.maxFeePerGas.subtractingOrZero(base)))
  }
}
