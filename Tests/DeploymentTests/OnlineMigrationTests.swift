import Database
import Deployment
import EventLog
import Foundation
import Settlement
import Synchronization
import TestDatabases
import TestSupport
import Testing

/// PostgreSQL alone changes tables beside others who write; SQLite has one process.
@Suite("Migrations beside traffic")
struct OnlineMigrationTests {
  @Test("who writes goes on while large tables are changed, and nothing of it is lost")
  func traffic() async throws {
    let store = try await TestStore(.postgreSQL)
    let old = try OldDatabase(store)
    try await old.make(rows: OldDatabase.large)
    let traffic = Traffic(old)
    var options = TestStore.Options()
    // Each of the migration's transactions is followed by one of every writer.
    options.commitHooks.afterCommit = { try traffic.waitForEveryWriter() }
    let migrating = try store.open(options)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in Traffic.Writer.allCases { group.addTask { try await traffic.run(writer) } }
      group.addTask {
        defer { traffic.end() }
        try traffic.waitForEveryWriter()
        try await Schema.migrate(migrating)
        try traffic.waitForEveryWriter()
      }
      try await group.waitForAll()
    }
    try await migrating.close()
    let done = traffic.done
    #expect(Traffic.Writer.allCases.allSatisfy { done[$0, default: 0] > 20 }, "\(done)")
    #expect(traffic.failures <= 1, "one that appends the old way may meet the new log")
    // A row's `xmin` is the transaction that wrote it: nobody waited for more than these rows.
    for table in ["events", "transfers", "event_subjects"] {
      let most = try await old.number(
        "SELECT MAX(n) AS n FROM (SELECT COUNT(*) AS n FROM \(table) GROUP BY xmin) AS written")
      #expect(most <= OnlineChange.batch, "\(table)")
    }
    try await old.expectEverything(after: done)
    try await old.database.close()
  }

  @Test("a migration that dies between two parts is gone on with, past what was written meanwhile")
  func resumed() async throws {
    struct Crash: Error {}
    let store = try await TestStore(.postgreSQL)
    let old = try OldDatabase(store)
    try await old.make(rows: OldDatabase.large)
    let traffic = Traffic(old)
    // Each attempt dies at its next commit but those that the one before had.
    let left = Mutex(1)
    var options = TestStore.Options()
    options.commitHooks.afterCommit = {
      let isLast = left.withLock { left in
        left -= 1
        return left == 0
      }
      if isLast { throw Crash() }
    }
    let migrating = try store.open(options)
    var crashes = 0
    while true {
      do {
        try await Schema.migrate(migrating)
        break
      } catch is Crash {
        crashes += 1
        left.withLock { $0 = crashes + 1 }
        for writer in Traffic.Writer.allCases { try await traffic.write(writer) }
      }
      try #require(crashes < 1_000)
    }
    #expect(crashes > 30)
    try await migrating.close()
    try await old.expectEverything(after: traffic.done)
    try await old.database.close()
  }

  @Test("large tables end in the schema that empty ones get at once")
  func sameSchema() async throws {
    var schemas: [[String]] = []
    for rows in [OldDatabase.large, 0] {
      let old = try OldDatabase(try await TestStore(.postgreSQL))
      try await old.make(rows: rows)
      try await Schema.migrate(old.database)
      schemas.append(try await old.schema())
      try await old.database.close()
    }
    #expect(schemas[0].count > 300)
    #expect(Set(schemas[0]).symmetricDifference(schemas[1]).sorted() == [])
  }
}

/// A database of an older version: before the log had partitions and transfers were of tokens.
private struct OldDatabase: Sendable {
  /// More than two parts of an online change.
  static let large = OnlineChange.batch * 5 / 2

  let store: TestStore
  let database: any Database

  init(_ store: TestStore) throws {
    self.store = store
    database = try store.open()
  }

