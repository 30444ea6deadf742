internal import ChainTypes
internal import Payments
package import Settings
package import Settlement

extension TenantPolicy {
  /// What the configuration says.
  package init(_ settings: PolicySettings) {
    self.init()
    late =
      switch settings.late {
      case .accept: .accept
      case .hold: .hold
      case .refund: .refund
      }
    short = PaymentTerms.ExceptionPolicy(settings.short)
    over = PaymentTerms.ExceptionPolicy(settings.over)
    refunds = RefundPolicy(settings.refunds)
    tolerance = settings.tolerance.mapValues(\.minorUnits)
    zeroConfirmationMaximum = settings.zeroConfirmationMaximum.mapValues(\.minorUnits)
    expirySeconds = settings.expiry.defaultSeconds
    expirySecondsRange = settings.expiry.minimumSeconds...settings.expiry.maximumSeconds
    confirmations = settings.confirmations
  }
}

extension PaymentTerms.ExceptionPolicy {
  /// Nil where an operator decides.
  fileprivate init?(_ setting: PolicySettings.Exception) {
    switch setting {
    case .accept: self = .accept
    case .refund: self = .refund
    case .hold: return nil
    }
  }
}

extension RefundPolicy {
  fileprivate init(_ settings: PolicySettings.Refunds) {
    self.init()
    approvals = settings.approvals
    approvers = RefundApprovers(settings.approvers)
    fourEyesAbove = settings.fourEyesAbove.mapValues(\.minorUnits)
    cooldownSeconds = settings.addressCooldownSeconds
    requiresAttestation = settings.requiresAttestation
    feePayer =
      switch settings.feePayer {
      case .shop: .shop
      case .payee: .payee
      }
  }
}

extension RefundService {
  /// Of the configured chains, under the configured tenants' policies.
  package init(_ configuration: PaywatchConfiguration) {
    let policies = configuration.tenants.map { ($0.id, TenantPolicy($0.policies)) }
    self.init(
      specs: configuration.chains.map(\.spec),
      policies: Dictionary(policies) { first, _ in first })
  }
}
