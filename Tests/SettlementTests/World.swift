import Bytes
import ChainTracking
import ChainTypes
import Database
import Digests
import EventLog
import Foundation
import Keys
import Leases
import Payments
import Settlement
import TestDatabases
import Testing
import Watching

/// A database with accounts, and a chain that a test mines by hand: what a watcher would make of it
/// is committed step by step.
final class World {
  /// What was done to the database, so that it can be done to another one.
  enum Act: Sendable {
    case fill
    case create(PaymentRequest, now: Timestamp, random: (UInt64, UInt64))
    case step(ChainStep)
    case decide(PaymentFact, id: String, now: Timestamp)
  }

  static let tenant = "roastery"
  static let region = "eu"
  static let start = Timestamp(seconds: 1_800_000_000)
  static let startHeight: UInt32 = 1_000

  let database: any Database
  let spec: ChainSpec
  let policy: TenantPolicy
  let store: ChainStore
  let service: PaymentService
  let pool: AddressPool

  private(set) var tracker: TransferTracker
  private(set) var links: [ChainLink]
  private(set) var cursor: ChainCursor
  private(set) var acts: [Act] = []
  var now = World.start
  private var counter: UInt64 = 0

  // MARK: Making

  static func spec(_ name: String = "bitcoin-regtest", finality: UInt32 = 6) throws -> ChainSpec {
    try ChainSpec(
      name: #require(ChainName(name)), family: .bitcoin(.regtest), asset: .btc,
      genesisHash: hash("genesis"), finalityDepth: finality, coinbaseMaturity: 100,
      dustLimit: 546,
      confirmationTiers: [
        .init(from: 0, confirmations: 2), .init(from: 1_000_000, confirmations: 3),
      ], stallSeconds: 3_600)
  }

  static func descriptor(_ seed: UInt8 = 1) throws -> Descriptor {
    let master = try ExtendedPrivateKey(
      seed: SecretBytes(copying: [UInt8](repeating: seed, count: 32).span.bytes))
    let account = try master.descendant(.account(0, for: .wpkh, network: .regtest))
    let text = account.extendedPublicKey.text(network: .regtest)
    return try Descriptor("wpkh(\(text)/0/*)", network: .regtest, checksum: .optional)
  }

  /// A database with all tables, in `store` where it is to be opened again.
  static func database(in store: TestStore? = nil) async throws -> any Database {
    let database: any Database =
      if let store { try store.open() } else { try await TestDatabase() }
    try await Migrator.migrate(database, Leases.migrations, component: Leases.component)
    try await Migrator.migrate(database, EventLog.migrations, component: EventLog.component)
    try await Migrator.migrate(
      database, SettlementSchema.migrations, component: SettlementSchema.component)
    return database
  }

  /// A world whose accounts have `ready` watched addresses each; `others` are chains besides, that
  /// no watcher has started.
  static func make(
    in store: TestStore? = nil, policy: TenantPolicy = TenantPolicy(), ready: Int = 4,
    others: [ChainSpec] = [], tenants: [String] = [World.tenant], watching: Bool = true,
    finality: UInt32 = 6
  ) async throws -> World {
    let database = try await database(in: store)
    let spec = try spec(finality: finality)
    let world = try await World(
      database: database, spec: spec, others: others, policy: policy, ready: ready,
      tenants: tenants)
    if watching { try await world.watch() }
    return world
  }

  private init(
    database: any Database, spec: ChainSpec, others: [ChainSpec], policy: TenantPolicy,
    ready: Int, tenants: [String]
  ) async throws {
    self.database = database
    self.spec = spec
    self.policy = policy
    let specs = [spec] + others
    store = ChainStore(database: database, specs: specs)
    service = PaymentService(
      specs: specs,
      policies: Dictionary(tenants.map { ($0, policy) }) { first, _ in first },
      region: World.region)
    pool = AddressPool(database: database, ready: ready)
    for (number, tenant) in tenants.enumerated() {
      try await pool.register(
        AddressPool.Account(
          tenant: tenant, region: World.region, epoch: 0,
          keys: .bitcoin(World.descriptor(UInt8(number + 1)))))
    }
    let anchor = World.link(World.startHeight, parent: World.hash("below"), "anchor", World.start)
    cursor = try await store.start(spec.name, links: [anchor])
    links = [anchor]
    tracker = TransferTracker(
      rules: TransferRules(coinbaseMaturity: spec.coinbaseMaturity, dustLimit: spec.dustLimit),
      tip: anchor.ref, tracked: [])
  }

