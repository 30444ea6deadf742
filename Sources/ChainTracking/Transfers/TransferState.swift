package import Bytes
package import ChainTypes

/// Why something inbound isn't credited.
package enum QuarantineReason: String, Sendable, Hashable, Codable, CaseIterable {
  /// Below the chain's dust limit: recorded, never counted.
  case dust
  /// The chain commits to nothing that proves it.
  case unproven
}

/// Where a transfer stands.
///
/// ```
///   (new) ──► seen ──► included ──► confirmed ──► final
///     │       ▲  │      ▲  ▲  ◄────────┘            │
///     └───────┼──┼──────┘  │   (confirmations lost) │
///             │  ▼         │                        │
///        dropped, replaced ┤   included, confirmed, final
///             ▲            │            │
///             └──────── orphaned ◄──────┘
/// ```
package enum TransferState: Hashable, Sendable {
  /// In a mempool. Becomes included, replaced, dropped; failed or quarantined where the block that
  /// mines it shows that.
  case seen
  /// In a block of the active chain, not deep enough. Becomes confirmed, orphaned.
  case included(BlockRef)
  /// As deep as its payment requires. Becomes final, orphaned; and included again where the tip is
  /// disconnected, its own block stays, and it is no longer deep enough.
  case confirmed(BlockRef)
  /// As deep as the chain's finality rule. Keeps that while its block stays; becomes orphaned where
  /// a reorg breaks finality.
  case final(BlockRef)
  /// Another transaction, `by`, spends one of its inputs. Becomes seen, included: the replacement
  /// can itself be replaced or reorganised away.
  case replaced(by: Hash32)
  /// Gone from the mempool for no known reason (eviction isn't a double spend). Becomes seen,
  /// included, replaced.
  case dropped
  /// Its block, the one given, left the active chain. Becomes seen, included, replaced, dropped.
  case orphaned(BlockRef)
  /// Executed without effect (an EVM status of 0). Becomes included where a reorg has it executed
  /// again with effect.
  case failed
  /// Recorded, not credited. Becomes included where another block has it move more, or proves it.
  case quarantined(QuarantineReason)
  /// What was quarantined, credited by an operator. Reserved for that decision: nothing takes the
  /// step yet. Becomes nothing else.
  case released
  /// The same, sent back. Reserved as well.
  case refunded

  /// The state's word in events and rows.
  package var name: String {
    switch self {
    case .seen: "seen"
    case .included: "included"
    case .confirmed: "confirmed"
    case .final: "final"
    case .replaced: "replaced"
    case .dropped: "dropped"
    case .orphaned: "orphaned"
    case .failed: "failed"
    case .quarantined: "quarantined"
    case .released: "released"
    case .refunded: "refunded"
    }
  }

  /// The block it stands in or, once orphaned, the one it stood in.
  package var block: BlockRef? {
    switch self {
    case .included(let block), .confirmed(let block), .final(let block), .orphaned(let block):
      block
    default: nil
    }
  }

  /// Whether it moves something, now or perhaps later.
  package var moves: Bool {
    switch self {
    case .failed, .quarantined: false
    default: true
    }
  }

  /// Whether it stands in a block of the active chain.
  package var isInActiveChain: Bool {
    switch self {
    case .included, .confirmed, .final: true
    default: false
    }
  }

  /// Whether the machine has a step from this state to `next`.
  package func canBecome(_ next: TransferState) -> Bool {
    switch (self, next) {
    case (.seen, .included), (.seen, .replaced), (.seen, .dropped), (.seen, .failed),
      (.seen, .quarantined):
      true
    case (.included(let block), .confirmed(let same)), (.included(let block), .orphaned(let same)),
      (.confirmed(let block), .final(let same)), (.confirmed(let block), .included(let same)),
      (.confirmed(let block), .orphaned(let same)), (.final(let block), .orphaned(let same)):
      block == same
    case (.orphaned, .seen), (.orphaned, .included), (.orphaned, .replaced), (.orphaned, .dropped),
      (.dropped, .seen), (.dropped, .included), (.dropped, .replaced), (.replaced, .seen),
      (.replaced, .included):
      true
    case (.orphaned, .failed), (.orphaned, .quarantined), (.dropped, .failed),
      (.dropped, .quarantined), (.failed, .included), (.quarantined, .included):
      true
    case (.quarantined, .released), (.quarantined, .refunded): true
    default: false
    }
  }

  /// Whether a transfer that nothing was known of can begin here.
  package var canBegin: Bool {
    switch self {
    case .seen, .included, .failed, .quarantined: true
    default: false
    }
  }
}
