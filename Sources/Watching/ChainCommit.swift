package import Bytes
package import ChainTracking
package import ChainTypes

/// A script to watch, by its ordinal: the place in which its address was appended to its family.
package struct WatchedScript: Sendable, Hashable {
  package let ordinal: UInt64
  package let scriptPubKey: [UInt8]

  package init(ordinal: UInt64, scriptPubKey: [UInt8]) {
    self.ordinal = ordinal
    self.scriptPubKey = scriptPubKey
  }
}

/// How far a watcher has come on a chain, as the store has it.
package struct ChainCursor: Sendable, Hashable {
  /// Counts the commits; a writer that expects another one is refused.
  package let version: Int64
  package let tip: BlockRef
  /// Every address up to this ordinal is watched.
  package let addressesThrough: UInt64
  /// A look at a mempool at our own tip began at this moment: whatever was paid before is known.
  package let lookedThrough: Timestamp?
  /// Why nothing is credited, where that is so.
  package let halt: String?
  /// The last tip of which was told that the chain stands still at it.
  package let stallTold: Hash32?
  /// The highest block that the chain itself has called final; nil where it calls none so.
  package let finalized: BlockRef?
  /// When the last block was covered whose calls no node told of, or only one where one isn't
  /// believed; nil where there was none.
  package let untracedAt: Timestamp?

  package init(
    version: Int64, tip: BlockRef, addressesThrough: UInt64, lookedThrough: Timestamp?,
    halt: String?, stallTold: Hash32? = nil, finalized: BlockRef? = nil,
    untracedAt: Timestamp? = nil
  ) {
    self.untracedAt = untracedAt
    self.finalized = finalized
    self.version = version
    self.tip = tip
    self.addressesThrough = addressesThrough
    self.lookedThrough = lookedThrough
    self.halt = halt
    self.stallTold = stallTold
  }
}

/// What a watcher begins with after a start.
package struct ChainRecord: Sendable {
  package let cursor: ChainCursor
  /// The active chain's last blocks, lowest first, up to the cursor's tip.
  package let links: [ChainLink]
  /// Transfers that may still change.
  package let tracked: [TrackedTransfer]

  package init(cursor: ChainCursor, links: [ChainLink], tracked: [TrackedTransfer]) {
    self.cursor = cursor
    self.links = links
    self.tracked = tracked
  }
}

/// All that one step of a watcher changes. It holds as a whole or not at all.
package struct ChainStep: Sendable {
  package let chain: ChainName
  /// The cursor's version that this step was made on.
  package let expectedVersion: Int64
  /// Blocks that left the active chain, tip first.
  package var disconnected: [ChainLink] = []
  /// Blocks that joined it, lowest first: verified and scanned.
  package var connected: [ChainLink] = []
  /// The headers of blocks among `connected`, 80 bytes each (Bitcoin).
  package var headers: [BlockRef: [UInt8]] = [:]
  /// The steps of the transfers that changed, in order.
  package var changes: [TransferChange] = []
  /// Of the transactions that `changes` put into blocks, and of those put there before that lack
  /// it.
  package var proofs: [TransferProof] = []
  /// Blocks among `connected` whose calls no node told of: what they moved was not looked for.
  package var untraced: [BlockRef] = []
  /// Whether of a block among `connected` a single node told the calls, where one isn't believed.
  package var hasUnwitnessed = false
  /// What issuers did to listed tokens in blocks of `connected`.
  package var notices: [BlockNotice] = []
  /// Coin that came to watched addresses without transfers, in blocks of `connected` or at the tip.
  package var incomes: [AddressIncome] = []
  /// Transactions in blocks of `connected` that use up what outgoing ones may.
  package var sightings: [OutgoingSighting] = []
  /// Of the open slots that were looked for.
  package var slotsVersion: Int64 = 0
  package var addressesThrough: UInt64
  /// Nil where the mempool wasn't looked through.
  package var lookedThrough: Timestamp?
  /// Where the chain calls a higher block final than before.
  package var finalized: BlockRef?
  /// Set where this step stops crediting, with the reason.
  package var halt: String?
  /// The tip's own time, where the chain has stood still for too long since then. The store tells
  /// it once for each tip.
  package var stalledSince: Timestamp?
  package let now: Timestamp

  package init(
    chain: ChainName, expectedVersion: Int64, addressesThrough: UInt64, now: Timestamp
  ) {
    self.chain = chain
    self.expectedVersion = expectedVersion
    self.addressesThrough = addressesThrough
    self.now = now
  }
}

/// The store as a watcher needs it. Whoever keeps the payments implements it.
package protocol ChainCommit: Sendable {
  /// Nil before the chain's first start. At most `window` links.
  func record(of chain: ChainName, window: Int) async throws -> ChainRecord?

  /// The chain's first start: `links`, lowest first, end in the block after which scanning begins.
  func start(_ chain: ChainName, links: [ChainLink]) async throws -> ChainCursor

  /// The next scripts of the chain's family, in the order of their ordinals.
  func scripts(
    for chain: ChainName, after ordinal: UInt64, limit: Int
  ) async throws -> [WatchedScript]

  /// How deep transfers to these addresses must be. Addresses without a payment get the chain's
  /// rule.
  func requirements(
    on chain: ChainName, ordinals: [UInt64]
  ) async throws -> [UInt64: ConfirmationRequirement]

  /// What is stored of these transfers, whatever their state.
  func stored(_ ids: [TransferID]) async throws -> [TrackedTransfer]

  /// All transfers in blocks above `height`, final ones too.
  func transfers(on chain: ChainName, above height: UInt32) async throws -> [TrackedTransfer]

  /// What the store explains of the balances of some addresses with open payments in the chain's
  /// coin; nil where there is no such chain.
  func expectedBalances(
    on chain: ChainName, _ selection: BalanceExpectations.Selection
  ) async throws -> BalanceExpectations?

  /// What outgoing transactions may use up on the chain and haven't for good.
  func openSlots(on chain: ChainName) async throws -> OpenSlots

  /// Writes the step. Throws `StaleCursor` where another writer was faster.
  func commit(_ step: ChainStep) async throws -> ChainCursor
}

/// Another watcher has moved the cursor: whatever this one holds in memory is out of date.
package struct StaleCursor: Error, Equatable {
  package let chain: ChainName
  package let expected: Int64

  package init(chain: ChainName, expected: Int64) {
    self.chain = chain
    self.expected = expected
  }
}
