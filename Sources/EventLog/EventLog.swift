package import Bytes
internal import ChainTypes
package import Database
internal import Telemetry

/// The events of all aggregates, in the database whose changes they tell: a transaction that
/// changes something appends its events, and both hold or neither.
///
/// Within a subject events are numbered without gaps as they are appended. Across subjects each has
/// a `position`, by which everyone reads them. SQLite's writers run one after the other, so there
/// it is given as the event is appended; in PostgreSQL the event waits in the `outbox` until the
/// `Sequencer` moves it into the log.
package enum EventLog {
  /// What became of a draft.
  package struct Appended: Sendable, Equatable {
    package let id: Hash32
    package let sequence: Int64
  }

  /// Appends `drafts` in their order, each as the next of its subject; other transactions that
  /// append to one of the subjects wait for this one.
  ///
  /// They carry the current trace (`TraceContext`), which is no part of what they tell.
  @discardableResult
  package static func append(
    _ drafts: [EventDraft], in connection: any SQLConnection
  ) throws -> [Appended] {
    var lastSequences: [String: Int64] = [:]
    return try drafts.map { draft in
      try draft.validate()
      let last =
        try lastSequences[draft.subject]
        ?? lastSequence(of: draft.subject, suffix: connection.dialect.forUpdate, in: connection)
      lastSequences[draft.subject] = last + 1
      return try append(draft, after: last, in: connection)
    }
  }

  /// Appends the first event of a new subject, without asking. Where the subject has events
  /// already, the transaction fails with `DatabaseError.uniqueViolation`, as does the later one of
  /// two that append to a new subject at once.
  package static func begin(with draft: EventDraft, in connection: any SQLConnection) throws {
    try draft.validate()
    _ = try append(draft, after: 0, in: connection)
  }

  /// The number of the subject's last event, also of one that retention has removed; 0 where it has
  /// none.
  package static func lastSequence(
    of subject: String, in connection: any SQLConnection
  ) throws -> Int64 {
    try lastSequence(of: subject, suffix: "", in: connection)
  }

  /// The number of the subject's first event that retention hasn't removed: 1 where it has removed
  /// nothing of any, one above the last where it has removed all.
  package static func firstKeptSequence(
    of subject: String, in connection: any SQLConnection
  ) throws -> Int64 {
    let positions = try connection.queryFirst(
      "SELECT removed_through FROM event_positions WHERE singleton = 1")
    guard try positions?.integer("removed_through") ?? 0 > 0 else { return 1 }
    return try events(of: subject, limit: 1, in: connection).first?.sequence
      ?? lastSequence(of: subject, in: connection) + 1
  }

  private static func lastSequence(
    of subject: String, suffix: String, in connection: any SQLConnection
  ) throws -> Int64 {
    try connection.queryFirst(
      "SELECT sequence FROM event_subjects WHERE subject = $1" + suffix, [.text(subject)]
    )?.integer("sequence") ?? 0
  }

  private static func append(
    _ draft: EventDraft, after last: Int64, in connection: any SQLConnection
  ) throws -> Appended {
    let sequence = last + 1
    let id = EventID.digest(
      type: draft.type, subject: draft.subject, sequence: sequence, cause: draft.cause)
    if last == 0 {
      try connection.submit(
        [.text(draft.subject), .optional(draft.tenant), .integer(sequence)], of: insertSubject)
    } else {
      try connection.submit(
        "UPDATE event_subjects SET sequence = $1 WHERE subject = $2 AND sequence = $3",
        [.integer(sequence), .text(draft.subject), .integer(last)], changing: 1)
    }
    let values: [SQLValue] = [
      .blob(id.bytes), .text(draft.type), .text(draft.subject), .integer(sequence),
      .optional(draft.tenant), .integer(draft.time.microseconds), .text(draft.data),
      .optional(TraceContext.current?.traceparent),
    ]
    switch connection.dialect {
    case .sqlite:
      try connection.submit(
        """
        INSERT INTO events (position, \(columns)) VALUES (
          (SELECT last_position + 1 FROM event_positions WHERE singleton = 1),
          $1, $2, $3, $4, $5, $6, $7, $8)
        """, values)
      try connection.submit(
        "UPDATE event_positions SET last_position = last_position + 1 WHERE singleton = 1", [])
    case .postgreSQL:
      try connection.submit(values, of: insertWaiting)
    }
    return Appended(id: id, sequence: sequence)
  }

  private static let insertSubject = RowStatement.insert(
    into: "event_subjects", "subject, tenant, sequence BIGINT")
  private static let insertWaiting = RowStatement.insert(
    into: "outbox",
    "id BYTEA, type, subject, sequence BIGINT, tenant, time BIGINT, data, traceparent")

  /// Those that an event has from the moment it is appended; `EventRow` reads them in this order.
  static let columns = "id, type, subject, sequence, tenant, time, data, traceparent"
}
