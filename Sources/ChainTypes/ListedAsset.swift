package import Bytes

/// An asset that payments on a chain may be asked in, and what holds for its amounts, in its own
/// minor units.
package struct ListedAsset: Sendable, Equatable {
  package let asset: Asset
  /// No block below holds a transfer of it that counts.
  package let startBlock: UInt32
  /// Less than this many minor units is recorded but never counts.
  package let dustLimit: UInt256
  /// How deep a payment must be before it counts as paid, by its amount: the last tier whose
  /// `from` the amount reaches.
  package let confirmationTiers: [ChainSpec.ConfirmationTier]
  package let creditLimits: CreditLimits

  package init(
    _ asset: Asset, startBlock: UInt32 = 0, dustLimit: UInt256,
    confirmationTiers: [ChainSpec.ConfirmationTier], creditLimits: CreditLimits = .none
  ) {
    self.asset = asset
    self.startBlock = startBlock
    self.dustLimit = dustLimit
    self.confirmationTiers = confirmationTiers
    self.creditLimits = creditLimits
  }
}
