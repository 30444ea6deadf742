package import ChainTypes

/// What a tenant's payments are subject to unless a request says otherwise.
package struct PolicySettings: Sendable, Equatable {
  package let late: Late
  /// What becomes of too little, once the deadline has passed, and of too much.
  package let short: Exception
  package let over: Exception
  package let refunds: Refunds
  /// By how much a payment may fall short and still count, for each asset. What the file says of a
  /// symbol holds for every chain's asset that is called so.
  package let tolerance: [Asset: Amount]
  /// Up to which amount a payment counts as paid before it is in a block; absent: never. On EVM
  /// chains what isn't in a block is never more than shown.
  package let zeroConfirmationMaximum: [Asset: Amount]
  package let expiry: Expiry
  /// Confirmations for every amount, instead of the chain's tiers.
  package let confirmations: UInt32?

  package enum Late: String, Sendable, CaseIterable {
    /// Money that comes after the expiry counts.
    case accept
    /// It waits for an operator.
    case hold
    /// It waits until it is final, and is sent back.
    case refund
  }

  package enum Exception: String, Sendable, CaseIterable {
    /// It is kept: what is too little counts as all that was due.
    case accept
    /// It waits for an operator.
    case hold
    /// It is sent back once it is final: what is too much, or all where it is too little.
    case refund
  }

  package struct Expiry: Sendable, Equatable {
    package let defaultSeconds: Int64
    package let minimumSeconds: Int64
    package let maximumSeconds: Int64
  }

  /// What it takes to send money back.
  package struct Refunds: Sendable, Equatable {
    /// People who must approve each refund, besides whoever requests it.
    package let approvals: Int
    /// Addresses of either family whose signatures are approvals, by their holders' names; where
    /// there are none, a name alone is one.
    package let approvers: [String: String]
    /// Above these amounts one must, whatever `approvals` says.
    package let fourEyesAbove: [Asset: Amount]
    /// How long a refund waits that goes elsewhere than what was named first.
    package let addressCooldownSeconds: Int64
    package let requiresAttestation: Bool
    package let feePayer: FeePayer
  }

  package enum FeePayer: String, Sendable, CaseIterable {
    case shop
    /// The chain's fee comes out of what is sent back. For a chain's own coin only.
    case payee
  }
}
