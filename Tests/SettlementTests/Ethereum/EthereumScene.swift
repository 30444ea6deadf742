import Addresses
import Bytes
import ChainSim
import ChainTracking
import ChainTypes
import Database
import JSON
import Keys
import NodeRPC
import Payments
import Settlement
import Synchronization
import Testing
import Watching

/// Simulated EVM chains, a database, and a watcher of each chain between them. Nothing waits: time
/// stands still but for `pass`.
final class EthereumScene {
  let chains: [Chain]
  let database: any Database
  private let time: SceneTime
  private let service: PaymentService
  private var orders = 0

  /// A chain's nodes, which know of one another only by `share`, and who watches them.
  final class Chain {
    let spec: ChainSpec
    let network: SimulatedNetwork<SimulatedEthereumNode>
    let pool: EthereumPool
    fileprivate let settings: EthereumWatcherSettings
    fileprivate(set) var watcher: EthereumWatcher

    var nodes: [SimulatedEthereumNode] { network.nodes }

    fileprivate init(
      spec: ChainSpec, network: SimulatedNetwork<SimulatedEthereumNode>, pool: EthereumPool,
      settings: EthereumWatcherSettings, watcher: EthereumWatcher
    ) {
      self.spec = spec
      self.network = network
      self.pool = pool
      self.settings = settings
      self.watcher = watcher
    }
  }

  /// - Parameters:
  ///   - options: one for each chain
  ///   - listed: contracts of listed tokens by their symbols
  ///   - hasTreasury: whether the shop has an account of its own besides
  ///   - given: the only chain as a file has it, instead of `listed` and `finalityTag`
  init(
    nodes: Int = 3, quorum: Int = 2, _ options: [EthereumChainOptions] = [EthereumChainOptions()],
    listed: KeyValuePairs<String, EthereumAddress> = [
      "USDC": SimulatedContracts.usdc, "USDT": SimulatedContracts.usdt,
    ],
    finalityTag: FinalityTag? = .finalized, policy: TenantPolicy = TenantPolicy(),
    hasTreasury: Bool = false, spec given: ChainSpec? = nil,
    transport: (SimulatedEthereumNode) -> any RPCTransport = { $0 },
    adjust: (inout EthereumWatcherSettings) -> Void = { _ in }
  ) async throws {
    let time = SceneTime()
    self.time = time
    let database = try await World.database()
    self.database = database
    let specs = try options.enumerated().map { place, options in
      try given ?? Self.spec("chain-\(place)", options, listed, finalityTag)
    }
    let store = ChainStore(database: database, specs: specs)
    var chains: [Chain] = []
    for (spec, options) in zip(specs, options) {
      let first = SimulatedEthereumNode(name: "a", options: options, seed: 1, clock: time) {
        time.blockSeconds
      }
      try first.mine(3)
      let others = (1..<max(nodes, 1)).map { first.copy(name: "\($0)", seed: UInt64(1 + $0)) }
      let network = SimulatedNetwork([first] + others)
      let pool = try EthereumPool(
        nodes: network.nodes.map {
          EthereumNode(
            name: $0.name, transport: transport($0), clock: time, policy: .once, jitterSeed: 1)
        }, quorum: quorum,
        identity: .init(chainID: options.chainID, genesisHash: first.machine.genesis.hash),
        clock: time)
      guard case .ethereum(let evm) = spec.family else { continue }
      var settings = EthereumWatcherSettings(spec: spec, network: evm, start: .height(0))
      adjust(&settings)
      let watcher = EthereumWatcher(
        settings: settings, pool: pool, store: store, time: time, watchKey: (3, 4))
      chains.append(
        Chain(spec: spec, network: network, pool: pool, settings: settings, watcher: watcher))
    }
    self.chains = chains
    service = PaymentService(specs: specs, policies: ["shop": policy], region: World.region)
    let addresses = AddressPool(database: database, ready: 8)
    let keys = try AccountKeys(EthereumPaymentTests.account().text, for: specs[0].family)
    try await addresses.register(.init(tenant: "shop", region: World.region, epoch: 0, keys: keys))
    if hasTreasury {
      try await addresses.register(
        .init(
          tenant: "shop", region: World.region, epoch: 0, keys: #require(keys.onBranch(1)),
          purpose: .treasury))
    }
    _ = try await addresses.fill(specs[0].family)
    try await follow()
  }

