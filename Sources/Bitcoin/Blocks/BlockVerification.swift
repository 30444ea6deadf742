package import ChainTypes

/// How much of a block a scan verifies.
///
/// Form, header hash, proof of work, weight and the coinbase's place are always checked.
package enum BlockVerification: Hashable, Sendable {
  /// Merkle root and, as BIP-0141 has it, witness commitment.
  case full
  /// Merkle root, for a block below the height at which segwit began: no witness may stand in it,
  /// and outputs that look like a commitment are none.
  case beforeSegwit
  /// For bytes that were verified before and kept out of others' reach: txids are computed for
  /// matches alone, and neither the merkle root nor the witness commitment is.
  case alreadyVerified

  /// What a block that comes from a node needs at `height`.
  package init(height: UInt32, network: BitcoinNetwork) {
    self = height < network.segwitHeight ? .beforeSegwit : .full
  }
}

extension BitcoinNetwork {
  /// The first height at which BIP-0141 is enforced (Bitcoin Core's `SegwitHeight`).
  package var segwitHeight: UInt32 {
    switch kind {
    case .mainnet: 481_824
    case .testnet3: 834_624
    case .testnet4, .signet: 1
    case .regtest: 0
    }
  }
}
