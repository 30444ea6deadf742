internal import Aggregates
package import ChainTypes
internal import Database

/// One thing that one target is to be told, and what has become of it.
///
///     pending ──► sent
///        │ ▲───── failed     for good: refused, or tried for three days
///        └─┴────► canceled   the target takes nothing any more, or nobody wants it
///
/// From `failed` and `canceled` somebody may send it on its way again.
package struct Delivery: Sendable, Equatable {
  /// `ntf_…`: the same in every attempt.
  package let id: String
  package let target: DeliveryTarget
  package let eventID: String
  package let eventType: String
  package let eventSubject: String
  package let position: Int64
  /// Empty once it is sent.
  package let content: String
  package let status: Status
  /// How many have begun, the present one with them.
  package let attempts: Int64
  /// Those before somebody had it sent again.
  package let earlierAttempts: Int64
  /// When the next may begin; of one under way, when it counts as lost. Nil unless pending.
  package let nextAttemptAt: Timestamp?
  /// An attempt that fails after this is the last.
  package let expiresAt: Timestamp
  package let createdAt: Timestamp
  package let finishedAt: Timestamp?
  package let lastAttemptAt: Timestamp?
  /// What came of the last attempt.
  package let lastNote: AttemptNote?

  package enum Status: String, Sendable, CaseIterable {
    case pending, sent, failed, canceled
  }

  static let columns = """
    delivery_id, tenant, channel, target, event_id, event_type, event_subject, position, content, \
    status, attempts, earlier_attempts, next_attempt_at, expires_at, created_at, finished_at, \
    attempted_at, code, detail, answer
    """

  init(_ row: SQLRow) throws {
    func time(_ column: String) throws -> Timestamp? {
      try row.optionalInteger(column).map { Timestamp(microseconds: $0) }
    }
    let word = try row.text("status")
    guard let status = Status(rawValue: word) else {
      throw DatabaseError.unexpectedValue(column: "status", expected: "a delivery's", found: word)
    }
    id = try row.text("delivery_id")
    target = DeliveryTarget(
      tenant: try row.text("tenant"), channel: try ChannelName(row), key: try row.text("target"))
    eventID = try row.text("event_id")
    eventType = try row.text("event_type")
    eventSubject = try row.text("event_subject")
    position = try row.integer("position")
    content = try row.text("content")
    self.status = status
    attempts = try row.integer("attempts")
    earlierAttempts = try row.integer("earlier_attempts")
    nextAttemptAt = try time("next_attempt_at")
    expiresAt = Timestamp(microseconds: try row.integer("expires_at"))
    createdAt = Timestamp(microseconds: try row.integer("created_at"))
    finishedAt = try time("finished_at")
    lastAttemptAt = try time("attempted_at")
    lastNote = try AttemptNote(row)
  }

  /// As answers and events show it: a JSON object, without the content.
  ///
  /// - Parameters:
  ///   - isEvent: without what the target answered
  ///   - log: of its attempts, where it is wanted
  package func document(isEvent: Bool = false, log: [RecordedAttempt]? = nil) -> String {
    var object = CanonicalObject(reserving: 512)
    object.add("attempts", attempts)
    object.add("channel", target.channel.rawValue)
    object.add("created_at", createdAt)
    object.add("event_id", eventID)
    object.add("event_subject", eventSubject)
    object.add("event_type", eventType)
    object.add("expires_at", expiresAt)
    if let finishedAt { object.add("finished_at", finishedAt) }
    object.add("id", id)
    if let lastNote { object.add("last_attempt", document(of: lastNote, isEvent: isEvent)) }
    if let log { object.add("log", log.map(\.document)) }
    if let nextAttemptAt { object.add("next_attempt_at", nextAttemptAt) }
    object.add("status", status.rawValue)
    object.add("target", target.key)
    return object.text
  }

  private func document(of note: AttemptNote, isEvent: Bool) -> CanonicalObject {
    var object = CanonicalObject(reserving: 256)
    if !isEvent, let answer = note.answer { object.add("answer", answer) }
    if let lastAttemptAt { object.add("at", lastAttemptAt) }
    if let code = note.code { object.add("code", code) }
    object.add("detail", note.detail)
    return object
  }
}
