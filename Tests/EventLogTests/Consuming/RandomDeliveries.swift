import Bytes
import Database
import Synchronization
import TestDatabases
import Testing

@testable import EventLog

/// A consumer under a seed: messages come late, twice, in the wrong order, forged or as rubbish,
/// its handler fails, its process dies, and operators decide. The model is what was told: of each
/// subject the events 1, 2, 3, …, of which the effects must be a beginning.
struct RandomDeliveries {
  private var random: SplitMix64
  private let scene: ConsumerScene
  /// The true histories.
  private var told: [String: [CloudEvent]] = [:]
  /// What was told and isn't delivered yet.
  private var late: [CloudEvent] = []
  private var delivered: [CloudEvent] = []

  private static let subjects = ["a", "b", "c", "d", "e"]

  init(seed: UInt64) async throws {
    random = SplitMix64(seed: seed)
    scene = try await ConsumerScene()
  }

  mutating func live(steps: Int) async throws {
    for _ in 0..<steps {
      for _ in 0..<Int.random(in: 0...4, using: &random) { act() }
      try await consume()
      if chance(10) { try await decide() }
      if chance(20) {
        try await scene.database.write { try Inbox.replay("orders", from: nil, in: $0) }
      }
      scene.pass(seconds: Int64.random(in: 0...3, using: &random))
      try await check(isComplete: false)
    }
  }

  /// Everything is delivered, the handler takes all, and operators decide what is left.
  mutating func heal() async throws {
    for event in late { scene.broker.publish(event) }
    late = []
    scene.troubles.withLock { $0 = [:] }
    for _ in 0..<20 {
      scene.pass(seconds: 1_000)
      do { try await consumer(dying: false).drain() } catch is ConsumerError { continue }
      try await decide()
    }
    try await consumer(dying: false).drain()
    #expect(try await scene.parkedTexts().isEmpty)
  }

  /// What happened so far is a beginning of each subject's history, every event once.
  func check(isComplete: Bool) async throws {
    let effects = try await scene.effects()
    for (subject, events) in told {
      let ids = effects.filter { $0.subject == subject }.map(\.id)
      #expect(ids == events.prefix(ids.count).map(\.id))
      if isComplete { #expect(ids.count == events.count) }
    }
    #expect(
      effects.count
        == told.keys.reduce(0) { sum, key in
          sum + effects.count { $0.subject == key }
        })
  }

  private mutating func act() {
    let subject = Self.subjects.randomElement(using: &random) ?? "a"
    switch Int.random(in: 0..<12, using: &random) {
    case 0..<5:
      let event = ConsumerScene.event(subject, Int64(told[subject]?.count ?? 0) + 1)
      told[subject, default: []].append(event)
      if chance(4) { late.append(event) } else { deliver(event) }
    case 5, 6:
      if let index = late.indices.randomElement(using: &random) {
        deliver(late.remove(at: index))
      }
    case 7, 8:
      if let event = delivered.randomElement(using: &random) { deliver(event) }
    case 9:
      // A rival of what was delivered before it.
      if let event = delivered.randomElement(using: &random) {
        scene.broker.publish(
          ConsumerScene.event(event.subject, event.sequence, fact: "rival"))
      }
    case 10: scene.broker.publish(Array("{\"specversion\"".utf8), key: chance(2) ? subject : nil)
    default:
      let sequence = Int64(told[subject]?.count ?? 0) + Int64.random(in: 0...2, using: &random)
      let isForGood = chance(3)
      scene.troubles.withLock { $0["\(subject)#\(sequence)"] = isForGood }
      if chance(2) { scene.troubles.withLock { $0 = [:] } }
    }
  }

  private mutating func deliver(_ event: CloudEvent) {
    scene.broker.publish(event)
    delivered.append(event)
  }

  private mutating func consume() async throws {
    do {
      let consumer = try consumer(dying: chance(3))
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        try await consumer.step(waiting: .zero)
      }
    } catch is FaultyDatabase.Death {
    } catch is ConsumerError {
    }
  }

  private mutating func consumer(dying: Bool) throws -> Consumer<MemorySource> {
    var options = ConsumerOptions()
    options.batchLimit = Int.random(in: 1...9, using: &random)
    options.attemptLimit = Int.random(in: 1...3, using: &random)
    guard dying else { return try scene.consumer(options: options) }
    let point = FaultyDatabase.Point.allCases.randomElement(using: &random) ?? .after
    return try scene.consumer(
      options: options,
      on: FaultyDatabase(
        scene.database, failing: point, after: Int.random(in: 0...12, using: &random)))
  }

  /// An operator skips rivals and rubbish, and has everything else tried again.
  private func decide() async throws {
    for message in try await scene.parked() {
      switch message.reason {
      case .fork, .malformed: try await scene.skip(message.place)
      case .refused, .failed, .unsupported: try await scene.retry(message.place)
      case .retrying, .gap, .behind, .skipped: break
      }
    }
  }

  /// True once in `count` times.
  private mutating func chance(_ count: Int) -> Bool {
    Int.random(in: 0..<count, using: &random) == 0
  }
}
