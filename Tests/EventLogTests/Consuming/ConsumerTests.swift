import Database
import Synchronization
import TestDatabases
import Testing

@testable import EventLog

@Suite("Consumers")
struct ConsumerTests {
  @Test("each event has one effect, in its subject's order, and a second run repeats nothing")
  func once() async throws {
    let scene = try await ConsumerScene()
    for sequence: Int64 in 1...20 {
      for subject in ["a", "b", "c", "d"] { scene.publish(subject, sequence) }
    }
    var options = ConsumerOptions()
    options.batchLimit = 7
    let outcome = try await scene.consumer(options: options).drain()
    #expect(outcome.handled == 80)
    #expect(outcome.notices.isEmpty)
    for subject in ["a", "b", "c", "d"] {
      #expect(try await scene.sequences(of: subject) == Array(1...20))
    }
    #expect(try await scene.consumer().drain().isEmpty)
    #expect(try await scene.effects().count == 80)
  }

  @Test("a message that comes again is passed over without a word")
  func duplicates() async throws {
    let scene = try await ConsumerScene()
    scene.publish("a", 1, 1, 2, 1, 2, 3)
    let outcome = try await scene.consumer().drain()
    #expect(outcome.handled == 3)
    #expect(outcome.duplicates == 3)
    #expect(outcome.notices.isEmpty)
    #expect(try await scene.sequences(of: "a") == [1, 2, 3])
  }

  @Test("what comes too early waits for what is missing, and others don't wait for it")
  func gap() async throws {
    let scene = try await ConsumerScene()
    let consumer = try scene.consumer()
    scene.publish("a", 1, 4, 3)
    scene.publish("b", 1, 2)
    let outcome = try await consumer.drain()
    #expect(outcome.notices == [.gap(subject: "a", expected: 2, found: 4)])
    #expect(try await scene.sequences(of: "a") == [1])
    #expect(try await scene.sequences(of: "b") == [1, 2])
    #expect(try await scene.parkedTexts() == ["a#3 gap", "a#4 gap"])
    scene.publish("a", 2)
    #expect(try await consumer.drain().notices == [.resumed(subject: "a")])
    #expect(try await scene.sequences(of: "a") == [1, 2, 3, 4])
    #expect(try await scene.parked().isEmpty)
  }

