package import Bytes

/// Between which a transaction's fees are chosen, whatever a node says. All in wei per gas.
///
/// A node that lies, or a market gone mad, then costs no more than `maxFeeCeiling` for each gas; on
/// an OP-stack chain as much again may be kept ready for what that takes besides.
package struct FeeBounds: Hashable, Sendable {
  /// The least and the most that is offered to a block's proposer.
  package let tipFloor: UInt256
  package let tipCeiling: UInt256
  /// The most that is offered in all.
  package let maxFeeCeiling: UInt256

  /// Nil where a floor lies above its ceiling, or a tip may exceed the whole fee.
  package init?(tipFloor: UInt256, tipCeiling: UInt256, maxFeeCeiling: UInt256) {
    guard tipFloor <= tipCeiling, tipCeiling <= maxFeeCeiling else { return nil }
    self.tipFloor = tipFloor
    self.tipCeiling = tipCeiling
    self.maxFeeCeiling = maxFeeCeiling
  }

  /// Caps for a transaction of the next blocks, from an answer to `eth_feeHistory`.
  ///
  /// The tip is the median of what the blocks' transactions at one percentile paid, so that single
  /// blocks, empty ones among them, don't decide; the fee is twice the next block's base fee and
  /// the tip. Both are brought into the bounds.
  ///
  /// - Parameters:
  ///   - nextBaseFee: the last of the answer's base fees
  ///   - tips: of each block the tip at that percentile
  /// - Returns: nil where the ceiling doesn't reach the next base fee and the least tip: the
  ///   transaction would only wait, and a later answer may do better
  package func caps(
    nextBaseFee: UInt256, tips: [UInt256]
  ) -> EthereumTransaction.FeeCaps? {
    let sorted = tips.sorted()
    let median = sorted.isEmpty ? tipFloor : sorted[sorted.count / 2]
    let tip = min(max(median, tipFloor), tipCeiling)
    guard let least = try? nextBaseFee.adding(tipFloor), least <= maxFeeCeiling else { return nil }
    // A fee that doesn't fit 256 bits lies above every ceiling.
    let wanted = EthereumFees.maxFeePerGas(base: nextBaseFee, tip: tip) ?? maxFeeCeiling
    let maxFee = min(wanted, maxFeeCeiling)
    return EthereumTransaction.FeeCaps(
      maxPriorityFeePerGas: min(tip, maxFee), maxFeePerGas: maxFee)
  }

  /// Whether so much, in wei, may be kept ready for what an OP-stack chain takes besides gas.
  package func allows(_ more: UInt256, for gasLimit: UInt64) -> Bool {
    // A ceiling that doesn't fit 256 bits lies above every fee.
    guard let most = try? maxFeeCeiling.multiplied(by: UInt256(gasLimit)) else { return true }
    return more <= most
  }
}

extension EthereumTransaction.FeeCaps {
  /// By how many percent nodes want both caps raised before they take a replacement with the same
  /// nonce (go-ethereum's `--txpool.pricebump`).
  package static let replacementPercent: UInt64 = 10

  /// The least caps that nodes take for a replacement: each a tenth higher, rounded up, and by one
  /// wei at the least. Nil where they don't fit 256 bits.
  package var leastReplacement: EthereumTransaction.FeeCaps? {
    guard let tip = Self.raised(maxPriorityFeePerGas), let fee = Self.raised(maxFeePerGas) else {
      return nil
    }
    return EthereumTransaction.FeeCaps(maxPriorityFeePerGas: tip, maxFeePerGas: fee)
  }

  /// Caps for a replacement: what is offered today, and no less than nodes take. Nil where that
  /// lies above the bounds: the first one must wait then.
  package func replacement(
    suggested: EthereumTransaction.FeeCaps, within bounds: FeeBounds
  ) -> EthereumTransaction.FeeCaps? {
    guard let least = leastReplacement, least.maxFeePerGas <= bounds.maxFeeCeiling,
      least.maxPriorityFeePerGas <= bounds.tipCeiling
    else { return nil }
    let fee = max(least.maxFeePerGas, min(suggested.maxFeePerGas, bounds.maxFeeCeiling))
    let tip = max(
      least.maxPriorityFeePerGas, min(suggested.maxPriorityFeePerGas, bounds.tipCeiling))
    return EthereumTransaction.FeeCaps(maxPriorityFeePerGas: min(tip, fee), maxFeePerGas: fee)
  }

  /// `fee` × 11/10, rounded up.
  private static func raised(_ fee: UInt256) -> UInt256? {
    guard let product = try? fee.multiplied(by: UInt256(100 + replacementPercent)),
      let (quotient, remainder) = try? product.divided(by: UInt256(100)),
      let raised = remainder == .zero ? quotient : try? quotient.adding(.one),
      let next = try? fee.adding(.one)
    else { return nil }
    return max(raised, next)
  }
}
