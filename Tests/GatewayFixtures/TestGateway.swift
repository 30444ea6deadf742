internal import Addresses
package import ChainTypes
package import Database
internal import Deployment
internal import Digests
package import EventLog
internal import Gateway
package import HTTPServer
package import Keys
package import LoopbackHTTP
package import Prices
package import Settlement
internal import Telemetry
package import Tenancy
package import TestDatabases
internal import TestSupport
internal import Testing
package import TokenIssuing

/// The payment routes behind a real socket, on a database file of their own. Two tenants have
/// accounts; a test plays the watcher through `chain`.
package struct TestGateway: Sendable {
  package let port: Int
  package let server: APIServer
  package let keys: [String: APIKey]
  package let database: any Database
  /// A file, or a connection URI.
  package let location: String
  package let time: TestTime
  package let sequencer: Sequencer
  package let pool: AddressPool
  package let chain: ChainByHand
  /// On which further services stand.
  package let surroundings: Surroundings
  /// Makes the tokens that are believed here.
  package let tokens: TokenIssuer

  package static let tenant = "roastery"
  package static let otherTenant = "bakery"
  package static let region = "eu"

  /// What further services stand on.
  package struct Surroundings: Sendable {
    package let database: any Database
    package let time: TestTime
    package let payments: PaymentService
    package let events: EventAnswers
    package let onEvents: @Sendable () -> Void
  }

  /// What a test wants otherwise than usual.
  package struct Options {
    package var engine = TestEngine.selected
    /// How many addresses each tenant has.
    package var ready = 8
    /// Whether the watcher has come to watch them.
    package var watching = true
    package var policy = TenantPolicy()
    package var limits = RouteLimits()
    package var creditLimits = CreditLimits.none
    /// The chain that a test mines; nil for Bitcoin's regtest.
    package var chain: ChainSpec?
    /// Further chains of the family, which no watcher has started.
    package var otherChains: [ChainSpec] = []
    /// What stands before the database for the routes.
    package var behind: @Sendable (any Database) -> any Database = { $0 }
    /// What turns prices into amounts.
    package var rates: @Sendable (any Database, TestTime) -> (any PriceRates)? = { _, _ in nil }
    /// Adds the routes of further services.
    package var more: @Sendable (Surroundings, APIRouter) -> Void = { _, _ in }

    package init(
      engine: TestEngine = .selected, ready: Int = 8, watching: Bool = true,
      policy: TenantPolicy = TenantPolicy(), limits: RouteLimits = RouteLimits(),
      creditLimits: CreditLimits = .none, chain: ChainSpec? = nil, otherChains: [ChainSpec] = [],
      rates: @escaping @Sendable (any Database, TestTime) -> (any PriceRates)? = { _, _ in nil },
      more: @escaping @Sendable (Surroundings, APIRouter) -> Void = { _, _ in }
    ) {
      self.engine = engine
      self.ready = ready
      self.watching = watching
      self.policy = policy
      self.limits = limits
      self.creditLimits = creditLimits
      self.chain = chain
      self.otherChains = otherChains
      self.rates = rates
      self.more = more
    }
  }

  package static func run(
    _ options: Options = Options(), _ body: (TestGateway) async throws -> Void
  ) async throws {
    let store = try await TestStore(options.engine)
    defer { withExtendedLifetime(store) {} }
    let database = try store.open()
    let time = TestTime()
    let now: @Sendable () -> Timestamp = { time.now }
    let keys = [tenant: APIKey.generate(), otherTenant: APIKey.generate()]
    try await prepare(database, keys: keys, now: now())
    let spec = try options.chain ?? ChainByHand.spec(creditLimits: options.creditLimits)
    let specs = [spec] + options.otherChains
    let pool = AddressPool(database: database, ready: options.ready)
    for (number, tenant) in [tenant, otherTenant].enumerated() {
      try await pool.register(
        AddressPool.Account(
          tenant: tenant, region: region, epoch: 0,
          keys: accountKeys(UInt8(number + 1), for: spec.family)))
    }
    try await pool.fill(spec.family)
    let chain = try await ChainByHand(
      store: ChainStore(database: database, specs: specs), spec: spec, time: time)
    if options.watching { try await chain.watchAll() }

    let (feed, signal, metrics) = (EventFeed(), ShutdownSignal(), MetricsRegistry())
    let sequencer = Sequencer(database: database, feed: feed)
    let (tokens, verifier) = try await TestTokens.make()
    let router = APIRouter(
      version: "1",
      authenticator: Authenticator(
        database, tokens: TokenAuthentication(verifier, now: now), uptime: now),
      uptime: now)
    let service = PaymentService(
      specs: specs, policies: [tenant: options.policy, otherTenant: options.policy],
      region: region)
    let routed = options.behind(database)
    let streams = SSEResponse(signal: signal)
    PaymentGateway(
      database: routed, service: service, feed: feed, streams: streams,
      creationLimits: options.limits, rates: options.rates(database, time), now: now,
      onEvents: { sequencer.wake() }, onAddressesNeeded: {}
    ).register(on: router)
    let surroundings = Surroundings(
      database: routed, time: time, payments: service,
      events: EventAnswers(database: routed, feed: feed, streams: streams),
      onEvents: { sequencer.wake() })
    options.more(surroundings, router)
    let check = NamedHealthCheck("database") {
      let row = try? await database.read { try $0.queryFirst("SELECT 1 AS one") }
      return HealthReport(row == nil ? .failed : .ok)
    }
    HealthRoutes([check], signal: signal).register(on: router, metrics: metrics)
    router.addDescription()
    let sequencing = Task {
      try await sequencer.run(every: .seconds(3_600), clock: ContinuousClock()) {
        // A test may close the database before the first step.
        if case DatabaseError.closed = $0 { return }
        Issue.record("sequencing failed: \($0)")
      }
    }
    defer { sequencing.cancel() }
    try await LoopbackAPI.run(router, metrics: metrics, signal: signal, now: now) {
      server, port in
      try await body(
        TestGateway(
          port: port, server: server, keys: keys, database: database, location: store.location,
          time: time, sequencer: sequencer, pool: pool, chain: chain,
          surroundings: surroundings, tokens: tokens))
    }
    feed.finish()
    sequencing.cancel()
    _ = await sequencing.result
    try await database.close()
  }

  private static func prepare(
    _ database: any Database, keys: [String: APIKey], now: Timestamp
  ) async throws {
    try await Schema.migrate(database)
    try await database.write { connection in
      for (tenant, key) in keys {
        try Tenants.create(id: tenant, name: tenant, now: now, in: connection)
        try APIKeys.issue(key, tenant: tenant, label: "test", now: now, in: connection)
      }
    }
  }

  private static func master(_ seed: UInt8) throws -> ExtendedPrivateKey {
    try ExtendedPrivateKey(
      seed: SecretBytes(copying: [UInt8](repeating: seed, count: 32).span.bytes))
  }

  private static func accountKeys(_ seed: UInt8, for family: ChainSpec.Family) throws -> AccountKeys
  {
    guard case .ethereum = family else { return .bitcoin(try descriptor(seed)) }
    let (master, path) = (try master(seed), try EthereumAccount.path(account: 0, coinType: 60))
    return .ethereum(
      try EthereumAccount(
        origin: KeyOrigin(fingerprint: master.fingerprint, path: path),
        key: master.descendant(path).extendedPublicKey, branch: ChildNumber(rawValue: 0),
        isTest: false))
  }

  /// An account of which no private key is needed.
  package static func descriptor(_ seed: UInt8) throws -> Descriptor {
    let account = try master(seed).descendant(.account(0, for: .wpkh, network: .regtest))
    let text = account.extendedPublicKey.text(network: .regtest)
    return try Descriptor("wpkh(\(text)/0/*)", network: .regtest, checksum: .optional)
  }

  /// The address at this child index of the first tenant's account.
  package static func address(_ index: UInt32) throws -> String {
    try descriptor(1).address(at: index).text
  }

  /// Gives every event appended until now its position.
  package func sequence() async throws { try await sequencer.drain() }

  // MARK: Looking beneath

  /// What a request may have written: rows of everything that creating and deciding touch.
  package func written() async throws -> [Int64] {
    let sources = [
      "payments", "payment_facts", "idempotency_keys",
      "addresses WHERE payment_id IS NOT NULL",
    ]
    return try await database.read { connection in
      try
        (sources.map { "SELECT COUNT(*) AS n FROM \($0)" }
        + ["SELECT CAST(SUM(sequence) AS \(connection.dialect.integer)) AS n FROM event_subjects"])
        .map { try connection.queryFirst($0)?.optionalInteger("n") ?? 0 }
    }
  }
}
