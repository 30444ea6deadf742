import Addresses
import Bytes
import ChainTracking
import ChainTypes
import Database
import EventLog
import Keys
import Leases
import Payments
import Settlement
import Tenancy
import Testing
import Watching

/// A region's database as processes use it: what a start does to it, payments, and blocks of a
/// chain that a test makes up.
struct Shop {
  static let tenant = "shop"
  static let region = "eu"
  static let now = Timestamp(seconds: 1_800_000_000)

  let database: any Database
  private let chain: ChainName
  private let store: ChainStore
  private let service: PaymentService
  private let pool: AddressPool

  /// Brings the database up to this program.
  static func migrate(_ database: any Database) async throws {
    for (component, migrations) in [
      (EventLog.component, EventLog.migrations),
      (SettlementSchema.component, SettlementSchema.migrations),
      (TenantSchema.component, TenantSchema.migrations),
      (Leases.component, Leases.migrations), (Relay.component, Relay.migrations),
    ] {
      try await Migrator.migrate(database, migrations, component: component)
    }
  }

  /// Starts on the database with `epoch` configured.
  init(_ database: any Database, epoch: Int64 = 0, ready: Int = 5) async throws {
    self.database = database
    chain = try #require(ChainName("bitcoin-regtest"))
    let spec = ChainSpec(
      name: chain, family: .bitcoin(.regtest), asset: .btc, genesisHash: .zero, finalityDepth: 6,
      coinbaseMaturity: 100, dustLimit: UInt256(546),
      confirmationTiers: [.init(from: .zero, confirmations: 1)], stallSeconds: 7_200)
    store = ChainStore(database: database, specs: [spec])
    service = PaymentService(
      specs: [spec], policies: [Self.tenant: TenantPolicy()], region: Self.region)
    pool = AddressPool(database: database, ready: ready)
    try await database.read { try RestoreEpoch.checkFinished(in: $0) }
    try await Self.migrate(database)
    try await database.write { try RestoreEpoch.agree(on: epoch, in: $0) }
    try await pool.register(
      .init(
        tenant: Self.tenant, region: Self.region, epoch: epoch,
        keys: .bitcoin(Self.descriptor(epoch))))
    if try await store.record(of: chain, window: 1) == nil {
      _ = try await store.start(chain, links: [Self.link(100)])
    }
    try await fill()
  }

  /// The branch of a restore epoch, of BIP-0084's published words.
  static func descriptor(_ epoch: Int64) throws -> Descriptor {
    try Descriptor(
      accountKey:
        "[73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M",
      network: .regtest, branch: UInt32(2 * epoch))
  }

  static func address(_ index: UInt32, epoch: Int64) throws -> String {
    try descriptor(epoch).address(at: index).text
  }

  // MARK: Acting

  /// Derives addresses, and watches all there are.
  func fill() async throws {
    try await pool.fill(.bitcoin(.regtest), accounts: [newestAccount()])
    var step = try await newStep()
    step.addressesThrough =
      try await store.scripts(for: chain, after: 0, limit: 1_000_000).last?.ordinal ?? 0
    _ = try await store.commit(step)
  }

  @discardableResult
  func pay(_ order: Int) async throws -> Payment {
    let service = service
    let request = PaymentRequest(
      tenant: Self.tenant, orderID: "order-\(order)", chain: chain, amount: UInt256(100_000))
    return try await database.groupedWrite {
      try service.create(
        request, now: Self.now, random: (UInt64(order), UInt64(order)), in: $0)
    }
  }

  /// A block in which `value` comes to the script that is watched as `ordinal`.
  func receive(_ value: UInt64, at ordinal: UInt64) async throws {
    var step = try await newStep()
    let record = try #require(try await store.record(of: chain, window: 1))
    let link = Self.link(record.cursor.tip.height + 1)
    step.connected = [link]
    step.changes = [
      TransferChange(
        before: nil,
        after: TrackedTransfer(
          id: TransferID(
            chain: chain, txid: Self.hash(1_000_000 + link.ref.height), position: .vout(0)),
          ordinal: ordinal, value: UInt256(value), inputs: [], isCoinbase: false,
          requirement: ConfirmationRequirement(confirmations: 1, finality: 6),
          state: .confirmed(link.ref), firstSeen: Self.now, blockTime: Self.now))
    ]
    _ = try await store.commit(step)
  }

