internal import Aggregates
package import ChainTypes
package import Database

/// An attempt as the log of deliveries keeps it. One that nobody noted the end of isn't there: who
/// began it has died.
package struct RecordedAttempt: Sendable, Equatable {
  /// From 1, over all of the delivery's attempts.
  package let number: Int64
  package let begunAt: Timestamp
  package let endedAt: Timestamp
  /// `DeliveryOutcome.name`
  package let outcome: String
  package let note: AttemptNote

  /// How many of a delivery are shown, the latest.
  static let shownLimit = 50

  static func add(
    _ outcome: DeliveryOutcome, of attempt: Delivery, endedAt: Timestamp,
    in connection: any SQLConnection
  ) throws {
    let note = outcome.note
    try connection.submit(
      """
      INSERT INTO delivery_attempts (delivery_id, number, tenant, begun_at, ended_at, outcome,
        code, detail, answer)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      """,
      [
        .text(attempt.id), .integer(attempt.attempts), .text(attempt.target.tenant),
        .integer((attempt.lastAttemptAt ?? endedAt).microseconds), .integer(endedAt.microseconds),
        .text(outcome.name), .optional(note.code.map { Int64($0) }), .text(note.detail),
        .optional(note.answer),
      ], changing: 1)
  }

  /// In their order.
  package static func latest(
    of id: String, in connection: any SQLConnection
  ) throws -> [RecordedAttempt] {
    try connection.query(
      """
      SELECT number, begun_at, ended_at, outcome, code, detail, answer FROM delivery_attempts
      WHERE delivery_id = $1 ORDER BY number DESC LIMIT $2
      """, [.text(id), .integer(Int64(shownLimit))]
    ).reversed().map { row in
      RecordedAttempt(
        number: try row.integer("number"),
        begunAt: Timestamp(microseconds: try row.integer("begun_at")),
        endedAt: Timestamp(microseconds: try row.integer("ended_at")),
        outcome: try row.text("outcome"), note: try AttemptNote(row) ?? AttemptNote(""))
    }
  }

  var document: CanonicalObject {
    var object = CanonicalObject(reserving: 256)
    if let answer = note.answer { object.add("answer", answer) }
    object.add("at", begunAt)
    if let code = note.code { object.add("code", code) }
    object.add("detail", note.detail)
    object.add("ended_at", endedAt)
    object.add("number", number)
    object.add("outcome", outcome)
    return object
  }
}

extension AttemptNote {
  /// Nil where there is none.
  init?(_ row: SQLRow) throws {
    guard let detail = try row.optionalText("detail") else { return nil }
    self.init(
      detail, code: try row.optionalInteger("code").map { Int($0) },
      answer: try row.optionalText("answer"))
  }
}
