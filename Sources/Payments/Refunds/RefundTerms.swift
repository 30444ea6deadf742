package import Bytes
package import ChainTypes

/// What is to be sent back, fixed when the refund is requested.
package struct RefundTerms: Hashable, Sendable, Codable {
  /// `ref_…`
  package let id: String
  package let payment: String
  /// What the payment is for; nil of refunds that were requested before it was noted.
  package let order: String?
  package let tenant: String
  package let region: String
  package let chain: ChainName
  package let chainID: UInt64?
  /// As the payment's: a refund is in what was paid.
  package let asset: Asset
  /// What the refund takes of the payment's receipts, in minor units; the chain's fee comes out of
  /// it where the payer bears it.
  package let amount: UInt256
  package let kind: Kind
  package let feePayer: FeePayer
  /// Where it goes, in its chain's form.
  package let address: String
  /// That the address's owner, or an operator, asked for just this.
  package let attestation: RefundAttestation?
  package let requestedBy: String
  package let requestedAt: Timestamp
  /// Not to be built before: a changed address cools down.
  package let notBefore: Timestamp
  /// How many people besides the requester must approve.
  package let approvalsNeeded: Int
  /// True where approvers are listed with their keys: then only signed approvals count.
  package let wantsSignedApprovals: Bool?
  package let reason: String?

  package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    /// All that is left of the final receipts.
    case full
    case partial
    /// What came above what was due.
    case overpayment
  }

  package enum FeePayer: String, Hashable, Sendable, Codable, CaseIterable {
    case shop
    /// The chain's fee is taken from the amount. For a chain's own coin only.
    case payee
  }

  package init(
    id: String, payment: PaymentTerms, amount: UInt256, kind: Kind, feePayer: FeePayer,
    address: String, attestation: RefundAttestation?, requestedBy: String,
    requestedAt: Timestamp, notBefore: Timestamp, approvalsNeeded: Int,
    wantsSignedApprovals: Bool = false, reason: String?
  ) {
    self.id = id
    self.payment = payment.id
    order = payment.orderID
    tenant = payment.tenant
    region = payment.region
    chain = payment.chain
    chainID = payment.chainID
    asset = payment.asset
    self.amount = amount
    self.kind = kind
    self.feePayer = feePayer
    self.address = address
    self.attestation = attestation
    self.requestedBy = requestedBy
    self.requestedAt = requestedAt
    self.notBefore = notBefore
    self.approvalsNeeded = approvalsNeeded
    self.wantsSignedApprovals = wantsSignedApprovals ? true : nil
    self.reason = reason
  }
}

/// A signed message about a refund: that it may go to its address, or that somebody approves it.
package struct RefundAttestation: Hashable, Sendable, Codable {
  package let kind: Kind
  /// Whose signature it is: an address.
  package let signer: String
  /// A refund statement's text, or an approval's.
  package let message: String
  /// Base64 (BIP-0322, the simple form) or `0x` and 130 digits (EIP-191).
  package let signature: String

  package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    case bip322
    case eip191
  }

  package static let maximumSignatureBytes = 2_048

  package init(kind: Kind, signer: String, message: String, signature: String) {
    self.kind = kind
    self.signer = signer
    self.message = message
    self.signature = signature
  }
}
