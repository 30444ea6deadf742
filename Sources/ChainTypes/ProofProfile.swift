/// How an EVM chain's blocks are proved: which headers, transactions and receipts it has besides
/// Ethereum's, and how they are encoded.
package enum ProofProfile: String, Hashable, Sendable, CaseIterable {
  case ethereum
  /// Ethereum's, with deposit transactions (0x7E) whose receipts carry a nonce and a version.
  case opStack = "op-stack"
  /// Nitro's, with transactions of types 0x64 to 0x6A.
  case arbitrum
  /// Bor's, with transactions for what comes from Ethereum (PIP-74).
  case polygon

  /// Whether transactions of all types that the chain has can be encoded, and so proved. Where not,
  /// headers and receipts are: what tokens moved is seen, its txids are the node's word, coin isn't
  /// seen, and nothing is ever credited.
  package var provesTransactions: Bool {
    switch self {
    case .ethereum, .opStack: true
    case .arbitrum, .polygon: false
    }
  }
}
