internal import Addresses
internal import Bytes
internal import ChainSim
package import ChainTypes
internal import Database
internal import EventLog
internal import Keys
internal import NodeRPC
package import Payments
package import SQLite
internal import Settlement
package import Watching

/// Simulated nodes, a database, and a process that runs the whole pipeline against them; the clock
/// and every fault are in the hands of whoever owns the world. One task steps everything.
package final class SimulatedWorld {
  package let time: SimulatedTime
  package let settings: PipelineSettings
  package let links: [NodeLink]
  package let killSwitch = KillSwitch()
  package let database: SQLiteDatabase
  package private(set) var process: Pipeline
  /// How often a process was started.
  package private(set) var starts = 0
  private var random: SplitMix64

  /// 2026-01-01T00:00:00Z.
  package static let beginning = Timestamp(seconds: 1_767_225_600)

  /// A world whose nodes have `height` blocks, all the same, enough to have money.
  package init(
    seed: UInt64, nodes count: Int = 1, height: Int = 110,
    settings: PipelineSettings = PipelineSettings()
  ) async throws {
    var random = SplitMix64(seed: seed)
    let time = SimulatedTime(start: Self.beginning)
    let first = SimulatedBitcoinNode(
      name: "node-0", seed: random.next(), clock: ConnectionTime(time),
      now: { time.nowSeconds })
    for _ in 0..<height {
      time.advance(milliseconds: 60_000)
      try first.mine()
    }
    var nodes = [first]
    while nodes.count < count {
      nodes.append(first.copy(name: "node-\(nodes.count)", seed: random.next()))
    }
    links = nodes.enumerated().map { [killSwitch] in
      NodeLink(place: $0.offset, node: $0.element, killSwitch: killSwitch)
    }
    let killSwitch = killSwitch
    var options = SQLiteOptions()
    options.commitHooks = SQLiteOptions.CommitHooks(
      beforeCommit: { try killSwitch.pass(.beforeCommit) },
      afterCommit: { try killSwitch.pass(.afterCommit) })
    database = try SQLiteDatabase.inMemory(options: options)
    try await Migrator.migrate(database, EventLog.migrations, component: EventLog.component)
    try await Migrator.migrate(
      database, SettlementSchema.migrations, component: SettlementSchema.component)
    self.time = time
    self.settings = settings
    self.random = random
    process = try Self.process(links, database, settings, time, killSwitch, &self.random)
    starts = 1
    try await registerAccounts()
  }

  package func close() async throws { try await database.close() }

  // MARK: The process

  /// What happens after a kill: all memory is gone, and a new process starts from the database.
  package func restart() async throws {
    killSwitch.reset()
    process = try Self.process(links, database, settings, time, killSwitch, &random)
    starts += 1
    try await registerAccounts()
  }

  private static func process(
    _ links: [NodeLink], _ database: SQLiteDatabase, _ settings: PipelineSettings,
    _ time: SimulatedTime, _ killSwitch: KillSwitch, _ random: inout SplitMix64
  ) throws -> Pipeline {
    let nodes = links.map { link in
      BitcoinNode(
        name: link.node.name, transport: link, clock: ConnectionTime(time),
        jitterSeed: random.next())
    }
    let pool = try NodePool(
      nodes: nodes, quorum: settings.quorum, genesisHash: settings.spec.genesisHash,
      network: settings.network, clock: time)
    let store = ChainStore(database: database, specs: [settings.spec])
    var watching = WatcherSettings(
      spec: settings.spec, network: settings.network, start: settings.start)
    watching.fetchWidth = 1
    watching.blocksPerCommit = settings.blocksPerCommit
    watching.lookCommitSeconds = settings.lookCommitSeconds
    watching.quarantineMilliseconds = settings.quarantineMilliseconds
    return Pipeline(
      pool: pool, store: store,
      watcher: BitcoinWatcher(
        settings: watching, pool: pool, store: FaultyStore(store: store, killSwitch: killSwitch),
        time: time, watchKey: (random.next(), random.next())),
      addresses: AddressPool(
        database: FaultyDatabase(database: database, killSwitch: killSwitch), ready: settings.ready),
      sequencer: Sequencer(database: database),
      service: PaymentService(
        specs: [settings.spec], policies: settings.policies, region: settings.region))
  }

  /// The account key of BIP-0084's test vectors; each tenant has a branch of it.
  private static let accountKey =
    "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"

  private func registerAccounts() async throws {
    let key = try ExtendedPublicKey(Self.accountKey, network: .mainnet)
      .text(network: settings.network)
    for (place, tenant) in settings.tenants.enumerated() {
      try await process.addresses.register(
        AddressPool.Account(
          tenant: tenant, region: settings.region, epoch: 0,
          descriptor: Descriptor(
            "wpkh(\(key)/\(place)/*)", network: settings.network, checksum: .optional)))
    }
  }

  @discardableResult
  package func fill() async throws -> Int {
    try await process.addresses.fill(network: settings.network)
  }

  /// One step of the watcher, then of the sequencer.
  @discardableResult
  package func step() async throws -> WatchReport {
    let report = try await process.watcher.step()
    try await process.sequencer.drain()
    return report
  }

  /// Steps until there is nothing more to do; the last report.
  @discardableResult
  package func stepUntilQuiet(limit: Int = 50) async throws -> WatchReport {
    var report = try await step()
    for _ in 1..<limit where report.isBusy || report.transferChanges > 0 {
      report = try await step()
    }
    return report
  }

  // MARK: Payments

  package func request(
    _ amount: UInt64, tenant: String = "roastery", order: String,
    expiresInSeconds: Int64? = nil, tolerance: UInt64? = nil
  ) async throws -> Payment {
    let request = PaymentRequest(
      tenant: tenant, orderID: order, chain: settings.spec.name, amount: UInt256(amount),
      expiresInSeconds: expiresInSeconds, tolerance: tolerance.map { UInt256($0) })
    let (service, now) = (process.service, time.now)
    let bits = (random.next(), random.next())
    return try await database.groupedWrite { connection in
      try service.create(request, now: now, random: bits, in: connection)
    }
  }

  /// The output script of the payment's address.
  package func script(of terms: PaymentTerms) throws -> [UInt8] {
    try BitcoinAddress(terms.address, network: settings.network).output.scriptPubKey
  }

  package func payment(_ id: String) async throws -> Payment {
    let service = process.service
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
