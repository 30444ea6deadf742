package import ChainTypes
package import NodeRPC

/// What a step of a watcher did.
package struct WatchReport: Sendable {
  package var tip: BlockRef?
  package var connected = 0
  package var disconnected = 0
  package var transferChanges = 0
  /// What issuers did to listed tokens.
  package var notices = 0
  /// What came to watched addresses without transfers.
  package var incomes = 0
  /// Nil where no balances were to be held against what is known.
  package var audit: Audit?
  /// New addresses that are watched from now on.
  package var addresses = 0
  /// Our tip is the one that the nodes agree on.
  package var isAtTip = false
  /// There is more in a mempool than this step could look into.
  package var isLooking = false
  /// Until when the mempools were looked through: deadlines up to then may pass.
  package var lookedThrough: Timestamp?
  package var hold: Hold?

  package enum Audit: Sendable, Equatable {
    case proved(accounts: Int)
    /// No node proves the accounts' balances at this block.
    case unproved(BlockRef)
  }

  /// Why a watcher doesn't move on.
  package enum Hold: Sendable, Equatable {
    case nodes(TipAgreement.HoldReason)
    /// The nodes' tip has less work than ours: we wait for more.
    case lessWork(BlockRef)
    /// The nodes' tip is one of our blocks below our own tip: we wait for them.
    case behind(BlockRef)
    /// The time of a block on the way to the tip is over two hours ahead of our clock.
    case fromTheFuture(BlockRef)
    /// The branch leaves our chain below all that we still know; an operator must decide.
    case beyondWindow(BlockRef)
    /// A proven block can't be true beside those scanned before, such as one that spends an output
    /// a second time: the nodes follow a chain that full validation refuses.
    case contradiction(String)
    /// What the node said no longer fits together; asked again at the next step.
    case inconsistent(String)
    /// Too few nodes at our tip let us look through their mempools: nothing expires.
    case noMempool(BlockRef)
    /// The time of day jumped ahead of the monotonic clock: nothing expires until it has kept step
    /// for ten minutes.
    case clockJumped
  }

  package init() {}

  /// Whether there may be more to do at once.
  package var isBusy: Bool { hold == nil && (!isAtTip || isLooking) }
}
