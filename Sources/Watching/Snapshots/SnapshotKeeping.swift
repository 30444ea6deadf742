internal import ChainTracking
internal import Synchronization

/// Fills a watcher from its snapshot when it starts, and writes a new one whenever that pays: once
/// enough addresses were added that a start would take longer for reading their rows.
package final class SnapshotKeeping: Sendable {
  private let snapshots: WatchSnapshots
  private let watcher: any ChainWatcher
  private let leastGrowth: Int
  private let tell: @Sendable (News) -> Void
  /// How many addresses the last snapshot had that was loaded or written, or tried to be.
  private let kept = Mutex(0)

  package enum News: Sendable {
    case loaded(addresses: Int)
    /// The set is filled from the database.
    case refused(any Error)
    case saved(addresses: Int)
    /// The snapshot before, if there is one, stays in its place.
    case notSaved(any Error)
  }

  /// - Parameter leastGrowth: from how many addresses on, which are read in a fraction of a second,
  ///   a snapshot is written at all
  package init(
    _ snapshots: WatchSnapshots, of watcher: any ChainWatcher, leastGrowth: Int = 100_000,
    tell: @escaping @Sendable (News) -> Void
  ) {
    self.snapshots = snapshots
    self.watcher = watcher
    self.leastGrowth = leastGrowth
    self.tell = tell
  }

  /// Fills the watcher, whose set's table gets the key; before its first step.
  package func load(key: (UInt64, UInt64)) async {
    do {
      guard let loaded = try await snapshots.load(key: key) else { return }
      await watcher.watch(loaded)
      kept.withLock { $0 = loaded.set.count }
      tell(.loaded(addresses: loaded.set.count))
    } catch {
      tell(.refused(error))
    }
  }

  /// Writes a snapshot where one is due.
  /// - Parameter isLast: before the process ends, when fewer addresses are worth it, too
  package func save(isLast: Bool = false) async {
    let addresses = await watcher.watchedAddresses
    let isDue = kept.withLock { kept in
      let least = isLast ? max(1, leastGrowth / 10) : max(leastGrowth, kept / 32)
      guard addresses.count >= leastGrowth, addresses.count - kept >= least else { return false }
      // Where it fails, too: it is tried again when there are more.
      kept = addresses.count
      return true
    }
    guard isDue else { return }
    do {
      try await snapshots.save(addresses)
      tell(.saved(addresses: addresses.count))
    } catch {
      tell(.notSaved(error))
    }
  }
}
