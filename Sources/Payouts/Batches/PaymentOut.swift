package import Bytes
package import Payments

/// One thing that a transaction pays, in words that a signer compares with the transaction.
package struct PaymentOut: Hashable, Sendable {
  /// `ref_…`; nil for what a sweep moves, or gas.
  package var refund: Identifier?
  /// As the chain writes it.
  package var address: String
  /// The asset's symbol.
  package var asset: String
  /// The token's contract; nil for the chain's own coin.
  package var contract: Hash20?
  /// In the asset's minor unit.
  package var amount: UInt256
  package var attestation: RefundAttestation?

  package init(
    refund: Identifier?, address: String, asset: String, contract: Hash20? = nil, amount: UInt256,
    attestation: RefundAttestation? = nil
  ) {
    self.refund = refund
    self.address = address
    self.asset = asset
    self.contract = contract
    self.amount = amount
    self.attestation = attestation
  }
}
