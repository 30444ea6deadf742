internal import Addresses
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Deployment
internal import Digests
internal import EventLog
internal import Gateway
internal import HTTPServer
internal import Keys
internal import Logging
internal import Settlement
internal import Telemetry
internal import Tenancy
internal import Watching

/// The payment routes as `paywatch serve` runs them, with the sequencer behind them, on a database
/// of their own. There is one shop; of the chain's watcher there is what it commits.
struct PaymentServer {
  let database: any Database
  let port: Int
  private let server: ServerTask
  private let sequencing: Task<Void, any Error>
  private let key: APIKey
  private let store: ChainStore
  private let requested = Requested()

  static let shop = "shop"
  static let region = "eu"

  /// How many payments were asked for.
  private final class Requested { var count = 0 }

  /// - Parameter base: an empty one
  static func start(on base: any Database) async throws -> PaymentServer {
    let database = TracedDatabase(base)
    let (spec, key, store) = try await beginShop(on: database)
    let feed = EventFeed()
    let sequencer = Sequencer(database: database, feed: feed)
    let signal = ShutdownSignal()
    let uptime: @Sendable () -> Timestamp = { SystemTime().uptime }
    let router = APIRouter(
      version: "1", authenticator: Authenticator(database, uptime: uptime), uptime: uptime)
    PaymentGateway(
      database: database,
      service: PaymentService(
        specs: [spec], policies: [shop: TenantPolicy()], region: region),
      feed: feed, streams: SSEResponse(signal: signal), creationLimits: RouteLimits(),
      now: { SystemTime().now }, onEvents: { sequencer.wake() }, onAddressesNeeded: {}
    ).register(on: router)
    let logger = Logger(label: "paybench") { StructuredLogHandler(label: $0, level: .warning) }
    let api = APIServer(
      APIServerConfiguration(host: "127.0.0.1", port: 0), router: router,
      metrics: MetricsRegistry(), signal: signal, logger: logger, now: { SystemTime().now })
    let server = try await ServerTask.start { onListening in
      try await api.run { onListening($0) }
    }
    let sequencing = Task {
      try await sequencer.run(every: .milliseconds(500), clock: ContinuousClock()) { error in
        logger.error("sequencing failed", metadata: ["error": "\(error)"])
      }
    }
    return PaymentServer(
      database: database, port: server.port, server: server, sequencing: sequencing, key: key,
      store: store)
  }

  /// A shop with an account and a key, and its chain at some block, in an empty database.
  static func beginShop(
    on database: any Database
  ) async throws -> (spec: ChainSpec, key: APIKey, store: ChainStore) {
    let now = SystemTime().now
    let key = APIKey.generate()
    try await makeSchema(of: database, key: key, now: now)
    let spec = try spec()
    let store = ChainStore(database: database, specs: [spec])
    let anchor = ChainLink(
      ref: BlockRef(height: 1_000, hash: SHA256.hash([1])), parent: SHA256.hash([0]),
      time: UInt32(clamping: now.microseconds / 1_000_000), bits: 0x207f_ffff, work: 2)
    _ = try await store.start(spec.name, links: [anchor])
    return (spec, key, store)
  }

  private static func makeSchema(
    of database: any Database, key: APIKey, now: Timestamp
  ) async throws {
    try await Schema.migrate(database)
    try await database.write { connection in
      try Tenants.create(id: shop, name: shop, now: now, in: connection)
      try APIKeys.issue(key, tenant: shop, label: "load", now: now, in: connection)
    }
    let master = try ExtendedPrivateKey(
      seed: SecretBytes(copying: [UInt8](repeating: 1, count: 32).span.bytes))
    let account = try master.descendant(.account(0, for: .wpkh, network: .regtest))
    let text = account.extendedPublicKey.text(network: .regtest)
    let descriptor = try Descriptor("wpkh(\(text)/0/*)", network: .regtest, checksum: .optional)
    try await AddressPool(database: database, ready: 1).register(
      AddressPool.Account(tenant: shop, region: region, epoch: 0, keys: .bitcoin(descriptor)))
  }

  static func spec() throws -> ChainSpec {
    guard let name = ChainName("bitcoin-regtest") else {
      throw BenchmarkFailure("bitcoin-regtest is a chain's name")
    }
    return ChainSpec(
      name: name, family: .bitcoin(.regtest), asset: .btc, genesisHash: SHA256.hash([2]),
      finalityDepth: 6, coinbaseMaturity: 100, dustLimit: 546,
      confirmationTiers: [
        .init(from: 0, confirmations: 1), .init(from: 2_000_000, confirmations: 3),
      ],
      stallSeconds: 86_400)
  }

  // MARK: Rounds

  /// Makes `count` addresses ready and watched, and as many requests, each for an order of its own
  /// under a key of its own.
  func prepare(_ count: Int) async throws -> ByteRun {
    let pool = AddressPool(database: database, ready: count)
    while try await pool.fill(.bitcoin(.regtest)) > 0 {}
    let last = try await database.read { connection in
      try connection.queryFirst("SELECT MAX(ordinal) AS last FROM addresses")?.ordinal("last")
    }
    let chain = try Self.spec().name
    guard let last, let cursor = try await store.record(of: chain, window: 1)?.cursor else {
      throw BenchmarkFailure("addresses or the chain's cursor are missing")
    }
    _ = try await store.commit(
      ChainStep(
        chain: chain, expectedVersion: cursor.version, addressesThrough: last,
        now: SystemTime().now))
    var requests = ByteRun()
    for _ in 0..<count {
      requested.count += 1
      let body =
        #"{"order_id":"order-\#(requested.count)","chain":"\#(chain.text)","asset":"BTC","#
        + #""amount":"0.0015"}"#
      let request = """
        POST /v1/payments HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(key.text)\r\n\
        Content-Type: application/json\r\nIdempotency-Key: request-\(requested.count)\r\n\
        Content-Length: \(body.utf8.count)\r\n\r\n\(body)
        """
      requests.append(Array(request.utf8))
    }
    return requests
  }

  /// Throws unless the database holds a payment for every request so far, each with an address,
  /// an event and a kept reply of its own.
  func verify() async throws {
    let counts = try await database.read { connection in
      try [
        "SELECT COUNT(*) AS n FROM payments",
        "SELECT COUNT(DISTINCT order_id) AS n FROM payments",
        """
        SELECT COUNT(DISTINCT addresses.address) AS n FROM payments
        JOIN addresses ON addresses.payment_id = payments.payment_id
          AND addresses.ordinal = payments.ordinal
        """,
        "SELECT COUNT(*) AS n FROM event_subjects WHERE subject LIKE 'pay%'",
        "SELECT COUNT(*) AS n FROM idempotency_keys WHERE status = 201",
      ].map { try connection.queryFirst($0)?.integer("n") ?? 0 }
    }
    guard counts.allSatisfy({ $0 == Int64(requested.count) }) else {
      throw BenchmarkFailure(
        "\(requested.count) payments were answered, but payments, orders, addresses, events and "
          + "replies are \(counts)")
    }
  }

  func close() async throws {
    await server.stop()
    sequencing.cancel()
    try? await sequencing.value
    try await database.close()
  }
}