  func make(rows: Int) async throws {
    try await Migrator.migrate(
      database, Array(EventLog.migrations.prefix(4)), component: EventLog.component)
    try await Migrator.migrate(
      database, Array(SettlementSchema.migrations.prefix(9)),
      component: SettlementSchema.component)
    let count = SQLValue.integer(Int64(rows))
    try await database.write { connection in
      try connection.execute(
        """
        INSERT INTO events (position, id, type, subject, sequence, tenant, time, data)
        SELECT n, decode(lpad(to_hex(n), 64, '0'), 'hex'), 'payment.created', 'old-' || n % 300,
          (n - 1) / 300 + 1, 'shop', n, '{}'
        FROM generate_series(1, CAST($1 AS BIGINT)) AS n
        """, [count])
      try connection.execute("UPDATE event_positions SET last_position = $1", [count])
      try connection.execute(
        """
        INSERT INTO chains (chain, family, version, anchor_height, anchor_hash, tip_height,
          tip_hash, addresses_through)
        VALUES ('c', 'f', 0, 0, '', 0, '', 0)
        """)
      try connection.execute(
        """
        INSERT INTO transfers (chain, txid, position, family, ordinal, value, is_coinbase,
          confirmations, finality, state, first_seen)
        SELECT 'c', \(Self.txid("n")), n % 5, 'f', n, n, 0, 1, 6, 'included', n
        FROM generate_series(1, CAST($1 AS BIGINT)) AS n
        """, [count])
    }
  }

  /// An expression: scattered over all keys, so that parts and writers meet.
  static func txid(_ number: String) -> String { "sha256(CAST(CAST(\(number) AS TEXT) AS BYTEA))" }

  func number(_ sql: String) async throws -> Int {
    try await database.read { Int(try $0.queryFirst(sql)?.integer("n") ?? -1) }
  }

  /// Every row of before and every one of the writers' is there, as it was left.
  func expectEverything(after done: [Traffic.Writer: Int]) async throws {
    try await Sequencer(database: database, batchLimit: 1_000).drain()
    let blocks = done[.blocks, default: 0]
    let events = Self.large + done[.events, default: 0]
    #expect(try await number("SELECT COUNT(*) AS n FROM payments") == done[.payments])
    #expect(try await number("SELECT COUNT(DISTINCT id) AS n FROM events") == events)
    #expect(try await number("SELECT COUNT(position) AS n FROM events") == events)
    #expect(try await number("SELECT MAX(position) AS n FROM events") == events)
    #expect(
      try await number(
        """
        SELECT COUNT(*) AS n FROM (
          SELECT subject, MAX(sequence) AS last, COUNT(*) AS count FROM events GROUP BY subject
        ) AS told FULL JOIN event_subjects USING (subject)
        WHERE sequence IS DISTINCT FROM last OR sequence IS DISTINCT FROM count
          OR tenant IS DISTINCT FROM 'shop'
        """) == 0)
    #expect(try await number("SELECT tip_height AS n FROM chains") == blocks)
    // A block adds a transfer, makes an old one final, and takes one away.
    #expect(try await number("SELECT COUNT(*) AS n FROM transfers") == Self.large)
    #expect(
      try await number("SELECT COUNT(*) AS n FROM transfers WHERE state = 'final'") == blocks)
    #expect(
      try await number(
        """
        SELECT COUNT(*) AS n FROM transfers WHERE contract <> ''
          OR position <> CASE state WHEN 'seen' THEN '7' ELSE CAST(ordinal % 5 AS TEXT) END
          OR ordinal <> value OR txid <> \(Self.txid("ordinal"))
        """) == 0)
  }

  /// What the catalogue tells of all tables, but of the log's partitions.
  func schema() async throws -> [String] {
    let questions = [
      """
      SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type,
        numeric_precision, is_nullable, column_default, is_identity) AS line
      FROM information_schema.columns
      WHERE table_schema = current_schema() AND table_name NOT LIKE 'events_through_%'
      """,
      """
      SELECT replace(indexdef, current_schema() || '.', '') AS line FROM pg_indexes
      WHERE schemaname = current_schema() AND tablename NOT LIKE 'events_through_%'
      """,
      """
      SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS line
      FROM pg_constraint WHERE connamespace = CAST(current_schema() AS REGNAMESPACE)
        AND CAST(CAST(conrelid AS REGCLASS) AS TEXT) NOT LIKE 'events_through_%'
      """,
      """
      SELECT concat_ws(' ', tablename, policyname, roles, cmd, qual, with_check) AS line
      FROM pg_policies WHERE schemaname = current_schema()
      """,
      """
      SELECT concat_ws(' ', relname, relrowsecurity, relforcerowsecurity, relacl) AS line
      FROM pg_class WHERE relnamespace = CAST(current_schema() AS REGNAMESPACE)
        AND relname NOT LIKE 'events_through_%'
      """,
      """
      SELECT concat_ws(' ', proname, prosrc) AS line FROM pg_proc
      WHERE pronamespace = CAST(current_schema() AS REGNAMESPACE)
      """,
    ]
    return try await database.read { connection in
      try questions.flatMap { try connection.query($0).map { try $0.text("line") } }
    }
  }
}

