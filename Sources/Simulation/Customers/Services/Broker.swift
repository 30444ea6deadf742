internal import Bytes
internal import EventLog
internal import Synchronization

/// What a broker makes of the log for one consumer: partitions by subject, in which each event
/// comes once at least, perhaps again, late, or before those that it follows. It outlives the
/// processes that read it.
final class Broker: Sendable {
  private struct State {
    var partitions: [[ReceivedMessage]]
    /// What is on its way, with the turn at which it arrives.
    var underWay: [(turn: Int, event: CloudEvent)] = []
    var turn = 0
    /// By when the last event of each subject arrives at the earliest, where order is kept.
    var arrivals: [String: Int] = [:]
  }

  private let topic: EventTopic
  /// Whether no event of a subject comes before those that it follows.
  private let keepsOrder: Bool
  private let state: Mutex<State>

  init(_ topic: EventTopic, keepsOrder: Bool = false, partitions: Int = 3) {
    self.topic = topic
    self.keepsOrder = keepsOrder
    state = Mutex(State(partitions: Array(repeating: [], count: partitions)))
  }

  /// Takes what the log holds further, and lets arrive what is due.
  ///
  /// - Parameter isOrderly: from now on nothing is late or comes twice, and all arrives
  func take(_ events: [CloudEvent], isOrderly: Bool, _ random: inout SplitMix64) {
    let wanted = events.filter { EventTopic(eventType: $0.type) == topic }
    // Drawn outside, so that a life replays.
    let delays = wanted.map { _ in Self.delays(isOrderly: isOrderly, &random) }
    state.withLock { state in
      state.turn += 1
      for (event, delays) in zip(wanted, delays) {
        let floor = keepsOrder ? state.arrivals[event.subject] ?? 0 : 0
        let turns = delays.map { max(state.turn + $0, floor) }
        if keepsOrder { state.arrivals[event.subject] = turns.min() }
        for turn in turns { state.underWay.append((turn, event)) }
      }
      let due = state.underWay.filter { isOrderly || $0.turn <= state.turn }
      state.underWay.removeAll { isOrderly || $0.turn <= state.turn }
      for (_, event) in due { append(event, to: &state) }
    }
  }

  private static func delays(isOrderly: Bool, _ random: inout SplitMix64) -> [Int] {
    guard !isOrderly else { return [0] }
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<13: return [0]
    case 13..<16: return [Int.random(in: 1...12, using: &random)]
    case 16..<19: return [0, Int.random(in: 0...60, using: &random)]
    default: return [Int.random(in: 1...20, using: &random), 3, 40]
    }
  }

  private func append(_ event: CloudEvent, to state: inout State) {
    let place = event.subject.utf8.reduce(UInt64(7)) { ($0 &* 31) &+ UInt64($1) }
    let number = Int(place % UInt64(state.partitions.count))
    state.partitions[number].append(
      ReceivedMessage(
        place: EventPlace(partition(number), Int64(state.partitions[number].count)),
        key: Array(event.subject.utf8), value: Array(event.json.utf8)))
  }

  private func partition(_ number: Int) -> EventPartition {
    EventPartition(topic: topic.name, number: Int32(number))
  }

  fileprivate var all: [EventPartition] {
    state.withLock { state in state.partitions.indices.map { partition($0) } }
  }

  fileprivate func has(_ partition: EventPartition) -> Bool { partition.topic == topic.name }

  fileprivate func messages(of partition: EventPartition, from: Int64) -> [ReceivedMessage] {
    state.withLock { Array($0.partitions[Int(partition.number)].dropFirst(Int(from))) }
  }
}

/// Brokers as one consumer of one process reads them.
actor BrokerSource: EventSource {
  private let brokers: [Broker]
  private var places: [EventPartition: Int64] = [:]

  init(_ brokers: [Broker]) { self.brokers = brokers }

  func open(
    at places: [EventPartition: Int64], otherwise start: ConsumerStart
  ) -> [EventPartition: Int64] {
    let all = brokers.flatMap(\.all)
    self.places = Dictionary(all.map { ($0, places[$0] ?? 0) }) { first, _ in first }
    return self.places
  }

  func next(limit: Int, waiting: Duration) -> EventBatch? {
    var messages: [ReceivedMessage] = []
    var next: [EventPartition: Int64] = [:]
    for (partition, place) in places.sorted(by: { $0.key < $1.key }) where messages.count < limit {
      let broker = brokers.first { $0.has(partition) }
      let found = (broker?.messages(of: partition, from: place) ?? [])
        .prefix(limit - messages.count)
      guard !found.isEmpty else { continue }
      messages += found
      next[partition] = place + Int64(found.count)
    }
    places.merge(next) { _, new in new }
    return EventBatch(messages: messages, next: next)
  }
}
