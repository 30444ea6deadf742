internal import ChainTracking
internal import ChainTypes
internal import Database
internal import LocalServers
internal import Payments
internal import SQLite
internal import Settlement
internal import Watching

/// A shop on SQLite, on this machine's disk, that has had many addresses derived, of which the
/// first ones belong to open payments; its chain's watcher has come to know all of them.
///
/// The first address and its payment are made as everywhere. The others' rows are copies of these,
/// made by the engine at once: with numbers in place of hashes, so that all but the last hundredth
/// of the work of making them is spared, and none of what reading them costs.
struct ManyPayments {
  let spec: ChainSpec
  let database: any Database
  let store: ChainStore
  let addresses: Int
  let payments: Int
  /// Of the database.
  let path: String
  /// Nil where another process has made it, and removes it.
  private let scratch: ScratchDirectory?

  private static let rowsPerCommit = 200_000

  static func make(addresses: Int, payments: Int) async throws -> ManyPayments {
    let scratch = try ScratchDirectory()
    let path = scratch.path + "/payments.sqlite"
    let database = try SQLiteDatabase(path: path)
    let (spec, _, store) = try await PaymentServer.beginShop(on: database)
    try await AddressPool(database: database, ready: 1).fill(spec.family)
    try await watch(through: 1, spec.name, store)
    let service = PaymentService(
      specs: [spec], policies: [PaymentServer.shop: TenantPolicy()], region: PaymentServer.region)
    let first = try await database.write { connection in
      try service.create(
        PaymentRequest(
          tenant: PaymentServer.shop, orderID: "order", chain: spec.name, amount: BlockCommits.due),
        now: SystemTime().now, random: (1, 2), in: connection)
    }
    try await copyRows(2...addresses, addressRows(payments), in: database)
    for rows in paymentRows(of: first.terms.id) {
      try await copyRows(2...payments, rows, in: database)
    }
    try await database.write { connection in
      try connection.execute(
        "UPDATE accounts SET next_index = $1", [.integer(Int64(addresses))])
      try connection.execute(
        "UPDATE event_positions SET last_position = $1",
        [
          .integer(Int64(payments))
        ])
      let last = try PaymentRecords.load(paymentID(payments), in: connection)
      guard last?.status == .open, last?.terms.ordinal == UInt64(payments) else {
        throw BenchmarkFailure("the last of many payments isn't open")
      }
    }
    try await watch(through: UInt64(addresses), spec.name, store)
    return ManyPayments(
      spec: spec, database: database, store: store, addresses: addresses, payments: payments,
      path: path, scratch: scratch)
  }

  /// What another process has made.
  static func open(_ path: String, addresses: Int, payments: Int) throws -> ManyPayments {
    let database = try SQLiteDatabase(path: path)
    let spec = try PaymentServer.spec()
    return ManyPayments(
      spec: spec, database: database, store: ChainStore(database: database, specs: [spec]),
      addresses: addresses, payments: payments, path: path, scratch: nil)
  }

  func close() async throws { try await database.close() }

  // MARK: Rows

  /// The script that stands under an ordinal, from the second on.
  static func script(_ ordinal: Int) -> [UInt8] {
    let digits = String(ordinal)
    return [0x00, 0x14] + Array((String(repeating: "0", count: 20 - digits.count) + digits).utf8)
  }

  private static func paymentID(_ ordinal: Int) -> String {
    let digits = String(ordinal)
    return "pay_" + String(repeating: "0", count: 26 - digits.count) + digits
  }

  /// Copies a row under other numbers; `numbers` stands for them in `statement`.
  private static func copyRows(
    _ numbers: ClosedRange<Int>, _ statement: String, in database: any Database
  ) async throws {
    var start = numbers.lowerBound
    while start <= numbers.upperBound {
      let range = (start, min(start + rowsPerCommit - 1, numbers.upperBound))
      try await database.write { connection in
        let copied = try connection.execute(
          """
          WITH RECURSIVE numbers (n) AS (
            SELECT $1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $2)
          \(statement)
          """, [.integer(Int64(range.0)), .integer(Int64(range.1))])
        guard copied == range.1 - range.0 + 1 else { throw BenchmarkFailure("rows are missing") }
      }
      start = range.1 + 1
    }
  }

