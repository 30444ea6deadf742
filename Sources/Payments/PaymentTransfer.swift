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
    blockTime: Timestamp?
  ) {
    self.id = id
    self.value = value
    self.state = state
    self.block = block
    self.firstSeen = firstSeen
    self.blockTime = blockTime
  }

  /// The same with the earlier of two blocks' times.
  func keeping(blockTime known: Timestamp?) -> PaymentTransfer {
    guard let known, known < blockTime ?? .init(microseconds: .max) else { return self }
    return PaymentTransfer(
      id: id, value: value, state: state, block: block, firstSeen: firstSeen, blockTime: known)
  }

  /// Judged by the earlier of the moment it was first seen and its block's time, so that neither
  /// a slow watcher nor a slow miner makes money late.
  package func isLate(after deadline: Timestamp) -> Bool {
    min(firstSeen, blockTime ?? firstSeen) > deadline
  }
}
