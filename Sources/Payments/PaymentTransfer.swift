package import Bytes
package import ChainTypes

/// A transfer to a payment's address, as the payment knows it.
package struct PaymentTransfer: Hashable, Sendable, Codable {
  package let id: TransferID
  package let value: UInt256
  package let state: State
  /// The block it stands in, or stood in once orphaned.
  package let block: BlockRef?
  /// When a watcher first knew of it.
  package let firstSeen: Timestamp
  /// The own time of the block it stands in; in a payment, of the earliest it ever stood in, so
  /// that a reorg doesn't make late what came in time.
  package let blockTime: Timestamp?
  /// Until when mempools had been looked through, without it, before it was first known: it may
  /// have come at any moment since then. The beginning of time where nobody ever had looked; nil
  /// in updates of what is known.
  package let lookedThrough: Timestamp?
  /// True of what was observed while the chain was halted and hadn't counted before: unconfirmed
  /// value that nothing is credited for. Else nil.
  package let isHeldBack: Bool?

  /// The states of the transfer machine that a payment tells apart.
  package enum State: String, Hashable, Sendable, Codable, CaseIterable {
    case seen, included, confirmed, final, replaced, dropped, orphaned, failed, quarantined
    case released, refunded

    /// How sure its value is: 0 gone or never there, 1 seen, 2 in a block, 3 confirmed, 4 final.
    var certainty: Int {
      switch self {
      case .seen: 1
      case .included: 2
      case .confirmed: 3
      case .final, .released: 4
      // An orphaned transfer is back among what may still happen: it counts again once it is seen.
      case .replaced, .dropped, .orphaned, .failed, .quarantined, .refunded: 0
      }
    }
  }

  package init(
    id: TransferID, value: UInt256, state: State, block: BlockRef?, firstSeen: Timestamp,
    blockTime: Timestamp?, lookedThrough: Timestamp? = nil, isHeldBack: Bool? = nil
  ) {
    self.id = id
    self.value = value
    self.state = state
    self.block = block
    self.firstSeen = firstSeen
    self.blockTime = blockTime
    self.lookedThrough = lookedThrough
    self.isHeldBack = isHeldBack
  }

  /// This update of `known`: with the earlier of two blocks' times, and with what was known when it
  /// first came. A halt holds back only what didn't count before it.
  func updating(_ known: PaymentTransfer) -> PaymentTransfer {
    let wasCounted = known.isHeldBack != true && known.state.certainty >= 1
    return PaymentTransfer(
      id: id, value: value, state: state, block: block, firstSeen: firstSeen,
      blockTime: [blockTime, known.blockTime].compactMap(\.self).min(),
      lookedThrough: known.lookedThrough, isHeldBack: wasCounted ? nil : isHeldBack)
  }

  /// The same as first known after a look at mempools that hadn't found it.
  package func found(after look: Timestamp) -> PaymentTransfer {
    PaymentTransfer(
      id: id, value: value, state: state, block: block, firstSeen: firstSeen,
      blockTime: blockTime, lookedThrough: look, isHeldBack: isHeldBack)
  }

  /// The same, observed while the chain is halted or not.
  package func heldBack(_ isHalted: Bool) -> PaymentTransfer {
    PaymentTransfer(
      id: id, value: value, state: state, block: block, firstSeen: firstSeen,
      blockTime: blockTime, lookedThrough: lookedThrough, isHeldBack: isHalted ? true : nil)
  }

  /// Whether it came after `deadline`.
  ///
  /// It came at the earliest of three moments: when it was first seen, its block's time, and the
  /// last look before it was found. So neither a slow miner makes money late, nor a slow watcher,
  /// nor a time in which nobody watched.
  package func isLate(after deadline: Timestamp) -> Bool {
    min(firstSeen, blockTime ?? firstSeen, lookedThrough ?? firstSeen) > deadline
  }
}
