internal import ChainTypes

/// The first byte of a transaction's and its receipt's encoding (EIP-2718).
package enum TransactionType: UInt8, Hashable, Sendable, CaseIterable {
  /// Without a byte of its own.
  case legacy = 0
  /// EIP-2930.
  case accessList = 1
  /// EIP-1559.
  case dynamicFee = 2
  /// EIP-4844.
  case blob = 3
  /// EIP-7702.
  case setCode = 4
  /// An OP-stack deposit.
  case deposit = 0x7e
}

extension ProofProfile {
  /// Whether a transaction of that type may stand in a block of such a chain.
  func allows(_ type: TransactionType) -> Bool {
    switch self {
    case .ethereum: type != .deposit
    case .opStack: type != .blob
    case .arbitrum, .polygon: false
    }
  }
}
