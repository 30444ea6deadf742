/// Where a refund stands.
///
/// ```
///   requested ─► approved ─► built ─► signed ─► broadcast ─► confirmed ─► final
///       │           │  ▲       │         │          ▲  │          │         │
///       └─ canceled ◄┤ └───────┘         ├─► failed ◄──┘          │         │
///                    └───────────────────┘          └──── reorg ──┴─────────┘
/// ```
///
/// What is final and paid less is `held` instead: an operator's word makes it `final`, or `failed`
/// where nothing left us. A reorg leads back from it, too.
package enum RefundStatus: String, Hashable, Sendable, Codable, CaseIterable {
  case requested
  /// As many people as it takes have approved.
  case approved
  /// A transaction that pays it has been made and waits for its signature.
  case built
  /// The signed transaction is stored; it may be known to the network from here on.
  case signed
  /// A node has taken it.
  case broadcast
  /// It stands in a block, as deep as the chain's own transfers must be.
  case confirmed
  /// As deep as the chain's finality rule.
  case final
  /// Its transaction is final, and less than it was to pay arrived by the token's own logs, or
  /// nothing: an operator takes it for paid, or ends it where nothing left us.
  case held
  /// It can't be paid by the transactions that were made for it. What it took of the cap is free.
  case failed
  case canceled

  /// Whether it may still take money, or has.
  package var isLive: Bool { self != .failed && self != .canceled }

  /// The event's type: `refund.` and the status.
  package var eventType: String { "refund." + rawValue }
}
