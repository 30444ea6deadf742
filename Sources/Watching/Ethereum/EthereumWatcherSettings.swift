package import ChainTypes

/// How a watcher behaves on its EVM chain.
package struct EthereumWatcherSettings: Sendable {
  package let spec: ChainSpec
  package let network: EthereumNetwork
  package let start: WatcherSettings.Start
  /// How many blocks one commit holds at most.
  package var blocksPerCommit = 64
  /// A commit takes no further block once it changes so many transfers.
  package var changesPerCommit = 4_096
  /// A commit takes no further block once its proofs have so many bytes, and a rescan no further
  /// proof.
  package var proofBytesPerCommit = 1 << 24
  /// How many transfers of dust, and of tokens that aren't listed, are recorded of a block at most:
  /// anyone can make thousands of them for cents.
  package var strayTransfersPerBlock = 64
  /// How many notices of tokens' issuers are told of a block at most, besides those that name
  /// watched addresses.
  package var noticesPerBlock = 64
  /// How many blocks are fetched and proved at once while catching up; with 1 nothing else is asked
  /// while one is read.
  package var fetchWidth = 4
  /// How many blocks are fetched and proved, or wait for being read, while others are read and
  /// committed.
  package var blocksAhead = 32
  /// How many headers one step follows at most: its own blocks' and those ahead of them.
  package var headersPerStep = 128
  /// How many headers below the first block are known from the start, as far as there are any.
  package var headersBelowStart = 1_024
  /// How many headers are held in memory, at least: what lies between the tip and what is final,
  /// with room to spare. A reorg that reaches lower has the store's headers read.
  package var window: Int
  /// How long a node that served something invalid neither votes nor serves at most: some seconds
  /// the first time, twice as long with each further one.
  package var quarantineMilliseconds: Int64 = 3_600_000
  /// Whether nodes are asked for the calls inside transactions; never where those aren't proved.
  package var asksTraces: Bool
  /// How long a block waits for traces that nodes offer and don't give. Then it counts without
  /// them, and so do those behind it until there are some again.
  package var tracePatienceSeconds: Int64 = 60

  /// Of how many addresses with open payments in the chain's coin a block's state is asked for
  /// their balances, where blocks aren't traced. What contracts moved is noticed by that, and not
  /// credited.
  package var balanceProofsPerBlock = 8

  package init(spec: ChainSpec, network: EthereumNetwork, start: WatcherSettings.Start) {
    self.spec = spec
    self.network = network
    self.start = start
    asksTraces = network.profile.provesTransactions
    window = 4_096 + Int(spec.finalityDepth)
  }
}
