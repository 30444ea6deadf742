package import ChainTypes
package import Database

/// Removes events that are old and that everyone has: only published ones, and always the oldest.
/// What they told stays in the tables of those whose events they were.
package enum EventRetention {
  /// How many rows a step removes at most, but for a whole partition.
  static let batch: Int64 = 1_000

  /// Removes events from before `time`, one step of them, and returns whether there may be more.
  /// Kept is what the relay or one of the log's own consumers hasn't had yet.
  ///
  /// - Parameter isRelayed: whether events are copied to Kafka at all
  package static func step(
    before time: Timestamp, isRelayed: Bool, in connection: any SQLConnection
  ) throws -> Bool {
    let row = try connection.queryFirst(
      "SELECT last_position, removed_through FROM event_positions WHERE singleton = 1"
        + connection.dialect.forUpdate)
    let removed = try row?.integer("removed_through") ?? 0
    // The last event stays, so that what is read behind it goes on from an event.
    var through = (try row?.integer("last_position") ?? 0) - 1
    if isRelayed { through = min(through, try RelayRecords.backlog(in: connection).cursor) }
    let places = try connection.queryFirst(
      "SELECT MIN(next) AS next FROM inbox_places WHERE source = $1",
      [.text(EventPartition.log.description)])
    if let next = try places?.optionalInteger("next") { through = min(through, next - 1) }
    guard through > removed else { return false }
    if connection.dialect == .postgreSQL,
      let end = try EventPartitions.oldest(in: connection), end <= through,
      try isWhollyOlder(through: end, than: time, in: connection)
    {
      try EventPartitions.drop(through: end, in: connection)
      try setRemoved(through: max(removed, end), in: connection)
      return true
    }
    let end = min(through, removed + batch)
    let next = try connection.queryFirst(
      """
      SELECT MIN(position) AS position FROM events
      WHERE position > $1 AND position <= $2 AND time >= $3
      """, [.integer(removed), .integer(end), .integer(time.microseconds)])
    let last = try next?.optionalInteger("position").map { $0 - 1 } ?? end
    guard last > removed else { return false }
    try connection.execute("DELETE FROM events WHERE position <= $1", [.integer(last)])
    try setRemoved(through: last, in: connection)
    return last == end && end < through
  }

  private static func isWhollyOlder(
    through end: Int64, than time: Timestamp, in connection: any SQLConnection
  ) throws -> Bool {
    // Asked first of the last one, at little cost: times go up with positions, nearly.
    for condition in ["position = $1", "position <= $1"] {
      let row = try connection.queryFirst(
        "SELECT MAX(time) AS last FROM events WHERE \(condition)", [.integer(end)])
      if let last = try row?.optionalInteger("last"), last >= time.microseconds { return false }
    }
    return true
  }

  private static func setRemoved(
    through position: Int64, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "UPDATE event_positions SET removed_through = $1 WHERE singleton = 1",
      [.integer(position)])
  }
}
