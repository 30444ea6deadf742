internal import Database

/// A run of events that the relay sends as one transaction.
struct RelayPage: Sendable {
  let events: [PositionedEvent]
  /// Every event up to here is in the page or before it.
  let through: Int64

  /// The events after `cursor`: at most `limit` of them and, unless the first alone is longer, at
  /// most `byteLimit` bytes of data. Nil where there are none.
  static func read(
    after cursor: Int64, limit: Int, byteLimit: Int, in connection: any SQLConnection
  ) throws -> RelayPage? {
    // Asked first: what is sequenced between the questions comes with a later page.
    let last = try EventLog.lastPosition(in: connection)
    guard cursor < last else { return nil }
    let end = min(last, cursor + Int64(limit))
    // Nearly always all of them may come, which a sum tells far sooner than one behind each.
    let sum = try connection.queryFirst(
      """
      SELECT CAST(COALESCE(SUM(\(connection.dialect.byteCount("data"))), 0) AS \
      \(connection.dialect.integer)) AS total
      FROM events WHERE position > $1 AND position <= $2
      """, [.integer(cursor), .integer(end)])
    if try sum?.integer("total") ?? .max <= Int64(byteLimit) {
      let events = try EventLog.events(after: cursor, through: end, in: connection)
      return RelayPage(events: events, through: end)
    }
    let row = try connection.queryFirst(
      """
      SELECT MIN(position) AS first_position,
        MAX(CASE WHEN total <= $3 THEN position END) AS last_position
      FROM (
        SELECT position, SUM(\(connection.dialect.byteCount("data"))) OVER (ORDER BY position) AS total FROM events
        WHERE position > $1 AND position <= $2
      ) AS sizes
      """, [.integer(cursor), .integer(end), .integer(Int64(byteLimit))])
    guard let first = try row?.optionalInteger("first_position") else {
      // Retention has removed them.
      return RelayPage(events: [], through: end)
    }
    let through = try row?.optionalInteger("last_position") ?? first
    return RelayPage(
      events: try EventLog.events(after: cursor, through: through, in: connection),
      through: through)
  }
}
