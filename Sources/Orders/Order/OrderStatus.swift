/// Where an order stands.
package enum OrderStatus: String, Codable, Sendable, CaseIterable {
  /// Not paid yet.
  case pending
  /// Paid; nobody has begun with it.
  case confirmed
  case preparing
  case ready
  /// Handed over.
  case completed
  case canceled
  /// Its payment was taken back or goes back, or its stock is missing: nothing goes on until
  /// that is settled.
  case held
}

/// What somebody should look at.
package enum OrderAttention: String, Codable, Sendable, CaseIterable {
  /// The chain took back what had paid for it.
  case paymentReversed = "payment_reversed"
  /// It is paid, and what it had set aside isn't there any more.
  case stockMissing = "stock_missing"
  /// What has paid for it goes back to the payer, or has.
  case refunding
  /// It is canceled, and money came for it.
  case refundDue = "refund_due"
}

/// Why an order was canceled where nobody decided it.
package enum CancellationReason: String, Codable, Sendable, CaseIterable {
  /// Somebody did; a note may say why.
  case requested
  case expired
  case outOfStock = "out_of_stock"
  case paymentRefused = "payment_refused"
  case paymentExpired = "payment_expired"
  case paymentCanceled = "payment_canceled"
  case paymentResolved = "payment_resolved"
}

/// What has become of the stock that an order needs.
package enum OrderStock: String, Codable, Sendable, CaseIterable {
  case none
  case reserved
  /// Used, on paper at least.
  case consumed
  /// Given back.
  case released
  /// Supply held nothing any more when it was to be used.
  case missing
  /// Made of what is at hand, which nobody counts.
  case waived
}

/// How far an order's payment has come: `PaymentStatus`, as far as it matters to an order.
package enum PaymentLevel: String, Codable, Sendable, CaseIterable {
  /// Nothing in a block, not enough in the mempool.
  case open
  case partiallyPaid = "partially_paid"
  case processing
  /// Paid or settled.
  case paid
  case expired
  case canceled
  case resolved

  /// Whether money has been seen on its way.
  var hasMoney: Bool {
    switch self {
    case .partiallyPaid, .processing, .paid: true
    case .open, .expired, .canceled, .resolved: false
    }
  }
}

/// How far a refund has come, as far as it matters to an order.
package enum RefundLevel: String, Codable, Sendable, CaseIterable {
  /// Requested, approved, or on its way.
  case going
  /// Back for good.
  case final
  /// Failed or canceled: nothing goes.
  case ended
}
