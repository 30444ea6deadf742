import Database
import EventLog
import Foundation
import LocalServers
import PostgreSQL
import Settlement
import Testing

/// A database of an older version: before payments had an order, the log partitions, and transfers
/// tokens.
struct OldDatabase: Sendable {
  /// More than two parts of an online change.
  static let large = OnlineChange.batch * 5 / 2
  /// How many of its transfers blocks change at most, and as many they take away.
  static let changed = large / 2 - 1

  /// One of its own: to build an index waits for transactions of the whole database.
  private let server: PostgresServer
  private let name = "old_" + UUID().uuidString.lowercased()
  private let uri: String
  let database: any Database

  init(rows: Int) async throws {
    server = try await PostgresServer.shared
    uri = try await server.makeDatabase(name, owner: "paywatch")
    database = PostgresDatabase(options: PostgresOptions(connection: uri))
    try await make(rows: rows)
  }

  func open(_ hooks: CommitHooks = CommitHooks()) -> any Database {
    var options = PostgresOptions(connection: uri)
    options.commitHooks = hooks
    return PostgresDatabase(options: options)
  }

  func end() async throws {
    try await database.close()
    try await server.dropDatabase(name)
  }

  private func make(rows: Int) async throws {
    try await Migrator.migrate(
      database, Array(EventLog.migrations.prefix(4)), component: EventLog.component)
    try await Migrator.migrate(
      database, Array(SettlementSchema.migrations.prefix(2)),
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
      try connection.execute(
        """
        INSERT INTO payments (payment_id, tenant, order_id, chain, ordinal, confirmations, finality,
          created_at, expires_at, terms, version, status, amount, received, confirmed,
          deadline_passed, holds_order, updated_at)
        SELECT 'old-' || n, 'shop', 'old-' || n, 'c', 1, 1, 6, 0, 0, '{}', 0, 'open', 1, 0, 0, 0, 1,
          0
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

  /// Makes it a younger one, whose refunds have no order yet.
  func makeRefunds(rows: Int) async throws {
    try await Migrator.migrate(
      database, Array(SettlementSchema.migrations.prefix(14)),
      component: SettlementSchema.component)
    try await database.write { connection in
      try connection.execute(
        """
        INSERT INTO refunds (refund_id, payment_id, tenant, chain, contract, amount, status,
          version, not_before, terms, updated_at)
        SELECT 'ref-' || n, 'old-' || n, 'shop', 'c', '', 1, 'requested', 0, 0, '{}', 0
        FROM generate_series(1, CAST($1 AS BIGINT)) AS n
        """, [.integer(Int64(rows))])
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
    #expect(
      try await number("SELECT COUNT(*) AS n FROM payments") == Self.large
        + done[.payments, default: 0])
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
    // A block adds a transfer, and while there are old ones makes one final and takes one away.
    let changed = min(blocks, Self.changed)
    #expect(
      try await number("SELECT COUNT(*) AS n FROM transfers") == Self.large + blocks - changed)
    #expect(
      try await number("SELECT COUNT(*) AS n FROM transfers WHERE state = 'final'") == changed)
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