  /// Gives every event its position. PostgreSQL's wait for all older transactions of the server.
  func sequence() async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(120))
    repeat {
      try await Sequencer(database: database).drain()
      guard ContinuousClock.now < deadline else { throw StillWaiting() }
    } while try await count("outbox") > 0
  }

  struct StillWaiting: Error {}

  private func newStep() async throws -> ChainStep {
    let record = try #require(try await store.record(of: chain, window: 1))
    return ChainStep(
      chain: chain, expectedVersion: record.cursor.version,
      addressesThrough: record.cursor.addressesThrough, now: Self.now)
  }

  private static func link(_ height: UInt32) -> ChainLink {
    ChainLink(
      ref: BlockRef(height: height, hash: hash(height)), parent: hash(height - 1),
      time: 1_799_999_000 + height, bits: 0x207f_ffff, work: UInt256(2))
  }

  private static func hash(_ number: UInt32) -> Hash32 {
    var bytes = [UInt8](repeating: 7, count: 32)
    for place in 0..<4 { bytes[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
    return Hash32(bytes) ?? .zero
  }

  // MARK: Watching

  func scripts(after ordinal: UInt64) async throws -> [WatchedScript] {
    try await store.scripts(for: chain, after: ordinal, limit: 1_000_000)
  }

  /// All that there is to watch.
  func watched() async throws -> WatchSnapshots.Loaded {
    var set = WatchSet(key: (1, 2))
    let scripts = try await scripts(after: 0)
    for script in scripts { set.insert(script: script.scriptPubKey, ordinal: script.ordinal) }
    return WatchSnapshots.Loaded(set: set, through: scripts.last?.ordinal ?? 0)
  }

  func snapshots(in directory: String) -> WatchSnapshots {
    WatchSnapshots(
      directory: directory, chain: chain,
      records: WatchSnapshotRecords(database: database, family: .bitcoin(.regtest)))
  }

  @discardableResult
  func keepSnapshot(in directory: String) async throws -> WatchedAddresses {
    let watched = try await watched()
    let addresses = WatchedAddresses(watched.set, through: watched.through)
    try await snapshots(in: directory).save(addresses)
    return addresses
  }

  // MARK: Asking

  private func newestAccount() async throws -> Int64 {
    try await database.read {
      try $0.queryFirst("SELECT account_id FROM accounts ORDER BY epoch DESC LIMIT 1")?
        .integer("account_id") ?? 0
    }
  }

  /// Every payment with its address, and every event, in order.
  func story() async throws -> [String] {
    try await rows("SELECT payment_id, order_id, status, terms FROM payments ORDER BY payment_id")
      + rows("SELECT * FROM payment_facts ORDER BY payment_id, number")
      + rows("SELECT id, type, subject, sequence, position FROM events ORDER BY position")
      + rows("SELECT id, type, subject, sequence FROM outbox ORDER BY outbox_id")
  }

  func rows(_ sql: String) async throws -> [String] {
    try await database.read { try $0.query(sql).map { "\($0.values)" } }
  }

  func count(_ table: String) async throws -> Int64 {
    try await database.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM \(table)")?.integer("n") ?? -1
    }
  }

  /// The ids of the payments that readers are shown.
  func payments() async throws -> [String] {
    let service = service
    return try await database.read {
      try service.payments(
        tenant: Self.tenant, status: nil, orderID: nil, after: nil, limit: 100, in: $0
      ).map(\.terms.id)
    }
  }

  /// The ordinal under which an address is watched; nil where it isn't.
  func ordinal(of address: String) async throws -> UInt64? {
    try await database.read {
      try $0.queryFirst("SELECT ordinal FROM addresses WHERE address = $1", [.text(address)])?
        .ordinal("ordinal")
    }
  }
}
