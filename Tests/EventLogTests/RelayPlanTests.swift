import Bytes
import Testing

@testable import EventLog

@Suite("What the relay has yet to send")
struct RelayPlanTests {
  @Test("what lies at or before the cursor or its partition's end is left out")
  func leavesOut() throws {
    let log = RelayEvents.log(10, keys: 1)
    let partition = KeyPartitioner.partition(ofKey: "s0".utf8, among: 3)
    func sent(cursor: Int64, tail: Int64?) throws -> [Int64] {
      var state = SinkState(partitions: RelayEvents.partitions(3), tails: [:])
      if let tail {
        state.tails[TopicPartition(.payment, partition)] = RelayEvents.tail(tail)
        state.tails[TopicPartition(.chain, partition)] = RelayEvents.tail(10)
      }
      let plan = try RelayPlan(RelayEvents.record(cursor: cursor, last: 10), at: state, epoch: 0)
      return try plan.batch(of: log).messages.map(\.position)
    }
    #expect(try sent(cursor: 0, tail: nil) == Array(1...10))
    #expect(try sent(cursor: 4, tail: nil) == Array(5...10))
    #expect(try sent(cursor: 4, tail: 3) == Array(5...10))
    #expect(try sent(cursor: 4, tail: 7) == Array(8...10))
    #expect(try sent(cursor: 0, tail: 10) == [])
    #expect(try sent(cursor: 10, tail: nil) == [])
  }

  @Test("whatever partitions hold already, what is sent completes them")
  func randomised() throws {
    for seed in UInt64(1)...200 {
      var random = SplitMix64(seed: seed)
      let log = RelayEvents.log(Int(random.next() % 120) + 1, keys: Int(random.next() % 9) + 1)
      let count = Int32(random.next() % 4) + 1
      // The model: each partition is the list of its events, a part of which is there already.
      var whole: [TopicPartition: [PositionedEvent]] = [:]
      for event in log {
        let topic = try #require(EventTopic(eventType: event.event.type))
        let partition = KeyPartitioner.partition(
          ofKey: event.event.subject.utf8, among: count)
        whole[TopicPartition(topic, partition), default: []].append(event)
      }
      var there: [TopicPartition: [Int64]] = [:]
      var firstMissing = Int64(log.count) + 1
      for (place, events) in whole {
        let cut = Int(random.next() % UInt64(events.count + 1))
        there[place] = events.prefix(cut).map(\.position)
        if cut < events.count { firstMissing = min(firstMissing, events[cut].position) }
      }
      // The cursor may be anywhere before the first event that is missing.
      let cursor = Int64(random.next() % UInt64(firstMissing))
      var state = SinkState(partitions: RelayEvents.partitions(count), tails: [:])
      for (place, positions) in there {
        if let last = positions.last {
          state.tails[place] = RelayEvents.tail(last, id: log[Int(last) - 1].event.id)
        }
      }
      let ids = Dictionary(uniqueKeysWithValues: log.map { ($0.position, $0.event.id) })
      let plan = try RelayPlan(
        RelayEvents.record(cursor: cursor, last: Int64(log.count), ids: ids), at: state, epoch: 0)
      let batch = try plan.batch(of: log.filter { $0.position > cursor })
      for message in batch.messages {
        there[message.destination, default: []].append(message.position)
      }
      let expected = whole.mapValues { $0.map(\.position) }
      #expect(there.filter { !$0.value.isEmpty } == expected, "seed \(seed)")
    }
  }

  @Test("a message has its subject as key and its event's JSON as value")
  func bytes() throws {
    let log = RelayEvents.log(3)
    var batch = RelayBatch(epoch: 0)
    for event in log {
      batch.append(event.event, at: event.position, to: TopicPartition(.chain, 1))
    }
    #expect(batch.messages.map(\.position) == [1, 2, 3])
    for (event, message) in zip(log, batch.messages) {
      #expect(String(decoding: batch.bytes[message.key], as: UTF8.self) == event.event.subject)
      #expect(String(decoding: batch.bytes[message.value], as: UTF8.self) == event.event.json)
    }
  }

  @Test("whatever order rows come in, messages are sent in that of their positions")
  func order() throws {
    var random = SplitMix64(seed: 1)
    let log = RelayEvents.log(50, keys: 3)
    let state = SinkState(partitions: RelayEvents.partitions(2), tails: [:])
    let plan = try RelayPlan(RelayEvents.record(last: 50), at: state, epoch: 0)
    for events in [log, log.reversed(), log.shuffled(using: &random)] {
      var batch = try plan.batch(of: events)
      batch.sort()
      #expect(batch.messages.map(\.position) == Array(1...50))
      for (event, message) in zip(log, batch.messages) {
        #expect(String(decoding: batch.bytes[message.value], as: UTF8.self) == event.event.json)
      }
    }
  }

  @Test("an event that no topic takes stops the relay rather than being left out")
  func unroutable() throws {
    let state = SinkState(partitions: [.payment: 2], tails: [:])
    let plan = try RelayPlan(RelayEvents.record(last: 9), at: state, epoch: 0)
    let log = RelayEvents.log(2)
    #expect(throws: RelayError.unroutable(type: "chain.reorged", position: 2)) {
      try plan.batch(of: log)
    }
  }

  @Test("a changed number of partitions is refused, a new topic isn't")
  func partitions() throws {
    let state = SinkState(partitions: RelayEvents.partitions(3), tails: [:])
    _ = try RelayPlan(
      RelayEvents.record(last: 0, partitions: [.payment: 3]), at: state, epoch: 0)
    for recorded: Int32 in [2, 4] {
      let error = RelayError.partitionsChanged(
        topic: "payment-events", recorded: recorded, found: 3)
      #expect(throws: error) {
        try RelayPlan(
          RelayEvents.record(last: 0, partitions: [.payment: recorded]), at: state, epoch: 0)
      }
      #expect(error.description.contains("order"))
    }
  }

  @Test("a cursor beyond the log's end is refused")
  func cursorAhead() {
    let state = SinkState(partitions: RelayEvents.partitions(1), tails: [:])
    #expect(throws: RelayError.cursorAhead(cursor: 6, last: 5)) {
      try RelayPlan(RelayEvents.record(cursor: 6, last: 5), at: state, epoch: 0)
    }
  }
}
