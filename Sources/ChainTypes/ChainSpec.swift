package import Bytes

/// One network as `chains/*.yaml` describes it.
package struct ChainSpec: Sendable, Equatable {
  package let name: ChainName
  package let family: Family
  /// The chain's own coin.
  package let asset: Asset
  /// Internal byte order.
  package let genesisHash: Hash32
  /// How many confirmations (1 = in the tip block) make a transfer final. A reorg that deep halts
  /// crediting.
  package let finalityDepth: UInt32
  /// How many confirmations a coinbase output needs before it counts.
  package let coinbaseMaturity: UInt32
  /// Outputs below this many minor units are recorded but never count.
  package let dustLimit: UInt256
  /// How deep a payment must be before it counts as paid, by its amount: the last tier whose
  /// `from` the amount reaches.
  package let confirmationTiers: [ConfirmationTier]
  package let creditLimits: CreditLimits
  /// Seconds without a new block after which the chain counts as stalled.
  package let stallSeconds: UInt32

  package enum Family: Sendable, Hashable {
    case bitcoin(BitcoinNetwork)

    /// What an account's keys serve, as it stands in the database: `bitcoin`.
    package var name: String {
      switch self {
      case .bitcoin: "bitcoin"
      }
    }
  }

  package struct ConfirmationTier: Sendable, Equatable {
    package let from: UInt256
    package let confirmations: UInt32

    package init(from: UInt256, confirmations: UInt32) {
      self.from = from
      self.confirmations = confirmations
    }
  }

  package init(
    name: ChainName, family: Family, asset: Asset, genesisHash: Hash32, finalityDepth: UInt32,
    coinbaseMaturity: UInt32, dustLimit: UInt256, confirmationTiers: [ConfirmationTier],
    creditLimits: CreditLimits = .none, stallSeconds: UInt32
  ) {
    self.name = name
    self.family = family
    self.asset = asset
    self.genesisHash = genesisHash
    self.finalityDepth = finalityDepth
    self.coinbaseMaturity = coinbaseMaturity
    self.dustLimit = dustLimit
    self.confirmationTiers = confirmationTiers
    self.creditLimits = creditLimits
    self.stallSeconds = stallSeconds
  }

  /// The confirmations that a payment of `amount` minor units needs to count as paid, never more
  /// than finality.
  package func confirmations(for amount: UInt256) -> UInt32 {
    let tier = confirmationTiers.last { $0.from <= amount }
    return min(tier?.confirmations ?? finalityDepth, finalityDepth)
  }
}
