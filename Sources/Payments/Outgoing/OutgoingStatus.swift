/// A transaction of ours, from its making to its block.
///
/// ```
///   built ─► signed ─► broadcast ─► confirmed ─► final
///     │         └─────────┴── a block with another transaction in its slots ─► replaced
///     └► canceled                  a final block where it had no effect ─► failed
/// ```
package enum OutgoingStatus: String, Hashable, Sendable, Codable, CaseIterable {
  case built, signed, broadcast
  /// In a block, as deep as it takes.
  case confirmed
  case final
  /// Another transaction used up what this one needs, and is final.
  case replaced
  /// Executed without effect (an EVM status of 0), finally.
  case failed
  /// Given up before it was signed.
  case canceled

  /// Whether a block may still hold it, or stop holding it.
  package var isPending: Bool {
    switch self {
    case .built, .signed, .broadcast, .confirmed: true
    case .final, .replaced, .failed, .canceled: false
    }
  }
}

/// What an outgoing transaction is for.
package enum OutgoingPurpose: String, Hashable, Sendable, Codable, CaseIterable {
  case refund
  /// From payments' addresses to the treasury.
  case sweep
  /// Coin for an address, so that its tokens can be swept.
  case gas
  /// To where the shop wants its revenue.
  case withdrawal
  /// Nothing, from an account to itself: uses up a nonce that no other transaction is to have.
  case void

  /// What its events are called: what funds a sweep is a part of it.
  package var eventPrefix: String { self == .gas ? Self.sweep.rawValue : rawValue }
}
