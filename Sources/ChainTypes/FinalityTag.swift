/// What an EVM chain's nodes call the newest block that is final by its consensus.
package enum FinalityTag: String, Hashable, Sendable, CaseIterable {
  /// Justified on Ethereum, derived from data on Ethereum on a rollup. On some networks it already
  /// means less (Fast Confirmation).
  case safe
  /// Finalized on Ethereum, or derived from what is.
  case finalized
}