  private static func addressRows(_ payments: Int) -> String {
    """
    INSERT INTO addresses (family, ordinal, account_id, child_index, script, address, payment_id,
      touched)
    SELECT family, n, account_id, n - 1, CAST(x'0014' || printf('%020d', n) AS BLOB),
      printf('bcrt1q%038d', n),
      CASE WHEN n <= \(payments) THEN printf('pay_%026d', n) END, 0
    FROM numbers CROSS JOIN (SELECT family, account_id FROM addresses WHERE ordinal = 1)
    """
  }

  /// Of one payment those of the payment itself, its event and the number of that.
  private static func paymentRows(of id: String) -> [String] {
    [
      """
      INSERT INTO payments (payment_id, tenant, order_id, chain, ordinal, confirmations, finality,
        created_at, expires_at, terms, version, status, amount, received, confirmed,
        deadline_passed, holds_order, updated_at, contract)
      SELECT printf('pay_%026d', n), tenant, 'order-' || n, chain, n, confirmations, finality,
        created_at, expires_at,
        json_set(terms, '$.id', printf('pay_%026d', n), '$.orderID', 'order-' || n,
          '$.ordinal', n, '$.address', printf('bcrt1q%038d', n)),
        version, status, amount, received, confirmed, deadline_passed, holds_order, updated_at,
        contract
      FROM numbers CROSS JOIN (SELECT * FROM payments WHERE payment_id = '\(id)')
      """,
      """
      INSERT INTO event_subjects (subject, tenant, sequence)
      SELECT printf('pay_%026d', n), tenant, sequence
      FROM numbers CROSS JOIN (SELECT * FROM event_subjects WHERE subject = '\(id)')
      """,
      """
      INSERT INTO events (position, id, type, subject, sequence, tenant, time, data)
      SELECT n, id, type, printf('pay_%026d', n), sequence, tenant, time, data
      FROM numbers CROSS JOIN (SELECT * FROM events WHERE subject = '\(id)')
      """,
    ]
  }

  /// Has the chain's watcher say that it watches all addresses up to an ordinal.
  private static func watch(
    through ordinal: UInt64, _ chain: ChainName, _ store: ChainStore
  ) async throws {
    guard let cursor = try await store.record(of: chain, window: 1)?.cursor else {
      throw BenchmarkFailure("the chain's cursor is missing")
    }
    _ = try await store.commit(
      ChainStep(
        chain: chain, expectedVersion: cursor.version, addressesThrough: ordinal,
        now: SystemTime().now))
  }

  // MARK: Watching

  var snapshots: WatchSnapshots {
    WatchSnapshots(
      directory: path + "-addresses", chain: spec.name,
      records: WatchSnapshotRecords(database: database, family: spec.family))
  }

  /// The set of the first `count` addresses, from their rows as a watcher reads them.
  func readSet(_ count: Int) async throws -> WatchSnapshots.Loaded {
    var set = WatchSet(key: Self.key())
    var through: UInt64 = 0
    while set.count < count {
      let scripts = try await store.scripts(
        for: spec.name, after: through, limit: min(10_000, count - set.count))
      for script in scripts {
        set.insert(script: script.scriptPubKey, ordinal: script.ordinal)
        through = script.ordinal
      }
      if scripts.isEmpty { throw BenchmarkFailure("\(count) addresses aren't there") }
    }
    return WatchSnapshots.Loaded(set: set, through: through)
  }

  static func key() -> (UInt64, UInt64) {
    (.random(in: .min ... .max), .random(in: .min ... .max))
  }

  /// Throws where a set hasn't all addresses.
  func check(_ set: WatchSet) throws {
    guard set.count == addresses else {
      throw BenchmarkFailure("\(set.count) of \(addresses) addresses are watched")
    }
    for ordinal in stride(from: 2, through: addresses, by: max(1, addresses / 1_000)) {
      guard set.ordinal(of: Self.script(ordinal).span.bytes) == UInt64(ordinal) else {
        throw BenchmarkFailure("the address \(ordinal) isn't watched")
      }
    }
  }
}
