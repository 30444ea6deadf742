import Bytes
import ChainTypes
import Digests
import EventLog

/// Logs made of numbers, for plans.
enum RelayEvents {
  static let types = ["payment.paid", "chain.reorged", "refund.final"]

  /// Events 1 to `count`, of `keys` subjects in turn.
  static func log(_ count: Int, keys: Int = 5) -> [PositionedEvent] {
    (0..<count).map { number in
      PositionedEvent(
        position: Int64(number) + 1,
        event: CloudEvent(
          id: SHA256.hash(Array("a\(number)".utf8)), type: types[number % keys % types.count],
          subject: "s\(number % keys)", sequence: Int64(number / keys) + 1, tenant: nil,
          time: Timestamp(seconds: 1_800_000_000), data: "{}"))
    }
  }

  static func partitions(_ count: Int32) -> [EventTopic: Int32] {
    Dictionary(uniqueKeysWithValues: EventTopic.allCases.map { ($0, count) })
  }

  static func tail(_ position: Int64, epoch: Int64 = 0, id: Hash32? = nil) -> RelayTail {
    RelayTail(place: RelayPosition(epoch: epoch, position: position), eventID: id)
  }

  static func record(
    cursor: Int64 = 0, last: Int64, epoch: Int64 = 0, bases: [Int64: Int64] = [0: 0],
    partitions: [EventTopic: Int32] = [:], ids: [Int64: Hash32] = [:]
  ) -> RelayRecord {
    RelayRecord(
      cursor: cursor, last: last, history: RelayHistory(epoch: epoch, bases: bases),
      partitions: partitions, ids: ids)
  }
}

extension RelayPlan {
  /// What it has yet to send of these.
  func batch(of events: [PositionedEvent]) throws -> RelayBatch {
    var batch = RelayBatch(epoch: epoch)
    for event in events { try add(event.event, at: event.position, to: &batch) }
    return batch
  }
}
