internal import Bytes
internal import ChainSim
package import ChainTypes
package import Database
package import EventLog
package import Keys
package import NodeRPC
package import Payments
package import Settlement
package import Watching

/// One process of the payment pipeline, in process: everything that a kill takes with it.
package struct Pipeline: Sendable {
  package let pool: NodePool
  /// Of each EVM chain.
  let ethereumPools: [EthereumPool]
  package let store: ChainStore
  package let watcher: BitcoinWatcher
  /// Of Bitcoin, then of the EVM chains in their order.
  let watchers: [any ChainWatcher]
  package let addresses: AddressPool
  package let sequencer: Sequencer
  package let service: PaymentService
  private let database: any Database
  private let settings: PipelineSettings
  private let time: any TimeSource

  /// `clock` is what quarantines go by, `time` the time of day. `ethereumNodes` are those of each
  /// of the settings' EVM chains.
  package init(
    nodes: [BitcoinNode], ethereumNodes: [[EthereumNode]] = [], database: any Database,
    settings: PipelineSettings, time: any TimeSource, clock: any RPCClock,
    killSwitch: KillSwitch = KillSwitch(), watchKey: (UInt64, UInt64)
  ) throws {
    self.database = database
    self.settings = settings
    self.time = time
    pool = try NodePool(
      nodes: nodes, quorum: settings.quorum, genesisHash: settings.spec.genesisHash,
      network: settings.network, clock: clock)
    store = ChainStore(database: database, specs: settings.specs)
    let faulty = FaultyStore(store: store, killSwitch: killSwitch)
    watcher = BitcoinWatcher(
      settings: settings.watching, pool: pool, store: faulty, time: time, watchKey: watchKey)
    var watchers: [any ChainWatcher] = [watcher]
    var ethereumPools: [EthereumPool] = []
    for (chain, nodes) in zip(settings.ethereum, ethereumNodes) {
      let pool = try EthereumPool(
        nodes: nodes, quorum: settings.quorum,
        identity: .init(chainID: chain.options.chainID, genesisHash: nil), clock: clock)
      ethereumPools.append(pool)
      watchers.append(
        EthereumWatcher(
          settings: settings.watching(chain), pool: pool, store: faulty, time: time,
          watchKey: watchKey))
    }
    self.watchers = watchers
    self.ethereumPools = ethereumPools
    addresses = AddressPool(
      database: FaultyDatabase(database: database, killSwitch: killSwitch), ready: settings.ready)
    sequencer = Sequencer(database: database)
    let policies = settings.tenants.map { ($0, settings.policies[$0] ?? TenantPolicy()) }
    service = PaymentService(
      specs: settings.specs, policies: Dictionary(policies) { first, _ in first },
      region: settings.region)
  }

  /// Makes the tables that a pipeline needs.
  package static func migrate(_ database: any Database) async throws {
    try await Migrator.migrate(database, EventLog.migrations, component: EventLog.component)
    try await Migrator.migrate(
      database, SettlementSchema.migrations, component: SettlementSchema.component)
  }

  /// The words of BIP-0084's test vectors, whose account's key follows; each tenant has a branch of
  /// it, and a hundred branches further one for its own addresses.
  package static let words =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
  private static let treasuryBranch: UInt32 = 100

  /// The private key of all accounts.
  static func masterKey() throws -> ExtendedPrivateKey {
    try ExtendedPrivateKey(seed: Mnemonic(secretPhrase: words).seed())
  }

  /// That of all tenants' Bitcoin accounts.
  package static func accountPrivateKey() throws -> ExtendedPrivateKey {
    try masterKey().descendant(.account(0, for: .wpkh, network: .mainnet))
  }
  private static let accountKey =
    "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkg"
    + "DKf31mGDtKsAYz2oz2AGutZYs"

  /// The same words' on EVM chains.
  private static let ethereumAccountKey =
    "[73c5da0a/44h/60h/0h]xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK"
    + "3mdhaWHPFsBngh5GFZaM6si3yZdUsT8ddYM3PwnATt"

  /// What the addresses of the tenant at `place` are derived from.
  static func bitcoinAccount(_ place: Int, on network: BitcoinNetwork) throws -> AccountKeys {
    let key = try ExtendedPublicKey(accountKey, network: .mainnet).text(network: network)
    return .bitcoin(
      try Descriptor("wpkh(\(key)/\(place)/*)", network: network, checksum: .optional))
  }

  package func registerAccounts() async throws {
    for (place, tenant) in settings.tenants.enumerated() {
      var keys = [try Self.bitcoinAccount(place, on: settings.network)]
      if !settings.ethereum.isEmpty {
        keys.append(
          .ethereum(
            try EthereumAccount(
              accountKey: Self.ethereumAccountKey, branch: UInt32(place), isTest: true)))
      }
      for keys in keys {
        try await addresses.register(
          AddressPool.Account(tenant: tenant, region: settings.region, epoch: 0, keys: keys))
        guard let own = try keys.onBranch(Self.treasuryBranch + UInt32(place)) else { continue }
        try await addresses.register(
          AddressPool.Account(
            tenant: tenant, region: settings.region, epoch: 0, keys: own, purpose: .treasury))
      }
    }
  }

  /// Fills the reserve of each family's addresses.
  @discardableResult
  package func fill() async throws -> Int {
    var filled = try await addresses.fill(settings.spec.family)
    // All EVM chains have the same addresses.
    if let chain = settings.ethereum.first {
      filled += try await addresses.fill(chain.spec.family)
    }
    return filled
  }

  /// One step of a chain's watcher, then of the sequencer.
  @discardableResult
  package func step(chain: Int = 0) async throws -> WatchReport {
    let report = try await watchers[chain].step()
    try await sequencer.drain()
    return report
  }

  /// - Parameters:
  ///   - chain: its place among all
  ///   - asset: nil for the chain's own coin
  package func request(
    _ amount: UInt64, of asset: Asset? = nil, chain: Int = 0, tenant: String, order: String,
    expiresInSeconds: Int64? = nil, tolerance: UInt64? = nil, refundAddress: String? = nil,
    random: (UInt64, UInt64)
  ) async throws -> Payment {
    let request = PaymentRequest(
      tenant: tenant, orderID: order, chain: settings.specs[chain].name, asset: asset,
      amount: UInt256(amount),
      expiresInSeconds: expiresInSeconds, tolerance: tolerance.map { UInt256($0) },
      refundAddress: refundAddress)
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
  /// The EVM chains beside Bitcoin.
  package var ethereum: [EthereumChainSettings] = []

  package init() {}

  /// Of all chains, Bitcoin first.
  package var specs: [ChainSpec] { [spec] + ethereum.map(\.spec) }
}

// One block after the other is asked for, so that a run replays exactly.
extension PipelineSettings {
  fileprivate var watching: WatcherSettings {
    var watching = WatcherSettings(spec: spec, network: network, start: start)
    watching.fetchWidth = 1
    watching.blocksPerCommit = blocksPerCommit
    if let bytes = proofBytesPerCommit { watching.proofBytesPerCommit = bytes }
    if let window { watching.window = window }
    if let headers = headersPerStep { watching.headersPerStep = headers }
    watching.lookCommitSeconds = lookCommitSeconds
    if let transactions = lookTransactions { watching.lookTransactions = transactions }
    watching.quarantineMilliseconds = quarantineMilliseconds
    return watching
  }

  fileprivate func watching(_ chain: EthereumChainSettings) -> EthereumWatcherSettings {
    var watching = EthereumWatcherSettings(
      spec: chain.spec, network: chain.network, start: start)
    watching.fetchWidth = 1
    watching.blocksPerCommit = blocksPerCommit
    if let window { watching.window = window }
    if let headers = headersPerStep { watching.headersPerStep = headers }
    watching.quarantineMilliseconds = quarantineMilliseconds
    return watching
  }
}
