package import ChainTypes

/// How a watcher behaves on its chain.
package struct WatcherSettings: Sendable {
  package let spec: ChainSpec
  package let network: BitcoinNetwork
  package let start: Start
  /// How many blocks one commit holds at most.
  package var blocksPerCommit = 256
  /// A commit takes no further block once its proofs have so many bytes, and a rescan no further
  /// proof.
  package var proofBytesPerCommit = 1 << 24
  /// How many blocks are fetched at once while catching up.
  package var fetchWidth = 4
  /// How many headers one step follows at most.
  package var headersPerStep = 2_016
  /// A look at the mempool that changed nothing is written down only this often.
  package var lookCommitSeconds: Int64 = 5
  /// How many transactions of a mempool one step looks into at most, and for how long it begins
  /// to fetch more of them: blocks wait meanwhile.
  package var lookTransactions = 5_000
  package var lookSeconds: Int64 = 10
  /// Where one node suffices: for how long looks must have lacked a transaction before it counts
  /// as dropped.
  package var absenceSeconds: Int64 = 180
  /// How many headers are held in memory, at least. Two retarget periods and what finality needs:
  /// every header rule can be checked. A reorg that reaches lower has the store's headers read.
  package var window: Int
  /// How long a node that served something invalid neither votes nor serves at most: some seconds
  /// the first time, twice as long with each further one.
  package var quarantineMilliseconds: Int64 = 3_600_000

  /// Where scanning begins on a chain's first start.
  package enum Start: Sendable, Hashable {
    /// A pinned anchor: scanning begins above it.
    case block(BlockRef)
    case height(UInt32)
    /// As deep below the tip as finality goes.
    case tip
  }

  package init(spec: ChainSpec, network: BitcoinNetwork, start: Start) {
    self.spec = spec
    self.network = network
    self.start = start
    window = 2 * 2_016 + Int(spec.finalityDepth)
  }
}
