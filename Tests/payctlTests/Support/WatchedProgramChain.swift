import Bytes
import ChainTypes
import Database
import Deployment
import EventLog
import Foundation
import HTTPClient
import Keys
import NodeRPC
import Payments
import Settings
import Settlement
import TestDatabases
import TestSupport
import Watching

/// The chain of a configuration that has one, and a database: watched in this process, as
/// `paywatch` would in another.
struct WatchedProgramChain {
  let chain: ChainSettings
  let database: any Database
  private let watcher: any ChainWatcher
  private let addresses: AddressPool
  private let client: HTTPClient

  /// - Parameter keys: of the tenant's account, on a branch
  init(
    configuration path: String, _ store: TestStore, keys: (ChainSpec, UInt32) throws -> AccountKeys
  ) async throws {
    let chain = try PaywatchConfiguration.load(path, environment: [:]).chains[0]
    self.chain = chain
    database = try store.open()
    try await Schema.migrate(database)
    client = try HTTPClient()
    let clock = SystemRPCClock()
    let commits = ChainStore(database: database, specs: [chain.spec])
    watcher =
      switch chain.spec.family {
      case .bitcoin:
        BitcoinWatcher(
          settings: try chain.bitcoinWatching(),
          pool: try chain.bitcoinPool(client: client, clock: clock, jitterSeed: 1),
          store: commits, time: SystemTime(), watchKey: (1, 2))
      case .ethereum:
        EthereumWatcher(
          settings: try chain.ethereumWatching(),
          pool: try chain.ethereumPool(client: client, clock: clock, jitterSeed: 1),
          store: commits, time: SystemTime(), watchKey: (1, 2))
      }
    addresses = AddressPool(database: database, ready: 4)
    for (branch, purpose) in [(0, AccountPurpose.payments), (1, .treasury)] {
      try await addresses.register(
        .init(
          tenant: "shop", region: "eu", epoch: 0, keys: keys(chain.spec, UInt32(branch)),
          purpose: purpose))
    }
    try await settle()
  }

  func close() async throws {
    client.shutdown()
    try await database.close()
  }

  /// Makes addresses ready, and steps the watcher until it stands where its nodes do and has
  /// nothing to do.
  func settle() async throws {
    _ = try await addresses.fill(chain.spec.family)
    var report = try await watcher.step()
    while report.isBusy || report.transferChanges > 0 { report = try await watcher.step() }
    try await Sequencer(database: database).drain()
  }

  /// - Parameter symbol: nil for the chain's own coin
  func request(_ amount: UInt64, of symbol: String? = nil, order: UInt64) async throws -> Payment {
    let service = PaymentService(
      specs: [chain.spec], policies: ["shop": TenantPolicy()], region: "eu")
    guard let asset = symbol.map(chain.spec.listed) ?? chain.spec.coin else {
      throw Program.Failure(text: "there is no \(symbol ?? "coin")")
    }
    let request = PaymentRequest(
      tenant: "shop", orderID: "order-\(order)", chain: chain.spec.name, asset: asset.asset,
      amount: .init(amount))
    return try await database.write {
      try service.create(request, now: SystemTime().now, random: (order, 7), in: $0)
    }
  }
}
