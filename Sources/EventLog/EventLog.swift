package import Bytes
internal import ChainTypes
package import Database
internal import Telemetry

/// The events of all aggregates, in the database whose changes they tell: a transaction that
/// changes something appends its events, and both hold or neither.
///
/// Within a subject events are numbered without gaps as they are appended. Across subjects the
/// `Sequencer` gives each its `position`, by which everyone reads them.
package enum EventLog {
  /// What became of a draft.
  package struct Appended: Sendable, Equatable {
    package let id: Hash32
    package let sequence: Int64
    /// False where this very event stood in the log already.
    package let isNew: Bool
  }

  /// Appends `drafts` in their order, each as the next of its subject.
  ///
  /// A draft with an expected sequence that the log has already is left out where the event there
  /// has the same id, and throws `EventLogError.fork` where it has another. Where two
  /// transactions append to a subject at once (PostgreSQL only; callers hold the aggregate's
  /// row), the later one gets `DatabaseError.uniqueViolation`.
  ///
  /// New ones carry the current trace (`TraceContext`), which is no part of what they tell.
  @discardableResult
  package static func append(
    _ drafts: [EventDraft], in connection: any SQLConnection
  ) throws -> [Appended] {
    var lastSequences: [String: Int64] = [:]
    return try drafts.map { draft in
      try draft.validate()
      let last =
        try lastSequences[draft.subject] ?? lastSequence(of: draft.subject, in: connection)
      let appended = try append(draft, after: last, in: connection)
      lastSequences[draft.subject] = max(last, appended.sequence)
      return appended
    }
  }

  /// Appends the first event of a new subject, without asking. Where the subject has events already,
  /// the transaction fails with `DatabaseError.uniqueViolation`.
  package static func begin(with draft: EventDraft, in connection: any SQLConnection) throws {
    try draft.validate()
    let id = EventID.digest(
      type: draft.type, subject: draft.subject, sequence: 1, cause: draft.cause)
    try insert(draft, sequence: 1, id: id, in: connection)
  }

  /// The number of the subject's last event; 0 where it has none.
  package static func lastSequence(
    of subject: String, in connection: any SQLConnection
  ) throws -> Int64 {
    let row = try connection.queryFirst(
      "SELECT MAX(sequence) AS last FROM events WHERE subject = $1", [.text(subject)])
    return try row?.optionalInteger("last") ?? 0
  }

  private static func append(
    _ draft: EventDraft, after last: Int64, in connection: any SQLConnection
  ) throws -> Appended {
    let sequence = draft.expectedSequence ?? last + 1
    let id = EventID.digest(
      type: draft.type, subject: draft.subject, sequence: sequence, cause: draft.cause)
    guard sequence <= last + 1 else {
      throw EventLogError.gap(subject: draft.subject, expected: sequence, next: last + 1)
    }
    guard sequence == last + 1 else {
      let row = try connection.queryFirst(
        "SELECT id FROM events WHERE subject = $1 AND sequence = $2",
        [.text(draft.subject), .integer(sequence)])
      guard try row?.blob("id") == id.bytes else {
        throw EventLogError.fork(subject: draft.subject, sequence: sequence)
      }
      return Appended(id: id, sequence: sequence, isNew: false)
    }
    try insert(draft, sequence: sequence, id: id, in: connection)
    return Appended(id: id, sequence: sequence, isNew: true)
  }

  private static func insert(
    _ draft: EventDraft, sequence: Int64, id: Hash32, in connection: any SQLConnection
  ) throws {
    try connection.submit(
      """
      INSERT INTO events (id, type, subject, sequence, tenant, time, data, traceparent)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      """,
      [
        .blob(id.bytes), .text(draft.type), .text(draft.subject), .integer(sequence),
        .optional(draft.tenant), .integer(draft.time.microseconds), .text(draft.data),
        .optional(TraceContext.current?.traceparent),
      ])
  }
}
