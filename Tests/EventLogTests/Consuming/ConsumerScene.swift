import Bytes
import ChainTypes
import Database
import Digests
import Synchronization
import TestDatabases

@testable import EventLog

/// A service's database with its one table of effects, and what the tests steer.
final class ConsumerScene: Sendable {
  struct Effect: Equatable, CustomStringConvertible {
    let subject: String
    let sequence: Int64
    let id: Hash32

    var description: String { "\(subject)#\(sequence)" }
  }

  /// What a handler throws that may go better later.
  struct Trouble: Error {}

  let database: TestDatabase
  let broker = MemoryBroker()
  /// Seconds since 1970.
  let clock = Mutex<Int64>(1_800_000_000)
  /// Subjects and sequences, as `s#1`, on which the handler fails; true for good.
  let troubles = Mutex<[String: Bool]>([:])
  /// Those on which its statement takes too long; true where it doesn't wait for the answer.
  let slow = Mutex<[String: Bool]>([:])

  init() async throws {
    database = try await TestDatabase()
    try await Migrator.migrate(database, EventLog.migrations, component: EventLog.component)
    try await Migrator.migrate(database, Inbox.migrations, component: Inbox.component)
    try await database.write { connection in
      try connection.execute(
        connection.dialect.createTable(
          "effects",
          """
            number \(connection.dialect.generatedKey), consumer TEXT NOT NULL,
            subject TEXT NOT NULL, sequence \(connection.dialect.integer) NOT NULL,
            id \(connection.dialect.blob) NOT NULL
          """))
    }
  }

  var now: Timestamp { Timestamp(seconds: clock.withLock { $0 }) }

  func pass(seconds: Int64) { clock.withLock { $0 += seconds } }

  func consumer(
    _ name: String = "orders", start: ConsumerStart = .beginning,
    options: ConsumerOptions = ConsumerOptions(), interest: EventInterest = .all,
    on database: (any Database)? = nil,
    check: @escaping @Sendable (any SQLConnection) throws -> Void = { _ in }
  ) throws -> Consumer<MemorySource> {
    try consumer(
      name, of: MemorySource(broker), start: start, options: options, interest: interest,
      on: database, check: check)
  }

  func consumer<Source: EventSource>(
    _ name: String = "orders", of source: Source, start: ConsumerStart = .beginning,
    options: ConsumerOptions = ConsumerOptions(), interest: EventInterest = .all,
    on database: (any Database)? = nil,
    check: @escaping @Sendable (any SQLConnection) throws -> Void = { _ in }
  ) throws -> Consumer<Source> {
    try Consumer(
      name: name, source: source, database: database ?? self.database, start: start,
      interest: interest, options: options, now: { self.now }, check: check,
      handler: { received, connection in
        let event = received.event
        // Before it fails, so that a failure has something to undo.
        try connection.execute(
          "INSERT INTO effects (consumer, subject, sequence, id) VALUES ($1, $2, $3, $4)",
          [
            .text(name), .text(event.subject), .integer(event.sequence), .blob(event.id.bytes),
          ])
        let name = "\(event.subject)#\(event.sequence)"
        if let isSubmitted = self.slow.withLock({ $0[name] }) {
          try Self.takeTooLong(isSubmitted: isSubmitted, in: connection)
        }
        switch self.troubles.withLock({ $0[name] }) {
        case true?: throw EventRefusal("not for us")
        case false?: throw Trouble()
        case nil: break
        }
      })
  }

  /// SQLite stops no statement.
  private static func takeTooLong(isSubmitted: Bool, in connection: any SQLConnection) throws {
    guard connection.dialect == .postgreSQL else { throw DatabaseError.timedOut("too long") }
    try connection.execute("SET LOCAL statement_timeout = '20ms'")
    let sleep = "DO $$ BEGIN PERFORM pg_sleep(60); END $$"
    if isSubmitted { try connection.submit(sleep, []) } else { try connection.execute(sleep) }
  }

  /// The effects in the order in which they came, of one subject or all.
  func effects(of subject: String? = nil, by consumer: String = "orders") async throws -> [Effect] {
    let rows = try await database.read {
      try $0.query(
        "SELECT subject, sequence, id FROM effects WHERE consumer = $1 ORDER BY number",
        [.text(consumer)])
    }
    return try rows.map {
      Effect(
        subject: try $0.text("subject"), sequence: try $0.integer("sequence"),
        id: Hash32(try $0.blob("id")) ?? .zero)
    }.filter { subject == nil || $0.subject == subject }
  }

  func sequences(of subject: String, by consumer: String = "orders") async throws -> [Int64] {
    try await effects(of: subject, by: consumer).map(\.sequence)
  }

  func parked(_ consumer: String = "orders") async throws -> [ParkedMessage] {
    try await database.read { try Inbox.parked(by: consumer, limit: 1_000, in: $0) }
  }

  /// `s#2 gap` for each parked message, in the order of subjects and sequences.
  func parkedTexts(_ consumer: String = "orders") async throws -> [String] {
    try await parked(consumer).map {
      "\($0.subject ?? "-")#\($0.sequence.map { "\($0)" } ?? "-") \($0.reason.rawValue)"
    }
  }

  static func event(
    _ subject: String, _ sequence: Int64, fact: String = "fact", type: String = "payment.paid"
  ) -> CloudEvent {
    CloudEvent(
      id: EventID.digest(
        type: type, subject: subject, sequence: sequence, cause: SHA256.hash(Array(fact.utf8))),
      type: type, subject: subject, sequence: sequence, tenant: "shop",
      time: Timestamp(seconds: 1_800_000_000), data: #"{"fact":"\#(fact)"}"#)
  }

  func publish(_ subject: String, _ sequences: Int64..., fact: String = "fact") {
    for sequence in sequences { broker.publish(Self.event(subject, sequence, fact: fact)) }
  }
}
