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
  /// Whether an address must be proved by a signed message.
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

/// Why a refund can't be made or changed. Nothing was written.
package enum RefundRefusal: Error, Equatable {
  case notFound(String)
  case unknownChain(String)
  /// Neither the request nor the payment names one.
  case noAddress
  case invalidAddress(String)
  /// A partial refund names its amount, no other does.
  case amountMissing
  case amountUnexpected
  /// Nothing final is left to send back.
  case nothingToRefund
  case exceedsReceipts(UInt256, left: UInt256)
  /// Below what the chain carries.
  case amountTooSmall(minimum: UInt256)
  /// The tenant's policy wants a signed message.
  case attestationMissing
  case attestationInvalid(String)
  case reasonTooLong(maximumBytes: Int)
  case notPossible(RefundStatus)
  /// The outgoing transaction that pays it can still be mined, or was.
  case payable(by: String, OutgoingStatus)
  case sameApprover(String)
  /// Approvers are listed, and this isn't one of their names.
  case unknownApprover(String)
  /// Only a signature under this text counts as an approval.
  case approvalUnsigned(statement: String)
  /// The signature isn't the approver's under this text.
  case approvalInvalid(signer: String, statement: String)
}
