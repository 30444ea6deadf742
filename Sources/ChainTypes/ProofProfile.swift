/// How an EVM chain's blocks are proved: which headers, transactions and receipts it has besides
/// Ethereum's, and how they are encoded.
package enum ProofProfile: String, Hashable, Sendable, CaseIterable {
  case ethereum
  /// Ethereum's, with deposit transactions (0x7E) whose receipts carry a nonce and a version.
  case opStack = "op-stack"
  case arbitrum
  /// Bor, whose state-sync transactions are in no root.
  case polygon

  /// Whether real blocks have passed it. What a chain without shows is never credited.
  package var isProved: Bool {
    switch self {
    case .ethereum, .opStack: true
    case .arbitrum, .polygon: false
    }
  }
}
