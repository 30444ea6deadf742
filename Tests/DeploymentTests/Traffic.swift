import Database
import EventLog
import Foundation
import Synchronization

/// What programs of the older version and of the new one write alike, each writer again and again.
final class Traffic: Sendable {
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

  func write(_ writer: Writer, lockTimeout: String = "10s") async throws {
    let number = done[writer, default: 0] + 1
    try await old.database.write { connection in
      try connection.execute("SET LOCAL lock_timeout = '\(lockTimeout)'")
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
    let isOld = number <= OldDatabase.changed
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
    guard isOld else { return }
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
