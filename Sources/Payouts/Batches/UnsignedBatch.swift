/// The file that a server writes for whoever holds the keys: transactions of one chain to be
/// signed.
///
/// It moves between machines by hand. Its descriptions are for people; the signer judges by the
/// transactions themselves and refuses descriptions that don't agree with them.
package struct UnsignedBatch: Hashable, Sendable {
  package var heading: BatchHeading
  package var transactions: [UnsignedTransaction]

  package init(heading: BatchHeading, transactions: [UnsignedTransaction]) {
    self.heading = heading
    self.transactions = transactions
  }
}

/// The file that goes back: the same transactions, signed.
package struct SignedBatch: Hashable, Sendable {
  package var heading: BatchHeading
  package var transactions: [SignedTransaction]

  package init(heading: BatchHeading, transactions: [SignedTransaction]) {
    self.heading = heading
    self.transactions = transactions
  }
}
