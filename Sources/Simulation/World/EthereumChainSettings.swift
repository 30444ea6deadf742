package import ChainSim
package import ChainTypes

/// An EVM chain of a world.
package struct EthereumChainSettings: Sendable {
  package let spec: ChainSpec
  package let options: EthereumChainOptions
  let network: EthereumNetwork

  private init(
    _ name: String, _ options: EthereumChainOptions, tokens: [Asset], finalityDepth: UInt32,
    finalityTag: FinalityTag? = nil
  ) {
    spec = .simulated(
      name, options, tokens: tokens, finalityDepth: finalityDepth, finalityTag: finalityTag)
    self.options = options
    network = EthereumNetwork(
      chainID: options.chainID, profile: options.profile, kind: .development)
  }

  private static func options(
    chainID: UInt64, _ profile: ProofProfile, finalizedDepth: UInt64
  ) -> EthereumChainOptions {
    EthereumChainOptions(
      chainID: chainID, profile: profile, genesisTime: UInt64(SimulatedWorld.beginningSeconds),
      safeDepth: 3, finalizedDepth: finalizedDepth, accountCount: 8)
  }

  /// One as Ethereum, which says itself what is final, and beside it one as a rollup, whose depth
  /// decides and which lists fewer tokens. Both have the same accounts and contracts.
  package static let siblings = [
    EthereumChainSettings(
      "ethereum-simulated", options(chainID: 1_337, .ethereum, finalizedDepth: 6),
      tokens: [.simulatedUSDC, .simulatedUSDT], finalityDepth: 4, finalityTag: .finalized),
    EthereumChainSettings(
      "rollup-simulated", options(chainID: 1_338, .opStack, finalizedDepth: 12),
      tokens: [.simulatedUSDC], finalityDepth: 6),
  ]
}