/// What programs of the older version and of the new one write alike, each writer again and again.
private final class Traffic: Sendable {
  enum Writer: CaseIterable, Sendable {
    case payments
    case blocks
    case events
  }

  struct Stuck: Error {
    let before: [Writer: Int]
    let after: [Writer: Int]
  }

  private let old: OldDatabase
  private let progress = Mutex((done: [Writer: Int](), failures: 0, isOver: false))

  init(_ old: OldDatabase) { self.old = old }

  var done: [Writer: Int] { progress.withLock { $0.done } }
  var failures: Int { progress.withLock { $0.failures } }

  func end() { progress.withLock { $0.isOver = true } }

  func run(_ writer: Writer) async throws {
    while !progress.withLock({ $0.isOver }) {
      do {
        try await write(writer)
      } catch let error as DatabaseError where writer == .events && error.isConstraintViolation {
        progress.withLock { $0.failures += 1 }
      }
    }
  }

  /// Holds the thread until each writer has written once more.
  func waitForEveryWriter() throws {
    let before = done
    let deadline = ContinuousClock.now + .seconds(120)
    while Writer.allCases.contains(where: { done[$0, default: 0] <= before[$0, default: 0] }) {
      guard ContinuousClock.now < deadline else { throw Stuck(before: before, after: done) }
      Thread.sleep(forTimeInterval: 0.001)
    }
  }

  func write(_ writer: Writer) async throws {
    let number = done[writer, default: 0] + 1
    try await old.database.write { connection in
      switch writer {
      case .payments: try Self.makePayment(number, in: connection)
      case .blocks: try Self.connectBlock(number, in: connection)
      case .events: try Self.append(number, in: connection)
      }
    }
    progress.withLock { $0.done[writer] = number }
  }

  private static func makePayment(_ number: Int, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO payments (payment_id, tenant, order_id, chain, ordinal, confirmations, finality,
        created_at, expires_at, terms, version, status, amount, received, confirmed,
        deadline_passed, holds_order, updated_at)
      VALUES ($1, 'shop', $1, 'c', 1, 1, 6, 0, 0, '{}', 0, 'open', 1, 0, 0, 0, 1, 0)
      """, [.text("pay-\(number)")])
    try connection.execute(
      "INSERT INTO payment_facts (payment_id, number, recorded_at, fact) VALUES ($1, 1, 0, '{}')",
      [.text("pay-\(number)")])
  }

  private static func connectBlock(_ number: Int, in connection: any SQLConnection) throws {
    let number = SQLValue.integer(Int64(number))
    try connection.execute(
      "UPDATE chains SET version = version + 1, tip_height = $1 WHERE chain = 'c'", [number])
    let added = "CAST($1 AS BIGINT) + \(OldDatabase.large)"
    try connection.execute(
      """
      INSERT INTO transfers (chain, txid, position, family, ordinal, value, is_coinbase,
        confirmations, finality, state, first_seen)
      VALUES ('c', \(OldDatabase.txid(added)), '7', 'f', \(added), \(added), 0, 1, 6, 'seen', 1)
      """, [number])
    try connection.submit(
      "UPDATE transfers SET state = 'final' WHERE txid = \(OldDatabase.txid("CAST($1 AS BIGINT)"))",
      [number], changing: 1)
    let gone = "\(OldDatabase.large + 1) - CAST($1 AS BIGINT)"
    try connection.submit(
      "DELETE FROM transfers WHERE txid = \(OldDatabase.txid(gone))", [number], changing: 1)
  }

  /// As the version does that the schema is of when the transaction begins.
  private static func append(_ number: Int, in connection: any SQLConnection) throws {
    let version = try Migrator.newest(of: EventLog.component, in: connection)
    let subject = SQLValue.text("new-\(number % 10)")
    let table = version < 5 ? "events" : "outbox"
    try connection.execute(
      """
      INSERT INTO \(table) (id, type, subject, sequence, tenant, time, data)
      VALUES (sha256(CAST(CAST($1 AS TEXT) AS BYTEA)), 'payment.created', $2, $3, 'shop', 0, '{}')
      """,
      [.text("\(number)"), subject, .integer(Int64((number - 1) / 10 + 1))])
    guard version >= 5 else { return }
    try connection.execute(
      """
      INSERT INTO event_subjects (subject, tenant, sequence) VALUES ($1, 'shop', $2)
      ON CONFLICT (subject) DO UPDATE SET sequence = excluded.sequence
      """, [subject, .integer(Int64((number - 1) / 10 + 1))])
  }
}
