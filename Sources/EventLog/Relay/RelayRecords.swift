internal import Bytes
internal import ChainTypes
package import Database

/// What the database knows of the relay's work.
package enum RelayRecords {
  /// The record with which a relay starts; `positions` are those of the partitions' last events.
  package static func read(
    idsAt positions: Set<Int64>, in connection: any SQLConnection
  ) throws -> RelayRecord {
    let cursor = try cursor(in: connection)
    // A database that no process has prepared is in the epoch that configurations begin with.
    let epoch = try RestoreEpochs.current(in: connection) ?? 0
    let bases = try RestoreEpochs.bases(in: connection).merging([epoch: 0]) { known, _ in known }
    var partitions: [EventTopic: Int32] = [:]
    for row in try connection.query("SELECT topic, partitions FROM relay_partitions", []) {
      // A topic of an older or a newer program is none of ours.
      guard let topic = EventTopic(name: try row.text("topic")) else { continue }
      partitions[topic] = Int32(clamping: try row.integer("partitions"))
    }
    return RelayRecord(
      cursor: cursor, last: try EventLog.lastPosition(in: connection),
      history: RelayHistory(epoch: epoch, bases: bases), partitions: partitions,
      ids: try ids(at: positions, in: connection))
  }

  /// Throws a `RelayError` unless the database is the one from which the brokers' events come, in
  /// this epoch, and not behind them. `state` was looked at before.
  package static func check(
    _ state: SinkState, epoch: Int64, in connection: any SQLConnection
  ) throws {
    let positions = Set(state.tails.values.map(\.place.position))
    _ = try RelayPlan(read(idsAt: positions, in: connection), at: state, epoch: epoch)
  }

  private static func ids(
    at positions: Set<Int64>, in connection: any SQLConnection
  ) throws -> [Int64: Hash32] {
    var ids: [Int64: Hash32] = [:]
    for position in positions {
      let row = try connection.queryFirst(
        "SELECT id FROM events WHERE position = $1", [.integer(position)])
      if let row, let id = Hash32(try row.blob("id")) { ids[position] = id }
    }
    return ids
  }

  private static func cursor(in connection: any SQLConnection) throws -> Int64 {
    let row = try connection.queryFirst("SELECT position FROM relay_cursor WHERE singleton = 1")
    return try row?.integer("position") ?? 0
  }

  /// Keeps the partition counts of topics that are new.
  static func record(
    _ partitions: [EventTopic: Int32], in connection: any SQLConnection
  ) throws {
    for (topic, count) in partitions.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      try connection.execute(
        """
        INSERT INTO relay_partitions (topic, partitions) VALUES ($1, $2)
        ON CONFLICT (topic) DO NOTHING
        """, [.text(topic.name), .integer(Int64(count))])
    }
  }

  /// Moves the cursor on, unless somebody else has moved it.
  static func advance(
    from old: Int64, to new: Int64, epoch: Int64, in connection: any SQLConnection
  ) throws {
    let count = try connection.execute(
      """
      UPDATE relay_cursor SET position = $1
      WHERE singleton = 1 AND position = $2
        AND COALESCE((SELECT MAX(epoch) FROM restore_epochs), 0) = $3
      """, [.integer(new), .integer(old), .integer(epoch)])
    guard count == 1 else { throw RelayError.cursorMoved(expected: old) }
  }

  /// What waits to be sent, for whoever asks: the relay's own process or another.
  package static func backlog(in connection: any SQLConnection) throws -> RelayBacklog {
    let cursor = try cursor(in: connection)
    let last = try EventLog.lastPosition(in: connection)
    let row = try connection.queryFirst(
      "SELECT time FROM events WHERE position > $1 ORDER BY position LIMIT 1", [.integer(cursor)])
    return RelayBacklog(
      cursor: cursor, last: last,
      oldest: try row.map { Timestamp(microseconds: try $0.integer("time")) })
  }
}
