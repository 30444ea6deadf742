package import ChainTracking
package import ChainTypes

/// What a rescan needs of the store beyond what a watcher does.
package protocol RescanStore: ChainCommit {
  /// The transfers that stand in blocks of these heights.
  func transfers(
    on chain: ChainName, in heights: ClosedRange<UInt32>
  ) async throws -> [TrackedTransfer]

  /// All ranges of the chain's coverage, lowest first.
  func coverage(of chain: ChainName) async throws -> [CoverageRange]
}
