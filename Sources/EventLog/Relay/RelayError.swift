/// Why a relay must not go on: trying again changes nothing before somebody has looked, or
/// another relay has its place.
package enum RelayError: Error, Sendable, Equatable {
  /// The configured restore epoch is not the database's.
  case epochMismatch(configured: Int64, database: Int64)
  /// A partition holds events of this history that the database doesn't have.
  case databaseIsBehind(
    topic: String, partition: Int32, tail: RelayPosition, database: RelayPosition)
  /// A partition ends with another event than the one that the database has at that position.
  case historiesDiffer(topic: String, partition: Int32, position: Int64)
  /// A topic has another number of partitions than when its first event was sent.
  case partitionsChanged(topic: String, recorded: Int32, found: Int32)
  /// The cursor lies beyond the log's end.
  case cursorAhead(cursor: Int64, last: Int64)
  /// Another relay has moved the cursor, or a restore has begun another epoch.
  case cursorMoved(expected: Int64)
  /// No topic takes events of that type.
  case unroutable(type: String, position: Int64)
  /// The lease on relaying was lost; another relay may hold it.
  case leaseLost(String)
  /// The brokers have let another producer take this one's place.
  case fenced(String)
}

extension RelayError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .epochMismatch(let configured, let database):
      """
      the configured restore_epoch is \(configured) and the database's is \(database): they must \
      be equal, and a restore begins a new one in both
      """
    case .databaseIsBehind(let topic, let partition, let tail, let database):
      """
      partition \(partition) of \(topic) ends with event \(tail.position) of restore epoch \
      \(tail.epoch), but the database ends with event \(database.position) of restore epoch \
      \(database.epoch): it was restored from an older backup. Going on would give sent \
      positions to other events and hand out addresses again. Restore it with payctl, which \
      begins a new restore_epoch, and configure that one
      """
    case .historiesDiffer(let topic, let partition, let position):
      """
      partition \(partition) of \(topic) has another event at position \(position) than the \
      database: it was restored from an older backup and went on under the same restore_epoch. \
      Restore it with payctl, which begins a new restore_epoch, and configure that one
      """
    case .partitionsChanged(let topic, let recorded, let found):
      """
      \(topic) has \(found) partitions and had \(recorded) when the relay first sent to it: the \
      events of one key would go on in another partition and lose their order. Give the topic \
      \(recorded) partitions, or move its events to a new topic
      """
    case .cursorAhead(let cursor, let last):
      "the relay's cursor is \(cursor), but the log ends with event \(last)"
    case .cursorMoved(let expected):
      "the relay's cursor is no longer \(expected): another relay works on this database"
    case .unroutable(let type, let position):
      "no topic takes event \(position) of type \(type)"
    case .leaseLost(let reason): "the relay's lease is lost: \(reason)"
    case .fenced(let reason): "another relay has taken over at the brokers: \(reason)"
    }
  }
}
