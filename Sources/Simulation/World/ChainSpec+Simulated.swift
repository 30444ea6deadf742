internal import Bytes
internal import ChainSim
package import ChainTypes

extension ChainSpec {
  /// Regtest with rules small enough that every state is reached soon.
  package static let simulated: ChainSpec = {
    guard let name = ChainName("bitcoin-regtest") else {
      preconditionFailure("a name of letters and a hyphen")
    }
    return ChainSpec(
      name: name, family: .bitcoin(.regtest), asset: .btc,
      genesisHash: ChainMachine(seed: 0).genesis.hash, finalityDepth: 6, coinbaseMaturity: 100,
      dustLimit: UInt256(546),
      confirmationTiers: [
        ConfirmationTier(from: .zero, confirmations: 1),
        ConfirmationTier(from: UInt256(100_000), confirmations: 2),
        ConfirmationTier(from: UInt256(1_000_000), confirmations: 3),
      ], stallSeconds: 7_200)
  }()
}
