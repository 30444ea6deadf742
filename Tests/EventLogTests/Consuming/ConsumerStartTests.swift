import Database
import Synchronization
import TestDatabases
import Testing

@testable import EventLog

@Suite("Where consumers begin, and several of them")
struct ConsumerStartTests {
  @Test("a consumer from now takes a subject up where it stands, also after a restart")
  func fromNow() async throws {
    let scene = try await ConsumerScene()
    scene.publish("a", 1, 2)
    // Opening decides the place; what is published before the first batch counts already.
    #expect(try await scene.consumer(start: .now).step(waiting: .zero)?.isEmpty == true)
    scene.publish("a", 3, 4)
    scene.publish("b", 1)
    try await scene.consumer(start: .now).drain()
    #expect(try await scene.sequences(of: "a") == [3, 4])
    #expect(try await scene.sequences(of: "b") == [1])
    scene.publish("a", 6)
    let outcome = try await scene.consumer(start: .now).drain()
    #expect(outcome.notices == [.gap(subject: "a", expected: 5, found: 6)])
  }

  @Test("where a consumer begins can't be changed under it")
  func startChanged() async throws {
    let scene = try await ConsumerScene()
    try await scene.consumer(start: .now).drain()
    await #expect(throws: ConsumerError.startChanged(consumer: "orders", stored: .now)) {
      try await scene.consumer(start: .beginning).drain()
    }
  }

  @Test("a replay repeats nothing and catches up on what was never seen")
  func replay() async throws {
    let scene = try await ConsumerScene()
    scene.publish("a", 1, 2, 3)
    let consumer = try scene.consumer()
    try await consumer.drain()
    // The running instance finds its places moved, and follows.
    try await scene.database.write { try Inbox.replay("orders", from: nil, in: $0) }
    scene.publish("a", 4)
    await #expect(throws: ConsumerError.self) { try await consumer.drain() }
    let outcome = try await consumer.drain()
    #expect(outcome.duplicates == 3)
    #expect(try await scene.sequences(of: "a") == [1, 2, 3, 4])
  }

  @Test("a cleared consumer, and one of another name, handle everything anew")
  func rebuild() async throws {
    let scene = try await ConsumerScene()
    scene.publish("a", 1, 2)
    scene.publish("b", 1)
    try await scene.consumer().drain()
    try await scene.consumer("claims").drain()
    #expect(try await scene.effects(by: "claims").count == 3)
    try await scene.database.write { connection in
      try Inbox.clear("orders", in: connection)
      try connection.execute("DELETE FROM effects WHERE consumer = 'orders'")
    }
    try await scene.consumer().drain()
    #expect(try await scene.effects().count == 3)
    #expect(try await scene.effects(by: "claims").count == 3)
    let states = try await scene.database.read { try Inbox.consumers(in: $0) }
    #expect(states.map(\.name) == ["claims", "orders"])
    #expect(states.map(\.parked) == [0, 0])
    #expect(states.first?.places == scene.broker.ends)
  }

  @Test("two instances of one consumer share the work without repeating any")
  func instances() async throws {
    let scene = try await ConsumerScene()
    var options = ConsumerOptions()
    options.batchLimit = 5
    let consumers = try (0..<3).map { _ in try scene.consumer(options: options) }
    for sequence: Int64 in 1...30 {
      for subject in ["a", "b", "c", "d", "e"] { scene.publish(subject, sequence) }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for consumer in consumers { group.addTask { try await consumer.drain() } }
      try await group.waitForAll()
    }
    #expect(try await scene.effects().count == 150)
    for subject in ["a", "b", "c", "d", "e"] {
      #expect(try await scene.sequences(of: subject) == Array(1...30))
    }
  }

  @Test("an instance whose lease is lost changes nothing")
  func leaseLost() async throws {
    struct Lost: Error {}
    let scene = try await ConsumerScene()
    scene.publish("a", 1)
    let held = Switch()
    let consumer = try scene.consumer(check: { _ in if held.value == 0 { throw Lost() } })
    await #expect(throws: Lost.self) { try await consumer.drain() }
    #expect(try await scene.database.read { try Inbox.consumers(in: $0) }.isEmpty)
    held.value = 1
    try await consumer.drain()
    scene.publish("a", 2)
    held.value = 0
    await #expect(throws: Lost.self) { try await consumer.drain() }
    #expect(try await scene.sequences(of: "a") == [1])
  }

  @Test("a consumer with too much parked stands where it is, and goes on once there is room")
  func tooMuchParked() async throws {
    let scene = try await ConsumerScene()
    var options = ConsumerOptions()
    options.parkedLimit = 3
    options.batchLimit = 2
    let consumer = try scene.consumer(options: options)
    scene.publish("a", 2, 3, 4, 5, 6)
    await #expect(
      throws: ConsumerError.tooMuchParked(
        consumer: "orders", messages: 3, bytes: scene.parkedBytes(of: 2...4))
    ) { try await consumer.drain() }
    let now = scene.now
    try await scene.database.write {
      try Inbox.acceptGap(of: "a", by: "orders", now: now, in: $0)
    }
    try await consumer.drain()
    #expect(try await scene.sequences(of: "a") == [2, 3, 4, 5, 6])
  }

  @Test("only what is next can be skipped, and only what is parked")
  func skipping() async throws {
    let scene = try await ConsumerScene()
    let consumer = try scene.consumer()
    scene.troubles.withLock { $0["a#1"] = true }
    scene.publish("a", 1, 2)
    try await consumer.drain()
    let parked = try await scene.parked().map(\.place)
    try #require(parked.count == 2)
    await #expect(throws: ConsumerError.self) { try await scene.skip(parked[1]) }
    try await scene.skip(parked[0])
    await #expect(throws: ConsumerError.notParked(parked[0])) { try await scene.skip(parked[0]) }
    try await consumer.drain()
    #expect(try await scene.sequences(of: "a") == [2])
    let now = scene.now
    await #expect(throws: ConsumerError.unknownConsumer("nobody")) {
      try await scene.database.write {
        try Inbox.skip(parked[0], by: "nobody", decidedBy: "ada", now: now, in: $0)
      }
    }
  }

  @Test("a consumer needs a name that fits")
  func names() async throws {
    let scene = try await ConsumerScene()
    #expect(throws: ConsumerError.invalidName(bytes: 0)) { try scene.consumer("") }
    let long = String(repeating: "x", count: 129)
    #expect(throws: ConsumerError.invalidName(bytes: 129)) { try scene.consumer(long) }
  }
}

extension ConsumerScene {
  /// The bytes of the events with those numbers.
  fileprivate func parkedBytes(of sequences: ClosedRange<Int64>) -> Int64 {
    sequences.reduce(0) { $0 + Int64(Self.event("a", $1).json.utf8.count) }
  }
}
