internal import Addresses
package import Bitcoin
package import Bytes
package import ChainTypes
internal import Digests

/// The simulated node's own money: outputs that pay to the hash of the witness script OP_TRUE.
///
/// Anyone can spend them by showing that script, so no key is needed, and Bitcoin Core accepts
/// the spends too.
package enum Faucet {
  /// OP_TRUE.
  package static let witnessScript: [UInt8] = [0x51]
  /// P2WSH of the witness script.
  package static let scriptPubKey = OutputScript.p2wsh(SHA256.hash(witnessScript)).scriptPubKey

  /// An output of fewer satoshi isn't worth spending, and nodes don't relay it.
  static let dustLimit: UInt64 = 330
}

/// What a transaction of the faucet's shall do.
package struct PaymentOrder: Sendable {
  /// Come first in the transaction, in this order; change follows.
  package var outputs: [TransactionOutput]
  /// Satoshi for each virtual byte.
  package var feeRate: UInt64
  package var source: Source
  /// Whether the sequence numbers say that it may be replaced (BIP-0125). With full replacement,
  /// nodes no longer ask.
  package var signalsReplacement: Bool

  package enum Source: Hashable, Sendable {
    /// Confirmed coins, largest first, and where they don't suffice unconfirmed change.
    case automatic
    /// The faucet's outputs of this mempool transaction, and no others.
    case unconfirmed(parent: Hash32)
    /// Exactly these, whosever they are.
    case outpoints([Outpoint])
  }

  package init(
    outputs: [TransactionOutput], feeRate: UInt64 = 2, source: Source = .automatic,
    signalsReplacement: Bool = true
  ) {
    self.outputs = outputs
    self.feeRate = feeRate
    self.source = source
    self.signalsReplacement = signalsReplacement
  }
}
