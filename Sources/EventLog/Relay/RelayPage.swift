internal import Database

/// A run of events that the relay sends as one transaction.
struct RelayPage: Sendable {
  /// Every event up to here is in the page or before it.
  let through: Int64
  /// How many bytes of data its events have, or where not all of `limit` fit, may have.
  let byteCount: Int

  /// The page of the events after `cursor`: at most `limit` of them and, unless the first alone is
  /// longer, at most `byteLimit` bytes of data. Nil where there are none.
  static func next(
    after cursor: Int64, limit: Int, byteLimit: Int, in connection: any SQLConnection
  ) throws -> RelayPage? {
    // Asked first: what is sequenced between the questions comes with a later page.
    let last = try EventLog.lastPosition(in: connection)
    guard cursor < last else { return nil }
    let end = min(last, cursor + Int64(limit))
    let (bytes, integer) = (connection.dialect.byteCount("data"), connection.dialect.integer)
    // Nearly always all of them may come, which a sum tells far sooner than one behind each.
    let sum = try connection.queryFirst(
      """
      SELECT CAST(COALESCE(SUM(\(bytes)), 0) AS \(integer)) AS total
      FROM events WHERE position > $1 AND position <= $2
      """, [.integer(cursor), .integer(end)])
    if let total = try sum?.integer("total"), total <= Int64(byteLimit) {
      return RelayPage(through: end, byteCount: Int(total))
    }
    let row = try connection.queryFirst(
      """
      SELECT MIN(position) AS first_position,
        MAX(CASE WHEN total <= $3 THEN position END) AS last_position
      FROM (
        SELECT position, SUM(\(bytes)) OVER (ORDER BY position) AS total FROM events
        WHERE position > $1 AND position <= $2
      ) AS sizes
      """, [.integer(cursor), .integer(end), .integer(Int64(byteLimit))])
    guard let first = try row?.optionalInteger("first_position") else {
      // Retention has removed them.
      return RelayPage(through: end, byteCount: 0)
    }
    return RelayPage(
      through: try row?.optionalInteger("last_position") ?? first, byteCount: byteLimit)
  }
}