  /// Some of those that payments are given.
  static var firstAddresses: [EthereumAddress] {
    get throws {
      try [
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
      ].map { try EthereumAddress($0) }
    }
  }

  private static func spec(
    _ name: String, _ options: EthereumChainOptions,
    _ tokens: KeyValuePairs<String, EthereumAddress>, _ tag: FinalityTag?
  ) throws -> ChainSpec {
    func listed(_ asset: Asset) -> ListedAsset {
      ListedAsset(
        asset, dustLimit: 1, confirmationTiers: [.init(from: 0, confirmations: 2)],
        creditLimits: .none)
    }
    return try ChainSpec(
      name: #require(ChainName(name)),
      family: .ethereum(
        EthereumNetwork(
          chainID: options.chainID, profile: options.profile, kind: .development)),
      coin: listed(.eth),
      tokens: tokens.map { listed(Asset(symbol: $0, decimals: 6, contract: $1.hash)) },
      genesisHash: nil, finalityDepth: 4, finalityTag: tag,
      isCredited: options.profile.provesTransactions, blockMilliseconds: 1_000,
      stallSeconds: 3_600)
  }

  // MARK: Chains

  var chain: Chain { chains[0] }
  /// The one that mines, unless a test does it otherwise.
  var node: SimulatedEthereumNode { chain.nodes[0] }

  var now: Timestamp { time.now }
  var treasury: EthereumTreasury {
    EthereumTreasury(spec: chain.spec, pool: chain.pool, database: database) { [time] in time.now }
  }

  func pass(seconds: UInt64) { time.pass(seconds) }

  /// Blocks bear times that are so far ahead of the watchers' clock.
  func setBlocksAhead(seconds: UInt64) { time.setBlocksAhead(seconds) }

  /// Mines on the first node, and lets the others and the watchers follow.
  func mine(_ count: Int = 1, extras: BlockExtras = BlockExtras(), on place: Int = 0) async throws {
    try chains[place].nodes[0].mine(count, extras: extras)
    try await share()
  }

  /// Lets all news spread, and the watchers follow.
  func share() async throws {
    for chain in chains { chain.network.propagate() }
    try await follow()
  }

  /// Steps until each watcher stands where its nodes stand, or holds; gives its last report.
  @discardableResult
  func follow() async throws -> [WatchReport] {
    var reports: [WatchReport] = []
    for chain in chains {
      var report = try await chain.watcher.step()
      for _ in 0..<100 where report.isBusy { report = try await chain.watcher.step() }
      #expect(!report.isBusy, "the watcher never arrives")
      reports.append(report)
    }
    return reports
  }

  /// Follows while nodes that gave something false are let in again, as often as there are nodes.
  @discardableResult
  func followThroughTrouble() async throws -> WatchReport {
    for _ in chain.nodes { _ = try await follow() }
    return try await follow()[0]
  }

  /// The watchers begin anew, with what the store has.
  func restart() {
    for chain in chains {
      chain.watcher = EthereumWatcher(
        settings: chain.settings, pool: chain.pool,
        store: ChainStore(database: database, specs: chains.map(\.spec)), time: time,
        watchKey: (5, 6))
    }
  }

  func rescan(tracing: Bool? = nil) -> ChainRescan<EthereumRescanReader> {
    var settings = chain.settings
    if let tracing { settings.asksTraces = tracing }
    return ChainRescan(
      EthereumRescanReader(settings: settings, pool: chain.pool),
      store: ChainStore(database: database, specs: chains.map(\.spec)), time: time,
      watchKey: (7, 8))
  }

