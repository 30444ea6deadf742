/// The accounts of the ledger, for each chain and asset. A debit adds to what an account has, a
/// credit takes from it; all of them together are zero.
package enum LedgerAccount: String, Hashable, Sendable, Codable, CaseIterable {
  /// What stands on our addresses, those of payments and our own. Compared with the chain.
  case treasury
  /// What came for payments and hasn't been set against what was due (a credit).
  case received
  /// What of payments' dues was met (a credit): the shop's own claim, which is kept by its orders,
  /// goes down by it.
  case receivable
  /// What was settled above what was due (a credit). It belongs to the payers but for what of it
  /// `refunds` holds.
  case overpaid
  /// What was waived of what was due (a debit).
  case tolerance
  /// What came and belongs to no payment: stray transfers, income without transfers (a credit).
  case unallocated
  /// What was sent back to payers (a debit).
  case refunds
  /// What the shop took for itself (a debit).
  case withdrawals
  /// What the chain took for our transactions (a debit).
  case fees
}