  static func hash(_ text: String) -> Hash32 { SHA256.hash(Array(text.utf8)) }

  static func link(
    _ height: UInt32, parent: Hash32, _ label: String, _ time: Timestamp
  ) -> ChainLink {
    ChainLink(
      ref: BlockRef(height: height, hash: hash("block \(label) \(height)")), parent: parent,
      time: UInt32(clamping: time.microseconds / 1_000_000), bits: 0x207f_ffff, work: 2)
  }

  // MARK: Acting

  /// Fills the pool and watches all of it.
  func watch() async throws {
    acts.append(.fill)
    try await pool.fill(.bitcoin(.regtest))
    var step = newStep()
    let scripts = try await store.scripts(for: spec.name, after: 0, limit: 100_000)
    step.addressesThrough = scripts.last?.ordinal ?? 0
    try await commit(step)
  }

  func newStep() -> ChainStep {
    ChainStep(
      chain: spec.name, expectedVersion: cursor.version,
      addressesThrough: cursor.addressesThrough, now: now)
  }

  func commit(_ step: ChainStep) async throws {
    cursor = try await store.commit(step)
    acts.append(.step(step))
  }

  func request(
    _ order: String, _ amount: UInt256 = 100_000, tenant: String = World.tenant,
    tolerance: UInt256? = nil, expires: Int64? = nil
  ) -> PaymentRequest {
    PaymentRequest(
      tenant: tenant, orderID: order, chain: spec.name, amount: amount,
      expiresInSeconds: expires, tolerance: tolerance)
  }

  @discardableResult
  func create(_ request: PaymentRequest) async throws -> Payment {
    counter += 1
    let (service, now, random) = (service, now, (counter, counter))
    let payment = try await database.groupedWrite {
      try service.create(request, now: now, random: random, in: $0)
    }
    acts.append(.create(request, now: now, random: random))
    return payment
  }

  @discardableResult
  func decide(_ fact: PaymentFact, on payment: Payment) async throws -> Payment {
    let (service, now, id) = (service, now, payment.terms.id)
    let after = try await database.groupedWrite {
      try service.decide(fact, on: id, tenant: World.tenant, now: now, in: $0)
    }
    acts.append(.decide(fact, id: id, now: now))
    return after
  }

  /// Does again what another world did.
  func repeating(_ acts: [Act]) async throws {
    let service = service
    for act in acts {
      switch act {
      case .fill: try await pool.fill(.bitcoin(.regtest))
      case .create(let request, let now, let random):
        try await database.write {
          _ = try service.create(request, now: now, random: random, in: $0)
        }
      case .step(let step): _ = try await store.commit(step)
      case .decide(let fact, let id, let now):
        try await database.write {
          _ = try service.decide(fact, on: id, tenant: nil, now: now, in: $0)
        }
      }
    }
  }

  // MARK: The chain

  struct Output {
    let transaction: String
    var vout: UInt32 = 0
    let ordinal: UInt64
    let value: UInt256
    /// What its transaction spends; by default a coin of its own.
    var spends: String?
  }

  func found(_ outputs: [Output], on spec: ChainSpec? = nil) async throws -> [FoundTransfer] {
    let chain = (spec ?? self.spec).name
    let requirements = try await store.requirements(
      on: chain, ordinals: outputs.map(\.ordinal))
    let rule = ConfirmationRequirement(
      confirmations: self.spec.finalityDepth, finality: self.spec.finalityDepth)
    return outputs.map { output in
      FoundTransfer(
        id: TransferID(
          chain: chain, txid: World.hash(output.transaction), position: .vout(output.vout)),
        ordinal: output.ordinal, value: output.value,
        inputs: [
          Outpoint(txid: World.hash("coin of \(output.spends ?? output.transaction)"), vout: 0)
        ], isCoinbase: false, requirement: requirements[output.ordinal] ?? rule)
    }
  }

