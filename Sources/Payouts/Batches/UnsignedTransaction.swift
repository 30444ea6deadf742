package import Bytes
package import Payments

/// A transaction that pays out, before it is signed.
package struct UnsignedTransaction: Hashable, Sendable {
  /// `out_…`
  package var id: Identifier
  /// The one whose inputs or nonce this uses again, so that at most one of them is ever mined.
  package var replaces: Identifier?
  package var purpose: Purpose
  package var body: Body
  /// What it pays, without change.
  package var paymentsOut: [PaymentOut]

  package enum Purpose: String, Hashable, Sendable, CaseIterable {
    /// Money goes back to payers.
    case refund
    /// Money goes from receiving addresses to the treasury.
    case sweep
    /// Ether goes to an account that is to be swept of a token.
    case gas
    /// Money goes to where the shop wants its revenue: one of the policy's destinations.
    case withdrawal
    /// Nothing moves: an account's nonce is used up, so that no other transaction has it.
    case void
  }

  package enum Body: Hashable, Sendable {
    /// A partially signed transaction (BIP-0174).
    case bitcoin(psbt: [UInt8])
    case ethereum(EthereumOffer)
  }

  package init(
    id: Identifier, replaces: Identifier? = nil, purpose: Purpose, body: Body,
    paymentsOut: [PaymentOut]
  ) {
    self.id = id
    self.replaces = replaces
    self.purpose = purpose
    self.body = body
    self.paymentsOut = paymentsOut
  }
}

/// The same, signed.
package struct SignedTransaction: Hashable, Sendable {
  package var transaction: UnsignedTransaction
  /// As nodes take it.
  package var raw: [UInt8]
  /// In internal byte order on Bitcoin.
  package var txid: Hash32

  package init(transaction: UnsignedTransaction, raw: [UInt8], txid: Hash32) {
    self.transaction = transaction
    self.raw = raw
    self.txid = txid
  }
}
