/// Where a payment stands. A pure function of its terms, its transfers and its recorded facts.
package enum PaymentStatus: String, Hashable, Sendable, Codable, CaseIterable {
  /// Nothing in a block yet, not enough in the mempool.
  case open
  /// Something is in a block, but too little.
  case partiallyPaid = "partially_paid"
  /// Enough has been seen in mempool or blocks.
  case processing
  /// Enough is as deep as the terms require.
  case paid
  /// Enough is final.
  case settled
  /// The deadline has passed without enough.
  case expired
  /// Withdrawn by the shop before any money came.
  case canceled
  /// Closed by an operator.
  case resolved

  /// How much of the way to `settled` is gone. Steps up and down are told as they cross these.
  var rank: Int {
    switch self {
    case .open, .expired, .canceled, .resolved: 0
    case .partiallyPaid: 1
    case .processing: 2
    case .paid: 3
    case .settled: 4
    }
  }

  /// Whether nothing more is expected of the payment, so that its order may have another.
  package var hasEnded: Bool {
    switch self {
    case .open, .partiallyPaid, .processing, .paid: false
    case .settled, .expired, .canceled, .resolved: true
    }
  }
}