  /// Writes changes as a watcher's step would.
  func commit(_ changes: [TransferChange]) async throws {
    let store = ChainStore(database: database, specs: chains.map(\.spec))
    let record = try #require(try await store.record(of: chain.spec.name, window: 1))
    var step = ChainStep(
      chain: chain.spec.name, expectedVersion: record.cursor.version,
      addressesThrough: record.cursor.addressesThrough, now: time.now)
    step.changes = changes
    _ = try await store.commit(step)
  }

  // MARK: Payments

  func pay(
    _ symbol: String, _ amount: UInt256, on place: Int = 0, expiresInSeconds: Int64? = nil
  ) async throws -> Payment {
    orders += 1
    let spec = chains[place].spec
    let request = PaymentRequest(
      tenant: "shop", orderID: "order-\(orders)", chain: spec.name,
      asset: try #require(spec.listed(symbol)).asset, amount: amount,
      expiresInSeconds: expiresInSeconds)
    let (service, random, now) = (service, (UInt64(orders), UInt64(7)), time.now)
    return try await database.write {
      try service.create(request, now: now, random: random, in: $0)
    }
  }

  func load(_ payment: Payment) async throws -> Payment {
    let loaded = try await database.read {
      try PaymentRecords.load(payment.terms.id, locking: false, in: $0)
    }
    return try #require(loaded)
  }

  func status(_ payment: Payment) async throws -> PaymentStatus {
    try await load(payment).status
  }

  /// Each transfer as `position state value`, with the reason behind the state of a quarantined
  /// one; in the order of this text.
  func transfers() async throws -> [String] {
    try await rows("SELECT position, state, detail, value FROM transfers") {
      let detail = try $0.optionalText("detail").map { "(\($0))" } ?? ""
      return try "\($0.text("position")) \($0.text("state"))\(detail) \($0.amount("value").decimal)"
    }.sorted()
  }

  func eventCount(_ type: String) async throws -> Int64 {
    let table = database.dialect == .sqlite ? "events" : "outbox"
    let counts = try await rows("SELECT COUNT(*) AS n FROM \(table) WHERE type = '\(type)'") {
      try $0.integer("n")
    }
    return counts.first ?? 0
  }

  /// The data of all events of a type, in the order in which they were appended.
  func told(_ type: String) async throws -> [JSONValue] {
    let (table, order) =
      database.dialect == .sqlite ? ("events", "position") : ("outbox", "outbox_id")
    let texts = try await rows(
      "SELECT data FROM \(table) WHERE type = '\(type)' ORDER BY \(order)"
    ) { try $0.text("data") }
    return try texts.map { try JSONValue(parsing: Array($0.utf8)) }
  }

  func halt() async throws -> String? {
    let name = chain.spec.name
    return try await database.read { try ChainRecords.cursor(of: name, in: $0)?.halt }
  }

  func rows<Value: Sendable>(
    _ sql: String, _ read: @escaping @Sendable (SQLRow) throws -> Value
  ) async throws -> [Value] {
    try await database.read { try $0.query(sql).map(read) }
  }
}

extension Payment {
  var address: EthereumAddress {
    get throws { try EthereumAddress(terms.address) }
  }
}

/// Time that passes when a test says so. Whoever sleeps wakes at once.
private final class SceneTime: TimeSource, RPCClock {
  private let passed = Mutex<UInt64>(0)
  private let blocksAhead = Mutex<UInt64>(0)

  /// A little after the simulated chain's first block.
  var seconds: UInt64 { 1_700_000_100 + passed.withLock { $0 } }
  var blockSeconds: UInt64 { seconds + blocksAhead.withLock { $0 } }
  var now: Timestamp { Timestamp(seconds: Int64(seconds)) }
  var nowMilliseconds: Int64 { Int64(passed.withLock { $0 }) * 1_000 }

  func setBlocksAhead(_ seconds: UInt64) { blocksAhead.withLock { $0 = seconds } }

  func pass(_ seconds: UInt64) { passed.withLock { $0 += seconds } }

  func sleep(milliseconds: Int) async throws { try Task.checkCancellation() }
}
