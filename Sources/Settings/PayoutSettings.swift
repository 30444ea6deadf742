package import Bytes

/// What a chain's outgoing transactions may cost.
package enum PayoutSettings: Sendable, Equatable {
  case bitcoin(BitcoinPayoutSettings)
  case ethereum(EthereumPayoutSettings)
}

/// Fees in satoshi per 1,000 virtual bytes; the file has them in satoshi per virtual byte.
package struct BitcoinPayoutSettings: Sendable, Equatable {
  /// Bounds of what a node estimates.
  package let minimumSatoshiPerKvB: UInt64
  package let maximumSatoshiPerKvB: UInt64
  /// Where no node has an estimate.
  package let fallbackSatoshiPerKvB: UInt64
  /// Within how many blocks a transaction is to be in one.
  package let targetBlocks: Int
  /// What a sweep may cost of what it brings, in parts of ten thousand.
  package let sweepShareBasisPoints: UInt64

  package init(
    minimumSatoshiPerKvB: UInt64, maximumSatoshiPerKvB: UInt64, fallbackSatoshiPerKvB: UInt64,
    targetBlocks: Int, sweepShareBasisPoints: UInt64
  ) {
    self.minimumSatoshiPerKvB = minimumSatoshiPerKvB
    self.maximumSatoshiPerKvB = maximumSatoshiPerKvB
    self.fallbackSatoshiPerKvB = fallbackSatoshiPerKvB
    self.targetBlocks = targetBlocks
    self.sweepShareBasisPoints = sweepShareBasisPoints
  }
}

/// Fees in wei per unit of gas; the file has them in gwei.
package struct EthereumPayoutSettings: Sendable, Equatable {
  /// More isn't offered, whatever a node estimates (EIP-1559's `max_fee_per_gas`).
  package let maximumFeePerGas: UInt256
  /// At least so much is for the block's proposer.
  package let minimumPriorityFeePerGas: UInt256
  /// What a sweep may cost of what it brings, in parts of ten thousand.
  package let sweepShareBasisPoints: UInt64

  package init(
    maximumFeePerGas: UInt256, minimumPriorityFeePerGas: UInt256, sweepShareBasisPoints: UInt64
  ) {
    self.maximumFeePerGas = maximumFeePerGas
    self.minimumPriorityFeePerGas = minimumPriorityFeePerGas
    self.sweepShareBasisPoints = sweepShareBasisPoints
  }
}
