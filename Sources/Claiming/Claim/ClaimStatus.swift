/// Where a claim stands.
package enum ClaimStatus: String, Codable, Sendable, CaseIterable {
  /// Whoever shows the code gets the order.
  case open
  /// The order is held: nobody gets it until that is settled.
  case suspended
  /// Handed over.
  case processed
  /// The order ended otherwise.
  case canceled

  package var hasEnded: Bool { self == .processed || self == .canceled }
}

/// How an order reaches the customer.
package enum HandoverKind: String, Codable, Sendable, CaseIterable {
  /// At the counter.
  case pickup
  /// At the door.
  case delivery
}

/// What an order's events say that matters to its claim.
package enum ClaimedOrder: String, Codable, Sendable, CaseIterable {
  case ready
  case held
  case completed
  case canceled
}
