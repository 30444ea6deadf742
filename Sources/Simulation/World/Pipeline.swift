package import ChainTypes
internal import Database
package import EventLog
package import NodeRPC
internal import SQLite
package import Settlement
package import Watching

/// One process of the payment pipeline, in process: everything that a kill takes with it.
package struct Pipeline: Sendable {
  package let pool: NodePool
  package let store: ChainStore
  package let watcher: BitcoinWatcher
  package let addresses: AddressPool
  package let sequencer: Sequencer
  package let service: PaymentService
}

/// How a world's pipelines are set up.
package struct PipelineSettings: Sendable {
  package var spec = ChainSpec.simulated
  package var network = BitcoinNetwork.regtest
  package var start = WatcherSettings.Start.tip
  package var quorum = 1
  package var tenants = ["roastery"]
  package var policies: [String: TenantPolicy] = [:]
  package var region = "eu"
  /// Addresses that each tenant's account has ready.
  package var ready = 5
  package var blocksPerCommit = 256
  package var lookCommitSeconds: Int64 = 5
  package var quarantineMilliseconds: Int64 = 3_600_000

  package init() {}
}
