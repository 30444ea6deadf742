internal import Addresses
internal import Bytes
internal import ChainSim
package import ChainTypes

extension ChainSpec {
  /// Regtest with rules small enough that every state is reached soon.
  package static let simulated = ChainSpec(
    name: simulatedName("bitcoin-regtest"), family: .bitcoin(.regtest), asset: .btc,
    genesisHash: ChainMachine(seed: 0).genesis.hash, finalityDepth: 6, coinbaseMaturity: 100,
    dustLimit: UInt256(Asset.btc.simulatedDust), confirmationTiers: tiers(of: .btc),
    stallSeconds: 7_200)

  /// An EVM chain with rules as small; depth alone makes final where there is no tag.
  static func simulated(
    _ name: String, _ options: EthereumChainOptions, tokens: [Asset], finalityDepth: UInt32,
    finalityTag: FinalityTag?
  ) -> ChainSpec {
    func listed(_ asset: Asset) -> ListedAsset {
      ListedAsset(
        asset, dustLimit: UInt256(asset.simulatedDust), confirmationTiers: tiers(of: asset))
    }
    return ChainSpec(
      name: simulatedName(name),
      family: .ethereum(
        EthereumNetwork(chainID: options.chainID, profile: options.profile, kind: .development)),
      coin: listed(.eth), tokens: tokens.map(listed), genesisHash: nil,
      finalityDepth: finalityDepth, finalityTag: finalityTag, blockMilliseconds: 12_000,
      stallSeconds: 7_200)
  }

  private static func tiers(of asset: Asset) -> [ConfirmationTier] {
    [(0, 1), (100_000, 2), (1_000_000, 3)].map { from, confirmations in
      ConfirmationTier(from: UInt256(from * asset.simulatedScale), confirmations: confirmations)
    }
  }

  private static func simulatedName(_ text: String) -> ChainName {
    guard let name = ChainName(text) else {
      preconditionFailure("a name of letters and a hyphen")
    }
    return name
  }
}

extension Asset {
  static let simulatedUSDC = Asset(
    symbol: "USDC", decimals: 6, contract: SimulatedContracts.usdc.hash)
  static let simulatedUSDT = Asset(
    symbol: "USDT", decimals: 6, contract: SimulatedContracts.usdt.hash)

  /// Minor units of it that stand for a satoshi: wei are small.
  var simulatedScale: UInt64 { self == .eth ? 10_000_000_000 : 1 }

  /// Fewer minor units don't count.
  var simulatedDust: UInt64 { 546 * simulatedScale }
}
