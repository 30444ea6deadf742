internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Leases
internal import Settlement
internal import Synchronization
internal import Watching

/// A chain's store as a watcher uses it that may lose the chain's lease and get it again: it keeps
/// what it watches meanwhile, and writes only under the lease held now.
final class LeasedChainStore: ChainCommit {
  private let database: any Database
  private let specs: [ChainSpec]
  private let held = Mutex<Lease?>(nil)

  /// There is no lease to write under.
  struct NotHeld: Error {}

  init(database: any Database, specs: [ChainSpec]) {
    self.database = database
    self.specs = specs
  }

  var lease: Lease? {
    get { held.withLock { $0 } }
    set { held.withLock { $0 = newValue } }
  }

  private var reading: ChainStore { ChainStore(database: database, specs: specs) }

  private func writing() throws -> ChainStore {
    guard let lease else { throw NotHeld() }
    return ChainStore(database: database, specs: specs, lease: lease)
  }

  func start(_ chain: ChainName, links: [ChainLink]) async throws -> ChainCursor {
    try await writing().start(chain, links: links)
  }

  func commit(_ step: ChainStep) async throws -> ChainCursor { try await writing().commit(step) }

  func record(of chain: ChainName, window: Int) async throws -> ChainRecord? {
    try await reading.record(of: chain, window: window)
  }

  func scripts(
    for chain: ChainName, after ordinal: UInt64, limit: Int
  ) async throws -> [WatchedScript] {
    try await reading.scripts(for: chain, after: ordinal, limit: limit)
  }

  func requirements(
    on chain: ChainName, ordinals: [UInt64]
  ) async throws -> [UInt64: ConfirmationRequirement] {
    try await reading.requirements(on: chain, ordinals: ordinals)
  }

  func stored(_ ids: [TransferID]) async throws -> [TrackedTransfer] {
    try await reading.stored(ids)
  }

  func expectedBalances(
    on chain: ChainName, _ selection: BalanceExpectations.Selection
  ) async throws -> BalanceExpectations? {
    try await reading.expectedBalances(on: chain, selection)
  }

  func openSlots(on chain: ChainName) async throws -> OpenSlots {
    try await reading.openSlots(on: chain)
  }

  func transfers(on chain: ChainName, above height: UInt32) async throws -> [TrackedTransfer] {
    try await reading.transfers(on: chain, above: height)
  }
}