  @Test("what never comes can be given up by an operator")
  func acceptedGap() async throws {
    let scene = try await ConsumerScene()
    let consumer = try scene.consumer()
    scene.publish("a", 1, 4, 5)
    try await consumer.drain()
    let now = scene.now
    let missing = try await scene.database.write {
      try Inbox.acceptGap(of: "a", by: "orders", now: now, in: $0)
    }
    #expect(missing == 2...3)
    try await consumer.drain()
    #expect(try await scene.sequences(of: "a") == [1, 4, 5])
    await #expect(throws: ConsumerError.noGap(subject: "a")) {
      try await scene.database.write {
        try Inbox.acceptGap(of: "a", by: "orders", now: now, in: $0)
      }
    }
  }

  @Test("a second history of a subject raises the alarm and stops that subject alone")
  func fork() async throws {
    let scene = try await ConsumerScene()
    let consumer = try scene.consumer()
    scene.publish("a", 1, 2)
    scene.publish("a", 2, fact: "another")
    scene.publish("a", 3)
    scene.publish("b", 1)
    let outcome = try await consumer.drain()
    #expect(
      outcome.notices == [
        .fork(
          subject: "a", sequence: 2, known: ConsumerScene.event("a", 2).id,
          found: ConsumerScene.event("a", 2, fact: "another").id)
      ])
    #expect(try await scene.sequences(of: "a") == [1, 2])
    #expect(try await scene.sequences(of: "b") == [1])
    #expect(try await scene.parkedTexts() == ["a#2 fork", "a#3 behind"])
    try await scene.skip("a", 2)
    #expect(try await consumer.drain().notices == [.resumed(subject: "a")])
    #expect(try await scene.sequences(of: "a") == [1, 2, 3])
    // The decision holds when the same message comes by again.
    try await scene.database.write { try Inbox.replay("orders", from: nil, in: $0) }
    #expect(try await scene.consumer().drain().notices.isEmpty)
    #expect(try await scene.effects().count == 4)
  }

  @Test("bytes that are no event stop their key's subject until an operator decides")
  func malformed() async throws {
    let scene = try await ConsumerScene()
    let consumer = try scene.consumer()
    scene.publish("a", 1)
    let place = scene.broker.publish(Array("{}".utf8), key: "a")
    scene.publish("a", 2)
    scene.publish("b", 1)
    let nowhere = scene.broker.publish([0xff, 0x00], key: nil)
    let outcome = try await consumer.drain()
    #expect(outcome.notices.count == 2)
    #expect(try await scene.sequences(of: "a") == [1])
    #expect(try await scene.sequences(of: "b") == [1])
    #expect(
      try await scene.parkedTexts() == ["-#- malformed", "a#- malformed", "a#2 behind"])
    let kept = try await scene.database.read {
      try Inbox.parkedMessage(by: "orders", at: nowhere, in: $0)
    }
    #expect(kept?.message == [0xff, 0x00])
    #expect(kept?.detail.isEmpty == false)
    // Handled again it is no better.
    try await scene.retry(place)
    try await consumer.drain()
    #expect(try await scene.sequences(of: "a") == [1])
    try await scene.skip(place)
    try await scene.skip(nowhere)
    try await consumer.drain()
    #expect(try await scene.sequences(of: "a") == [1, 2])
    #expect(try await scene.parked().isEmpty)
  }

  @Test("a key that isn't the subject, and a message longer than any event, are no events")
  func misdirected() async throws {
    let scene = try await ConsumerScene()
    scene.broker.publish(Array(ConsumerScene.event("a", 1).json.utf8), key: "b")
    let long = [UInt8](repeating: 0x20, count: CloudEvent.maximumBytes + 1)
    let place = scene.broker.publish(long, key: "c")
    scene.publish("b", 1)
    try await scene.consumer().drain()
    #expect(try await scene.effects().map(\.description) == ["b#1"])
    #expect(try await scene.parkedTexts() == ["a#- malformed", "c#- malformed"])
    let kept = try await scene.database.read {
      try Inbox.parkedMessage(by: "orders", at: place, in: $0)
    }
    #expect(kept?.message.count == ParkedMessage.keptBytesOfTooLong)
    #expect(kept?.messageBytes == long.count)
    await #expect(throws: ConsumerError.messageCut(place)) { try await scene.retry(place) }
  }

  @Test("an event that the handler refuses is parked with its reason and leaves no effect")
  func refused() async throws {
    let scene = try await ConsumerScene()
    let consumer = try scene.consumer()
    scene.troubles.withLock { $0["a#2"] = true }
    scene.publish("a", 1, 2, 3)
    scene.publish("b", 1)
    let outcome = try await consumer.drain()
    #expect(outcome.notices.count == 1)
    #expect(try await scene.sequences(of: "a") == [1])
    #expect(try await scene.sequences(of: "b") == [1])
    #expect(try await scene.parkedTexts() == ["a#2 refused", "a#3 behind"])
    #expect(try await scene.parked().first?.detail == "not for us")
    scene.troubles.withLock { $0 = [:] }
    // Nothing happens to it until someone says so.
    scene.pass(seconds: 1_000_000)
    #expect(try await consumer.drain().isEmpty)
    let place = try #require(try await scene.parked().first?.place)
    try await scene.retry(place)
    try await consumer.drain()
    #expect(try await scene.sequences(of: "a") == [1, 2, 3])
  }

  @Test("an event on which the handler fails is tried again, each time later, and then parked")
  func failing() async throws {
    let scene = try await ConsumerScene()
    let consumer = try scene.consumer()
    scene.troubles.withLock { $0["a#1"] = false }
    scene.publish("a", 1, 2)
    scene.publish("b", 1)
    try await consumer.drain()
    #expect(try await scene.effects().map(\.description) == ["b#1"])
    for (attempts, pause) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
      #expect(try await scene.parkedTexts() == ["a#1 retrying", "a#2 behind"])
      #expect(try await scene.parked().first?.attempts == attempts)
      scene.pass(seconds: Int64(pause) - 1)
      #expect(try await consumer.drain().isEmpty)
      scene.pass(seconds: 1)
      #expect(try await consumer.drain().parked == 1)
    }
    #expect(try await scene.parkedTexts() == ["a#1 failed", "a#2 behind"])
    scene.pass(seconds: 1_000_000)
    #expect(try await consumer.drain().isEmpty)
    scene.troubles.withLock { $0 = [:] }
    let place = try #require(try await scene.parked().first?.place)
    try await scene.retry(place)
    try await consumer.drain()
    #expect(try await scene.sequences(of: "a") == [1, 2])
  }

  @Test("any number of failing events in a batch cost the others nothing")
  func isolation() async throws {
    let scene = try await ConsumerScene()
    for number in 0..<60 {
      scene.publish("s\(number)", 1, 2)
      if number % 3 == 0 { scene.troubles.withLock { $0["s\(number)#1"] = number % 2 == 0 } }
    }
    try await scene.consumer().drain()
    for number in 0..<60 {
      let expected: [Int64] = number % 3 == 0 ? [] : [1, 2]
      #expect(try await scene.sequences(of: "s\(number)") == expected)
    }
    #expect(try await scene.parked().count == 40)
  }

  @Test("an event in a version that the program doesn't know waits for one that does")
  func unsupported() async throws {
    let scene = try await ConsumerScene()
    let types: Set = ["payment.paid"]
    scene.publish("a", 1)
    scene.broker.publish(ConsumerScene.event("a", 2, type: "payment.settled"))
    let place = scene.broker.publish(ConsumerScene.event("a", 3, type: "payment.paid.v2"))
    scene.publish("a", 4)
    let outcome = try await scene.consumer(interest: EventInterest(types: types)).drain()
    #expect(outcome.passedOver == 1)
    #expect(try await scene.sequences(of: "a") == [1])
    #expect(try await scene.parkedTexts() == ["a#3 unsupported", "a#4 behind"])
    try await scene.retry(place)
    let newer = EventInterest(types: types.union(["payment.paid.v2"]))
    try await scene.consumer(interest: newer).drain()
    #expect(try await scene.sequences(of: "a") == [1, 3, 4])
  }
}

extension ConsumerScene {
  func retry(_ place: EventPlace) async throws {
    let now = now
    try await database.write { try Inbox.retry(place, by: "orders", now: now, in: $0) }
  }

  func skip(_ place: EventPlace) async throws {
    let now = now
    try await database.write {
      try Inbox.skip(place, by: "orders", decidedBy: "ada", now: now, in: $0)
    }
  }

  /// Skips the parked message of that number.
  func skip(_ subject: String, _ sequence: Int64) async throws {
    for message in try await parked()
    where message.subject == subject && message.sequence == sequence {
      try await skip(message.place)
    }
  }
}
