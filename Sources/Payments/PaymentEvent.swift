/// What a change of a payment tells the world.
package struct PaymentEvent: Hashable, Sendable {
  package let kind: Kind
  package let from: PaymentStatus
  package let to: PaymentStatus

  /// The event's type: `payment.` and the raw value.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case created
    case partiallyPaid = "partially_paid"
    case processing, paid, settled, expired
    case expiredPartial = "expired_partial"
    case late, overpaid, reversed, canceled, resolved
    /// More has come where nobody waits for more, and no other event tells so.
    case received

    package var type: String { "payment." + rawValue }
  }

  package init(_ kind: Kind, from: PaymentStatus, to: PaymentStatus) {
    self.kind = kind
    self.from = from
    self.to = to
  }
}