  /// One step that leaves `depth` blocks and joins a block for each of `blocks`.
  func advance(
    leaving depth: Int = 0, _ blocks: [[Output]], label: String = "a", time: Timestamp? = nil,
    halt: String? = nil, spending spends: [(txid: Hash32, slots: [OutgoingSlot])] = []
  ) async throws {
    var step = newStep()
    step.slotsVersion = try await store.openSlots(on: spec.name).version
    step.halt = halt
    if halt != nil { tracker.creditingHalted = true }
    if depth > 0, let kept = links.dropLast(depth).last {
      tracker.adopt(try await store.transfers(on: spec.name, above: kept.ref.height))
    }
    for _ in 0..<depth {
      let tip = links.removeLast()
      step.disconnected.append(tip)
      step.changes += try tracker.disconnect(
        tip.ref, newTip: BlockRef(height: tip.ref.height - 1, hash: tip.parent))
    }
    for outputs in blocks {
      let parent = try #require(links.last)
      let link = World.link(
        parent.ref.height + 1, parent: parent.ref.hash, label, time ?? now)
      let found = try await found(outputs)
      tracker.adopt(try await store.stored(found.map(\.id).filter { !tracker.knows($0) }))
      step.changes += try tracker.connect(
        link.ref, parent: link.parent, time: Timestamp(seconds: Int64(link.time)), found: found,
        spends: [], now: now)
      links.append(link)
      step.connected.append(link)
      guard step.connected.count == 1 else { continue }
      step.sightings = spends.map {
        OutgoingSighting(txid: $0.txid, slots: $0.slots, block: link.ref)
      }
    }
    try await commit(step)
  }

  func mine(_ outputs: Output..., time: Timestamp? = nil) async throws {
    try await advance([outputs], time: time)
  }

  func mineEmpty(_ count: Int, label: String = "a") async throws {
    try await advance(Array(repeating: [], count: count), label: label)
  }

  /// A complete look at a mempool that holds exactly `outputs`.
  func look(_ outputs: Output...) async throws { try await look(outputs) }

  func look(_ outputs: [Output]) async throws {
    let found = try await found(outputs)
    tracker.adopt(try await store.stored(found.map(\.id).filter { !tracker.knows($0) }))
    var step = newStep()
    step.changes = tracker.look(
      MempoolLook(
        found: found, present: Set(found.map(\.id.txid)), spends: [], isComplete: true),
      now: now)
    step.lookedThrough = now
    try await commit(step)
  }

  /// What a restart makes of the world: all is read from the database again.
  func restart() async throws {
    let record = try #require(try await store.record(of: spec.name, window: 100))
    cursor = record.cursor
    links = record.links
    tracker = TransferTracker(
      rules: TransferRules(coinbaseMaturity: spec.coinbaseMaturity, dustLimit: spec.dustLimit),
      tip: record.cursor.tip, tracked: record.tracked)
    tracker.creditingHalted = record.cursor.halt != nil
  }

  // MARK: Asking

  /// Also those that pages don't show while an older transaction runs somewhere (PostgreSQL).
  func refunds(of payment: Payment) async throws -> [Refund] {
    try await database.read { connection in
      try connection.query(
        "SELECT refund_id FROM refunds WHERE payment_id = $1 ORDER BY refund_id",
        [.text(payment.terms.id)]
      ).compactMap {
        try RefundRecords.load($0.text("refund_id"), locking: false, in: connection)
      }
    }
  }

  func payment(_ payment: Payment) async throws -> Payment {
    let (service, id) = (service, payment.terms.id)
    return try await database.read { try service.payment(id, tenant: nil, in: $0) }
  }

  func status(_ payment: Payment) async throws -> PaymentStatus {
    try await self.payment(payment).status
  }

  /// The types of the events about `subject`, without gaps in their sequences.
  func events(_ subject: String) async throws -> [String] {
    let events = try await database.read {
      try EventLog.events(of: subject, limit: 1_000, in: $0)
    }
    #expect(events.map(\.sequence) == events.indices.map { Int64($0) + 1 })
    return events.map(\.type)
  }

  func events(_ payment: Payment) async throws -> [String] { try await events(payment.terms.id) }

  /// Every event as one text, in the order in which they were appended.
  func allEvents() async throws -> [String] {
    let columns = "id, type, subject, sequence, tenant, time, data"
    return try await rows("SELECT \(columns) FROM events ORDER BY position")
      + rows("SELECT \(columns) FROM outbox ORDER BY outbox_id")
  }

  func rows(_ sql: String) async throws -> [String] {
    try await database.read { try $0.query(sql).map { "\($0.values)" } }
  }

  func count(_ table: String) async throws -> Int64 {
    try await database.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM \(table)")?.integer("n") ?? -1
    }
  }

  func write(_ sql: String) async throws {
    try await database.write { _ = try $0.execute(sql) }
  }

  func differences() async throws -> [String] {
    try await database.read { try ReplayCheck.differences(in: $0) }
  }

  func coverage() async throws -> [CoverageRange] {
    let chain = spec.name
    return try await database.read { try ChainRecords.coverage(of: chain, in: $0) }
  }
}
