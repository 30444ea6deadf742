import EventLog
import Synchronization

/// A broker in memory: partitions of messages, as Kafka has them, in which tests put what they
/// like.
final class MemoryBroker: Sendable {
  static let topic = "payment-events"
  static let partitionCount: Int32 = 3

  private let state = Mutex<[EventPartition: [ReceivedMessage]]>([:])

  /// Appends a message to the partition of its key.
  @discardableResult
  func publish(_ value: [UInt8], key: String?) -> EventPlace {
    let sum = (key ?? "").utf8.reduce(0) { $0 &* 31 &+ Int32($1) }
    let partition = EventPartition(
      topic: Self.topic, number: (sum & 0x7fff_ffff) % Self.partitionCount)
    return state.withLock { state in
      let place = EventPlace(partition, Int64(state[partition]?.count ?? 0))
      state[partition, default: []].append(
        ReceivedMessage(
          place: place, key: key.map { Array($0.utf8) }, value: value, traceparent: "00-trace"))
      return place
    }
  }

  @discardableResult
  func publish(_ event: CloudEvent) -> EventPlace {
    publish(Array(event.json.utf8), key: event.subject)
  }

  var ends: [EventPartition: Int64] {
    state.withLock { state in
      var ends: [EventPartition: Int64] = [:]
      for number in 0..<Self.partitionCount {
        let partition = EventPartition(topic: Self.topic, number: number)
        ends[partition] = Int64(state[partition]?.count ?? 0)
      }
      return ends
    }
  }

  fileprivate func message(at place: EventPlace) -> ReceivedMessage? {
    state.withLock { state in
      let messages = state[place.partition] ?? []
      return messages.indices.contains(Int(place.offset)) ? messages[Int(place.offset)] : nil
    }
  }
}

/// Reads a `MemoryBroker` round robin, a message of each partition in turn.
actor MemorySource: EventSource {
  private let broker: MemoryBroker
  private var places: [EventPartition: Int64] = [:]

  init(_ broker: MemoryBroker) { self.broker = broker }

  func open(
    at places: [EventPartition: Int64], otherwise start: ConsumerStart
  ) -> [EventPartition: Int64] {
    let fresh = start == .now ? broker.ends : broker.ends.mapValues { _ in 0 }
    self.places = fresh.merging(places) { $1 }
    return self.places
  }

  func next(limit: Int, waiting: Duration) -> EventBatch? {
    var messages: [ReceivedMessage] = []
    var next: [EventPartition: Int64] = [:]
    var isMoving = true
    while isMoving, messages.count < limit {
      isMoving = false
      for (partition, offset) in places.sorted(by: { $0.key < $1.key })
      where messages.count < limit {
        guard let message = broker.message(at: EventPlace(partition, offset)) else { continue }
        messages.append(message)
        places[partition] = offset + 1
        next[partition] = offset + 1
        isMoving = true
      }
    }
    return EventBatch(messages: messages, next: next)
  }
}
