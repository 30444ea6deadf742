import Bytes
import ChainTracking
import ChainTypes
import Database
import Deployment
import EventLog
import Foundation
import Keys
import Payments
import Settlement
import Tenancy
import TestDatabases
import TestSupport
import Watching

/// A database as `paywatch` leaves it: one chain with an anchor at height 100 and a
/// scanned block above it, five watched addresses, and two payments, of which the first got 40,000
/// of its 100,000 satoshi in that block.
final class SampleDatabase {
  /// For other files of a test.
  let scratch: TemporaryDirectory
  private let store: TestStore
  let partly: String
  let empty: String
  let chain: ChainName
  private let spec: ChainSpec
  static let now = Timestamp(seconds: 1_800_000_000)

  /// A file, or a connection URI.
  var path: String { store.location }

  init(_ engine: TestEngine = .sqlite) async throws {
    scratch = try TemporaryDirectory()
    store = try await TestStore(engine)
    let name = ChainName("bitcoin-regtest")
    guard let name else { throw CocoaError(.coderInvalidValue) }
    chain = name
    spec = ChainSpec(
      name: name, family: .bitcoin(.regtest), asset: .btc, genesisHash: .zero, finalityDepth: 6,
      coinbaseMaturity: 100, dustLimit: UInt256(546),
      confirmationTiers: [.init(from: .zero, confirmations: 1)], stallSeconds: 7_200)
    let database = try store.open()
    try await Schema.migrate(database)
    try await database.write { connection in
      for (id, title) in [("shop", "The shop"), ("stall", "The stall")] {
        try Tenants.create(id: id, name: title, now: Self.now, in: connection)
      }
    }
    let pool = AddressPool(database: database, ready: 5)
    let descriptor = try Descriptor(
      accountKey:
        "[73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M",
      network: .regtest, branch: 0)
    try await pool.register(
      .init(tenant: "shop", region: "home", epoch: 0, keys: .bitcoin(descriptor)))
    try await pool.fill(.bitcoin(.regtest))

    let store = ChainStore(database: database, specs: [spec])
    var cursor = try await store.start(name, links: [Self.link(100)])
    cursor = try await store.commit(
      ChainStep(chain: name, expectedVersion: cursor.version, addressesThrough: 5, now: Self.now))
    let service = PaymentService(specs: [spec], policies: ["shop": TenantPolicy()], region: "home")
    let payments = try await database.write { connection in
      try (1...2).map { number in
        try service.create(
          PaymentRequest(
            tenant: "shop", orderID: "order-\(number)", chain: name, amount: UInt256(100_000)),
          now: Self.now, random: (UInt64(number), UInt64(number)), in: connection
        ).terms
      }
    }
    (partly, empty) = (payments[0].id, payments[1].id)
    var step = ChainStep(
      chain: name, expectedVersion: cursor.version, addressesThrough: 5, now: Self.now)
    step.connected = [Self.link(101)]
    step.changes = [
      TransferChange(
        before: nil,
        after: TrackedTransfer(
          id: TransferID(chain: name, txid: Self.hash(7), position: .vout(3)),
          ordinal: payments[0].ordinal, value: UInt256(40_000), inputs: [], isCoinbase: false,
          requirement: ConfirmationRequirement(confirmations: 1, finality: 6),
          state: .confirmed(Self.link(101).ref), firstSeen: Self.now, blockTime: Self.now))
    ]
    _ = try await store.commit(step)
    try await Sequencer(database: database).drain()
    try await database.close()
  }

  /// Opens it as another process would.
  func change(_ body: @escaping @Sendable (any SQLConnection) throws -> Void) async throws {
    let database = try store.open()
    try await database.write(body)
    try await Sequencer(database: database).drain()
    try await database.close()
  }

  /// Scans the next block, for the same addresses.
  func append(_ height: UInt32, halt: String? = nil) async throws {
    let database = try store.open()
    let store = ChainStore(database: database, specs: [spec])
    guard let record = try await store.record(of: chain, window: 10) else { return }
    var step = ChainStep(
      chain: chain, expectedVersion: record.cursor.version, addressesThrough: 5, now: Self.now)
    step.connected = [Self.link(height)]
    step.halt = halt
    _ = try await store.commit(step)
    try await database.close()
  }

  /// Five blocks more, with which the first payment's money is final.
  func settle() async throws {
    let database = try store.open()
    let store = ChainStore(database: database, specs: [spec])
    guard let record = try await store.record(of: chain, window: 10),
      let tracked = record.tracked.first
    else { return }
    var step = ChainStep(
      chain: chain, expectedVersion: record.cursor.version, addressesThrough: 5, now: Self.now)
    step.connected = (102...106).map { Self.link($0) }
    var final = tracked
    final.state = .final(Self.link(101).ref)
    step.changes = [TransferChange(before: tracked, after: final)]
    _ = try await store.commit(step)
    try await database.close()
  }

  func payctl(_ arguments: String...) throws -> Program.Outcome {
    try payctl(arguments: arguments)
  }

  func payctl(arguments: [String]) throws -> Program.Outcome {
    try Program.payctl.run(arguments + ["--database", path])
  }

  private static func hash(_ byte: UInt32) -> Hash32 {
    Hash32([UInt8](repeating: UInt8(truncatingIfNeeded: byte), count: 32)) ?? .zero
  }

  private static func link(_ height: UInt32) -> ChainLink {
    ChainLink(
      ref: BlockRef(height: height, hash: hash(height)), parent: hash(height - 1),
      time: 1_799_999_000 + height, bits: 0x207f_ffff, work: UInt256(2))
  }
}
