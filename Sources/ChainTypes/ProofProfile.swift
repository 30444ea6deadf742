/// What the blocks of an EVM chain are made of, and so how they are proved.
package enum ProofProfile: String, Sendable, Hashable, CaseIterable, Codable {
  case ethereum
  /// Optimism, Base and others: deposits of type 0x7e and their receipts.
  case opStack = "op-stack"
  case arbitrum
  case polygon
}
