package import ChainTypes

/// Watches one chain: follows the tip that its nodes agree on, proves what blocks hold, and hands
/// the store what changed, one step at a time.
package protocol ChainWatcher: Actor {
  nonisolated var chain: ChainName { get }

  /// One step: new addresses, then blocks, then what else the family has. Errors of the store are
  /// thrown; what is wrong with nodes and blocks stands in the report.
  func step() async throws -> WatchReport

  /// Learns of new addresses without watching, as while another process does.
  func learnAddresses() async throws

  /// Begins with the addresses of a snapshot, where it has none yet.
  func watch(_ snapshot: WatchSnapshots.Loaded)

  /// What is watched by now.
  var watchedAddresses: WatchedAddresses { get }
}
