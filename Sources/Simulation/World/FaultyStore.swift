internal import ChainTracking
internal import ChainTypes
internal import Watching

/// A watcher's store whose process may die before each question. Commits die in the database's own
/// hooks.
struct FaultyStore: ChainCommit {
  let store: any ChainCommit
  let killSwitch: KillSwitch

  func record(of chain: ChainName, window: Int) async throws -> ChainRecord? {
    try killSwitch.pass(.beforeStoreRead)
    return try await store.record(of: chain, window: window)
  }

  func start(_ chain: ChainName, links: [ChainLink]) async throws -> ChainCursor {
    try await store.start(chain, links: links)
  }

  func scripts(
    for chain: ChainName, after ordinal: UInt64, limit: Int
  ) async throws -> [WatchedScript] {
    try killSwitch.pass(.beforeStoreRead)
    return try await store.scripts(for: chain, after: ordinal, limit: limit)
  }

  func requirements(
    on chain: ChainName, ordinals: [UInt64]
  ) async throws -> [UInt64: ConfirmationRequirement] {
    try killSwitch.pass(.beforeStoreRead)
    return try await store.requirements(on: chain, ordinals: ordinals)
  }

  func stored(_ ids: [TransferID]) async throws -> [TrackedTransfer] {
    try killSwitch.pass(.beforeStoreRead)
    return try await store.stored(ids)
  }

  func expectedBalances(
    on chain: ChainName, _ selection: BalanceExpectations.Selection
  ) async throws -> BalanceExpectations? {
    try killSwitch.pass(.beforeStoreRead)
    return try await store.expectedBalances(on: chain, selection)
  }

  func openSlots(on chain: ChainName) async throws -> OpenSlots {
    try killSwitch.pass(.beforeStoreRead)
    return try await store.openSlots(on: chain)
  }

  func transfers(on chain: ChainName, above height: UInt32) async throws -> [TrackedTransfer] {
    try killSwitch.pass(.beforeStoreRead)
    return try await store.transfers(on: chain, above: height)
  }

  func commit(_ step: ChainStep) async throws -> ChainCursor { try await store.commit(step) }
}
