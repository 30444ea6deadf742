/// What differs between EVM chains.
package struct EthereumNetwork: Hashable, Sendable {
  /// EIP-155's number, which transactions sign and `eth_chainId` answers.
  package let chainID: UInt64
  package let profile: ProofProfile
  package let kind: Kind

  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case mainnet
    /// Its coins are worth nothing.
    case testnet
    /// A chain of one's own, begun anew at will: its genesis block need not be pinned.
    case development
  }

  package init(chainID: UInt64, profile: ProofProfile, kind: Kind) {
    self.chainID = chainID
    self.profile = profile
    self.kind = kind
  }

  package var isTest: Bool { kind != .mainnet }

  /// SLIP-0044 coin type: 60 for every EVM chain, because its addresses are the same on all, and 1
  /// on every test network.
  package var coinType: UInt32 { isTest ? 1 : 60 }
}
