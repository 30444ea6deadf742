internal import Bytes
package import ChainTypes
package import Database
package import EventLog
internal import Keys
package import NodeRPC
package import Payments
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
  private let database: any Database
  private let settings: PipelineSettings
  private let time: any TimeSource

  /// `clock` is what quarantines go by, `time` the time of day.
  package init(
    nodes: [BitcoinNode], database: any Database, settings: PipelineSettings,
    time: any TimeSource, clock: any RPCClock, killSwitch: KillSwitch = KillSwitch(),
    watchKey: (UInt64, UInt64)
  ) throws {
    self.database = database
    self.settings = settings
    self.time = time
    pool = try NodePool(
      nodes: nodes, quorum: settings.quorum, genesisHash: settings.spec.genesisHash,
      network: settings.network, clock: clock)
    store = ChainStore(database: database, specs: [settings.spec])
    var watching = WatcherSettings(
      spec: settings.spec, network: settings.network, start: settings.start)
    watching.fetchWidth = 1
    watching.blocksPerCommit = settings.blocksPerCommit
    if let bytes = settings.proofBytesPerCommit { watching.proofBytesPerCommit = bytes }
    if let window = settings.window { watching.window = window }
    if let headers = settings.headersPerStep { watching.headersPerStep = headers }
    watching.lookCommitSeconds = settings.lookCommitSeconds
    if let transactions = settings.lookTransactions { watching.lookTransactions = transactions }
    watching.quarantineMilliseconds = settings.quarantineMilliseconds
    watcher = BitcoinWatcher(
      settings: watching, pool: pool, store: FaultyStore(store: store, killSwitch: killSwitch),
      time: time, watchKey: watchKey)
    addresses = AddressPool(
      database: FaultyDatabase(database: database, killSwitch: killSwitch), ready: settings.ready)
    sequencer = Sequencer(database: database)
    let policies = settings.tenants.map { ($0, settings.policies[$0] ?? TenantPolicy()) }
    service = PaymentService(
      specs: [settings.spec], policies: Dictionary(policies) { first, _ in first },
      region: settings.region)
  }

  /// Makes the tables that a pipeline needs.
  package static func migrate(_ database: any Database) async throws {
    try await Migrator.migrate(database, EventLog.migrations, component: EventLog.component)
    try await Migrator.migrate(
      database, SettlementSchema.migrations, component: SettlementSchema.component)
  }

  /// The account key of BIP-0084's test vectors; each tenant has a branch of it.
  private static let accountKey =
    "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkg"
    + "DKf31mGDtKsAYz2oz2AGutZYs"

  package func registerAccounts() async throws {
    let key = try ExtendedPublicKey(Self.accountKey, network: .mainnet)
      .text(network: settings.network)
    for (place, tenant) in settings.tenants.enumerated() {
      try await addresses.register(
        AddressPool.Account(
          tenant: tenant, region: settings.region, epoch: 0,
          keys: .bitcoin(
            Descriptor(
              "wpkh(\(key)/\(place)/*)", network: settings.network, checksum: .optional))))
    }
  }

  @discardableResult
  package func fill() async throws -> Int { try await addresses.fill(.bitcoin(settings.network)) }

  /// One step of the watcher, then of the sequencer.
  @discardableResult
  package func step() async throws -> WatchReport {
    let report = try await watcher.step()
    try await sequencer.drain()
    return report
  }

  package func request(
    _ amount: UInt64, tenant: String, order: String, expiresInSeconds: Int64? = nil,
    tolerance: UInt64? = nil, random: (UInt64, UInt64)
  ) async throws -> Payment {
    let request = PaymentRequest(
      tenant: tenant, orderID: order, chain: settings.spec.name, amount: UInt256(amount),
      expiresInSeconds: expiresInSeconds, tolerance: tolerance.map { UInt256($0) })
    let (service, now) = (service, time.now)
    return try await database.groupedWrite { connection in
      try service.create(request, now: now, random: random, in: connection)
    }
  }

  package func payment(_ id: String) async throws -> Payment {
    let service = service
    return try await database.read { connection in
      try service.payment(id, tenant: nil, in: connection)
    }
  }

  /// The types of a subject's events, in order.
  package func story(of subject: String) async throws -> [String] {
    try await database.read { connection in
      try EventLog.events(of: subject, limit: 1_000, in: connection).map(\.type)
    }
  }
}

/// How a world's pipelines are set up.
package struct PipelineSettings: Sendable {
  package var spec = ChainSpec.simulated
  package var network = BitcoinNetwork.regtest
  package var start = WatcherSettings.Start.tip
  package var quorum = 1
  package var tenants = ["roastery"]
  /// Of those tenants whose policy isn't the default.
  package var policies: [String: TenantPolicy] = [:]
  package var region = "eu"
  /// Addresses that each tenant's account has ready.
  package var ready = 5
  package var blocksPerCommit = 256
  package var proofBytesPerCommit: Int?
  /// Headers in memory, and those that one step follows; nil for a watcher's own choice.
  package var window: Int?
  package var headersPerStep: Int?
  package var lookCommitSeconds: Int64 = 5
  /// Transactions of a mempool that one step looks into; nil for a watcher's own choice.
  package var lookTransactions: Int?
  package var quarantineMilliseconds: Int64 = 3_600_000

  package init() {}
}
