package import Bytes

/// Whether moving money is worth what it costs.
package struct SweepWorth: Hashable, Sendable {
  /// The largest part of the value that may go into fees, in ten-thousandths.
  package let share: UInt64
  /// What the asset is worth: so many wei for so many of its minor units. A coin's own are equal.
  package let weiPer: Rate

  package struct Rate: Hashable, Sendable {
    package let wei: UInt256
    package let minorUnits: UInt256

    /// Nil where `minorUnits` is zero.
    package init?(wei: UInt256, minorUnits: UInt256) {
      guard minorUnits != .zero else { return nil }
      self.wei = wei
      self.minorUnits = minorUnits
    }

    private init(one: Void) { (wei, minorUnits) = (.one, .one) }

    /// Of the chain's own coin.
    package static let coin = Rate(one: ())
  }

  /// A share above the whole counts as the whole.
  package init(share: UInt64, weiPer: Rate) {
    self.share = min(share, Self.whole)
    self.weiPer = weiPer
  }

  private static let whole: UInt64 = 10_000

  /// What `amount` minor units are worth in wei, rounded down; nil where that doesn't fit 256 bits.
  package func wei(of amount: UInt256) -> UInt256? {
    try? amount.multiplied(by: weiPer.wei).divided(by: weiPer.minorUnits).quotient
  }

  /// Whether moving `amount` may cost `cost` wei: all that is taken for it, and where the account
  /// must be given ether first, for that transaction too. What can't be computed isn't worth it.
  package func allows(cost: UInt256, moving amount: UInt256) -> Bool {
    guard let value = wei(of: amount),
      let most = try? value.multiplied(by: UInt256(share)),
      let asked = try? cost.multiplied(by: UInt256(Self.whole))
    else { return false }
    return asked <= most
  }
}
