package import Bytes
package import ChainTypes
package import Payments

/// What a tenant's payments get where a request doesn't say.
package struct TenantPolicy: Sendable, Equatable {
  package var late: PaymentTerms.LatePolicy = .hold
  /// What becomes of too little and of too much; nil where an operator decides.
  package var short: PaymentTerms.ExceptionPolicy?
  package var over: PaymentTerms.ExceptionPolicy?
  package var refunds = RefundPolicy()
  /// Minor units that may be missing; none of an asset that isn't here.
  package var tolerance: [Asset: UInt256] = [:]
  /// Up to this many minor units, a payment counts as paid from the mempool on. Anything there can
  /// still be replaced: it is the tenant's risk. On Bitcoin only.
  package var zeroConfirmationMaximum: [Asset: UInt256] = [:]
  package var expirySeconds: Int64 = 900
  package var expirySecondsRange: ClosedRange<Int64> = 60...86_400
  /// Instead of the chain's tiers.
  package var confirmations: UInt32?

  package init() {}

  /// For how long a payment may be open: of a quote no longer than that holds.
  func expiries(of quote: PaymentQuote?) -> ClosedRange<Int64> {
    guard let quote else { return expirySecondsRange }
    let longest = min(expirySecondsRange.upperBound, quote.lifetimeSeconds)
    return expirySecondsRange.lowerBound...max(expirySecondsRange.lowerBound, longest)
  }
}
