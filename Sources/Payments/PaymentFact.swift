package import Bytes
package import ChainTypes

/// Something that happened to a payment. The facts in their order are all that its state is made
/// of: applying them again gives the same payment, byte for byte.
package enum PaymentFact: Hashable, Sendable, Codable {
  /// What one commit of a watcher changed in its transfers: each as it stands afterwards.
  case observed([PaymentTransfer])
  /// The chain was covered, and the mempool looked through, to past the deadline.
  case deadlinePassed(lookedThrough: Timestamp)
  /// Withdrawn before money came.
  case canceled(by: String)
  /// An operator takes what came, however late or short, for `due` minor units.
  case accepted(due: UInt256, by: String)
  /// An operator closes the payment.
  case resolved(by: String, reason: String)
  /// So much of its receipts is to be sent back.
  case refundRequested(id: String, amount: UInt256)
  /// A refund that was requested is final, or isn't after all, or ended without being paid.
  case refundChanged(id: String, to: RefundOutcome)

  /// What those who decide, and their reasons, may have as UTF-8.
  package static let maximumByBytes = 128
  package static let maximumReasonBytes = 500
}

/// What a payment knows of one of its refunds.
package enum RefundOutcome: String, Hashable, Sendable, Codable {
  case pending
  /// Paid, finally.
  case paid
  /// Failed or canceled: its amount may be refunded again.
  case ended
}

/// Why a fact can't happen to a payment as it stands.
package enum PaymentError: Error, Hashable, Sendable {
  /// Money has come, so it can't be withdrawn.
  case notCancelable(PaymentStatus)
  /// Nothing has come that could be accepted, since the resolution where there was one, or not
  /// enough for what would be due.
  case nothingToAccept
  /// More than what was asked for.
  case dueTooHigh(UInt256, amount: UInt256)
  /// Paid, settled or resolved payments can't be resolved, unless what came after a resolution was
  /// accepted.
  case notResolvable(PaymentStatus)
  /// More than what is left of the final receipts.
  case exceedsReceipts(UInt256, left: UInt256)
  case unknownRefund(String)
  /// There is one with this id.
  case refundExists(String)
}
