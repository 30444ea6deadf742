package import Bytes
package import Keys
package import Payments

/// One thing that a transaction pays, in words that a signer compares with the transaction.
package struct PaymentOut: Hashable, Sendable {
  /// Nil for what a sweep moves, or gas.
  package var refund: RefundOut?
  /// As the chain writes it.
  package var address: String
  /// The asset's symbol.
  package var asset: String
  /// The token's contract; nil for the chain's own coin.
  package var contract: Hash20?
  /// In the asset's minor unit.
  package var amount: UInt256
  /// On EVM chains, where the address is ours: where it comes from, such as `m/44h/60h/0h/1/0`. A
  /// transaction itself can't say that there.
  package var path: DerivationPath?

  package init(
    refund: RefundOut?, address: String, asset: String, contract: Hash20? = nil, amount: UInt256,
    path: DerivationPath? = nil
  ) {
    self.refund = refund
    self.address = address
    self.asset = asset
    self.contract = contract
    self.amount = amount
    self.path = path
  }
}

/// The refund that is paid, with what a signer needs to see that no more goes back than came.
package struct RefundOut: Hashable, Sendable {
  /// `ref_…`
  package var id: Identifier
  /// `pay_…`
  package var payment: Identifier
  /// What that payment has finally received, in its asset's minor unit.
  package var receipts: UInt256
  /// Who asked for it, as the server says: a name, `tenant:` with an id, or `policy`.
  package var requestedBy: String
  package var attestation: RefundAttestation?
  /// Signed approvals.
  package var approvals: [RefundAttestation]

  package init(
    id: Identifier, payment: Identifier, receipts: UInt256, requestedBy: String = "policy",
    attestation: RefundAttestation? = nil, approvals: [RefundAttestation] = []
  ) {
    self.id = id
    self.payment = payment
    self.receipts = receipts
    self.requestedBy = requestedBy
    self.attestation = attestation
    self.approvals = approvals
  }
}
