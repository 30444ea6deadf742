package import Bytes
package import ChainTypes
package import Payments

/// What a tenant's refunds are subject to.
package struct RefundPolicy: Sendable, Equatable {
  /// People who must approve each refund, besides whoever asks for it.
  package var approvals = 0
  /// Above this many minor units one more than the requester must, whatever `approvals` says.
  package var fourEyesAbove: [Asset: UInt256] = [:]
  /// Who may approve, by the keys with which they sign; anybody by name alone where empty.
  package var approvers = RefundApprovers()
  /// How long a refund waits whose address isn't the one that was named for the payment first.
  package var cooldownSeconds: Int64 = 86_400
  /// Whether an address must be proved by a signed message: its own, or a listed approver's.
  package var requiresAttestation = false
  package var feePayer = RefundTerms.FeePayer.shop

  package init() {}
}

/// What someone wants sent back.
package struct RefundRequest: Sendable {
  package var payment: String
  package var kind: RefundTerms.Kind
  /// Minor units; of a partial refund only.
  package var amount: UInt256?
  /// Where to; nil for the address that was named with the payment.
  package var address: String?
  package var attestation: RefundAttestation?
  package var requestedBy: String
  /// Whether whoever asks has shown who it is, by an API key: a name alone shows nothing.
  package var isRequesterProved: Bool
  package var reason: String?

  package init(
    payment: String, kind: RefundTerms.Kind, amount: UInt256? = nil, address: String? = nil,
    attestation: RefundAttestation? = nil, requestedBy: String, isRequesterProved: Bool = true,
    reason: String? = nil
  ) {
    self.payment = payment
    self.kind = kind
    self.amount = amount
    self.address = address
    self.attestation = attestation
    self.requestedBy = requestedBy
    self.isRequesterProved = isRequesterProved
    self.reason = reason
  }
}
