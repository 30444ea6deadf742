import Bytes
import Database
import Synchronization
import TestDatabases
import Testing

@testable import EventLog

@Suite("Consumers that die, and consumers that meet everything at once")
struct ConsumerFaultTests {
  /// Two subjects with a duplicate, a gap that closes, a refusal and what waits behind it.
  private func story() async throws -> ConsumerScene {
    let scene = try await ConsumerScene()
    scene.troubles.withLock { $0["b#2"] = true }
    scene.publish("a", 1, 3, 3, 4)
    scene.publish("b", 1, 2, 3)
    scene.publish("a", 2, 5)
    scene.broker.publish([0x7b], key: "c")
    scene.publish("c", 1)
    return scene
  }

  private var options: ConsumerOptions {
    var options = ConsumerOptions()
    options.batchLimit = 3
    return options
  }

  @Test(
    "a kill at any transaction, before, inside or after it, loses nothing and repeats nothing",
    arguments: FaultyDatabase.Point.allCases)
  func kills(point: FaultyDatabase.Point) async throws {
    let undisturbed = try await story()
    try await undisturbed.consumer(options: options).drain()
    let parked = try await undisturbed.parkedTexts()
    #expect(parked == ["b#2 refused", "b#3 behind", "c#- malformed", "c#1 behind"])
    var deaths = 0
    for transactions in 0... {
      let scene = try await story()
      let faulty = FaultyDatabase(scene.database, failing: point, after: transactions)
      do {
        try await scene.consumer(options: options, on: faulty).drain()
        // It had fewer transactions than that.
        #expect(deaths == transactions)
        break
      } catch is FaultyDatabase.Death {
        deaths += 1
      }
      // The next process.
      try await scene.consumer(options: options).drain()
      #expect(try await scene.sequences(of: "a") == [1, 2, 3, 4, 5])
      #expect(try await scene.sequences(of: "b") == [1])
      #expect(try await scene.parkedTexts() == parked)
    }
    #expect(deaths > 10)
  }

  @Test("the same instance goes on after an error of its database")
  func goesOn() async throws {
    for transactions in 0..<8 {
      let scene = try await story()
      let faulty = FaultyDatabase(scene.database, failing: .after, after: transactions)
      let consumer = try scene.consumer(options: options, on: faulty)
      await #expect(throws: FaultyDatabase.Death.self) { try await consumer.drain() }
      try await consumer.drain()
      #expect(try await scene.sequences(of: "a") == [1, 2, 3, 4, 5])
    }
  }

  private func isTimeout(_ error: any Error) -> Bool {
    if case DatabaseError.timedOut = error { true } else { false }
  }

  @Test(
    "an event whose statement always takes too long is parked in the end, and the others go on",
    arguments: [false, true])
  func slowForGood(isSubmitted: Bool) async throws {
    let scene = try await ConsumerScene()
    scene.publish("a", 1, 2, 3)
    scene.publish("b", 1, 2)
    scene.slow.withLock { $0["a#2"] = isSubmitted }
    var options = ConsumerOptions()
    options.attemptLimit = 3
    let consumer = try scene.consumer(options: options)
    for _ in 1...2 {
      await #expect {
        try await consumer.step(waiting: .zero)
      } throws: { isTimeout($0) }
      #expect(try await scene.sequences(of: "a") == [1])
      #expect(try await scene.parkedTexts().isEmpty, "it may have been the database")
    }
    try await consumer.drain()
    #expect(try await scene.sequences(of: "b") == [1, 2])
    #expect(try await scene.parkedTexts() == ["a#2 retrying", "a#3 behind"])
    #expect(try await scene.parked()[0].detail.contains("took too long"))
    for _ in 2...3 {
      scene.pass(seconds: options.maximumRetrySeconds)
      try await consumer.drain()
    }
    #expect(try await scene.parkedTexts() == ["a#2 failed", "a#3 behind"])
    #expect(try await scene.sequences(of: "a") == [1])
  }

  @Test("an event that took too long for a while is handled, and nothing is parked")
  func slowForAWhile() async throws {
    let scene = try await ConsumerScene()
    scene.publish("a", 1, 2, 3)
    scene.slow.withLock { $0["a#2"] = false }
    let consumer = try scene.consumer()
    for _ in 1..<ConsumerOptions().attemptLimit {
      await #expect {
        try await consumer.step(waiting: .zero)
      } throws: { isTimeout($0) }
    }
    scene.slow.withLock { $0 = [:] }
    try await consumer.drain()
    #expect(try await scene.sequences(of: "a") == [1, 2, 3])
    #expect(try await scene.parkedTexts().isEmpty)
  }

  @Test("random worlds of faults end with each event handled once, in order", arguments: 1...20)
  func random(seed: UInt64) async throws {
    var world = try await RandomDeliveries(seed: seed)
    try await world.live(steps: 60)
    try await world.heal()
    try await world.check(isComplete: true)
  }
}
