package import Bytes
package import ChainTracking
package import ChainTypes

/// What a rescan needs of the store beyond what a watcher does.
package protocol RescanStore: ChainCommit {
  /// The transfers that stand in blocks of these heights.
  func transfers(
    on chain: ChainName, in heights: ClosedRange<UInt32>
  ) async throws -> [TrackedTransfer]

  /// The transactions of transfers that stand in blocks of these heights and lack the proof.
  func unproved(
    on chain: ChainName, in heights: ClosedRange<UInt32>
  ) async throws -> Set<Hash32>

  /// All ranges of the chain's coverage, lowest first.
  func coverage(of chain: ChainName) async throws -> [CoverageRange]
}
