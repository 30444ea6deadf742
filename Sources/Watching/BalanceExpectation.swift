package import Bytes
package import ChainTypes

/// A watched address with what its balance should be in the chain's coin, by all that the store
/// knows at one version of the cursor.
package struct BalanceExpectation: Hashable, Sendable {
  package let script: WatchedScript
  /// Wei: all transfers of the coin that stand in the active chain, whether or not they count, and
  /// all incomes. Nil where they are too many to be added up.
  package let explained: UInt256?

  package init(script: WatchedScript, explained: UInt256?) {
    self.script = script
    self.explained = explained
  }

  /// What a proved balance has beyond that, where it is `least` at least.
  package func surplus(of balance: UInt256, least: UInt256) -> UInt256? {
    guard let explained, balance > explained else { return nil }
    let surplus = balance.subtractingOrZero(explained)
    return surplus >= least ? surplus : nil
  }
}

/// Some addresses of open payments that are due in a chain's coin.
package struct BalanceExpectations: Sendable {
  /// The cursor's, at which all of them hold.
  package let version: Int64
  package let all: [BalanceExpectation]
  /// Behind which the next ones stand; nil at the end.
  package let next: Place?

  /// A payment's place among all that wait: by its deadline.
  package struct Place: Hashable, Sendable {
    package let expiresAt: Timestamp
    package let payment: String

    package init(expiresAt: Timestamp, payment: String) {
      self.expiresAt = expiresAt
      self.payment = payment
    }
  }

  /// Which ones are wanted.
  package struct Selection: Hashable, Sendable {
    /// Payments whose deadlines are before this come first, for nobody looks at them later.
    package let expiringBefore: Timestamp
    /// How many of those at most; as many as pass in one step.
    package let expiringLimit: Int
    /// None that was made later; nil for all.
    package let madeThrough: Timestamp?
    /// The others from here on, and around.
    package let after: Place?
    /// How many altogether, where there aren't more that expire.
    package let limit: Int

    package init(
      expiringBefore: Timestamp, expiringLimit: Int = 500, madeThrough: Timestamp?,
      after: Place?, limit: Int
    ) {
      self.expiringLimit = expiringLimit
      self.expiringBefore = expiringBefore
      self.madeThrough = madeThrough
      self.after = after
      self.limit = limit
    }
  }

  package init(version: Int64, all: [BalanceExpectation], next: Place?) {
    self.version = version
    self.all = all
    self.next = next
  }
}
