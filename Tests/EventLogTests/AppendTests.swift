import Bytes
import ChainTypes
import Database
import EventLog
import Testing

@Suite("Appending events")
struct AppendTests {
  @Test("each subject counts its events from 1 without gaps")
  func sequences() async throws {
    let database = try await EventFixtures.database()
    let appended = try await database.write { connection in
      try EventLog.append(
        ["a", "b", "a", "a", "b"].enumerated().map { index, subject in
          EventFixtures.draft("x.y", subject, fact: "\(index)")
        }, in: connection)
    }
    #expect(appended.map(\.sequence) == [1, 1, 2, 3, 2])
    let again = try await database.write {
      try EventLog.append([EventFixtures.draft("x.y", "b", fact: "5")], in: $0)
    }
    #expect(again.map(\.sequence) == [3])
    #expect(Set((appended + again).map(\.id)).count == 6)
  }

  @Test("grouped concurrent writes over interleaved subjects leave no gap, whoever fails")
  func concurrentSequences() async throws {
    struct Refusal: Error {}
    let database = try await EventFixtures.database()
    let appended = await withTaskGroup(of: Int.self) { group in
      for number in 0..<200 {
        group.addTask {
          let written: Void? = try? await database.groupedWrite { connection in
            try EventLog.append(
              [
                EventFixtures.draft("x.y", "subject-\(number % 7)", fact: "\(number)"),
                EventFixtures.draft("x.z", "subject-\(number % 5)", fact: "\(number)"),
              ], in: connection)
            // After its events, so that their numbers must come free again.
            if number % 4 == 3 { throw Refusal() }
          }
          return written == nil ? 0 : 2
        }
      }
      return await group.reduce(0, +)
    }
    #expect(appended == 300)
    var found = 0
    for subject in 0..<7 {
      let events = try await database.read {
        try EventLog.events(of: "subject-\(subject)", limit: 1_000, in: $0)
      }
      #expect(events.map(\.sequence) == (0..<events.count).map { Int64($0 + 1) })
      found += events.count
    }
    #expect(found == 300)
  }

  @Test("the same fact again at its own sequence changes nothing")
  func idempotent() async throws {
    let database = try await EventFixtures.database()
    let first = try await database.write { connection in
      try EventLog.append(
        [
          EventFixtures.draft("x.y", "a", fact: "1", expecting: 1),
          EventFixtures.draft("x.y", "a", fact: "2", expecting: 2),
        ], in: connection)
    }
    let replayed = try await database.write { connection in
      try EventLog.append(
        [
          EventFixtures.draft("x.y", "a", fact: "1", expecting: 1),
          EventFixtures.draft("x.y", "a", fact: "2", expecting: 2),
          EventFixtures.draft("x.y", "a", fact: "3", expecting: 3),
        ], in: connection)
    }
    #expect(replayed.prefix(2).map(\.id) == first.map(\.id))
    #expect(replayed.map(\.isNew) == [false, false, true])
    #expect(try await database.read { try EventLog.lastSequence(of: "a", in: $0) } == 3)
  }

  @Test("another event at a sequence that is taken is a fork, and nothing is written")
  func fork() async throws {
    let database = try await EventFixtures.database()
    try await database.write {
      try EventLog.append([EventFixtures.draft("x.y", "a", fact: "1")], in: $0)
    }
    let others = [
      EventFixtures.draft("x.y", "a", fact: "other", expecting: 1),
      EventFixtures.draft("x.z", "a", fact: "1", expecting: 1),
    ]
    for other in others {
      await #expect(throws: EventLogError.fork(subject: "a", sequence: 1)) {
        try await database.groupedWrite {
          try EventLog.append([EventFixtures.draft("x.y", "b"), other], in: $0)
        }
      }
    }
    #expect(try await database.read { try EventLog.lastSequence(of: "b", in: $0) } == 0)
  }

  @Test("an event that would leave a gap is refused")
  func gap() async throws {
    let database = try await EventFixtures.database()
    await #expect(throws: EventLogError.gap(subject: "a", expected: 2, next: 1)) {
      try await database.write {
        try EventLog.append([EventFixtures.draft("a", "a", expecting: 2)], in: $0)
      }
    }
    for sequence: Int64 in [0, .min, .max] {
      await #expect(throws: EventLogError.self) {
        try await database.write {
          try EventLog.append([EventFixtures.draft("a", "a", expecting: sequence)], in: $0)
        }
      }
    }
  }

  @Test("types, subjects and data outside their bounds are refused")
  func bounds() async throws {
    let database = try await EventFixtures.database()
    func draft(_ type: String, _ subject: String, _ data: String) -> EventDraft {
      EventDraft(type: type, subject: subject, cause: .zero, time: .init(seconds: 0), data: data)
    }
    let long = String(repeating: "x", count: 300)
    let cases: [(EventDraft, EventLogError)] = [
      (draft("", "a", "{}"), .invalidType(bytes: 0)),
      (draft(long, "a", "{}"), .invalidType(bytes: 300)),
      (draft("t", "", "{}"), .invalidSubject(bytes: 0)),
      (draft("t", long, "{}"), .invalidSubject(bytes: 300)),
      (draft("t", "a", "[]"), .invalidData(type: "t", subject: "a", bytes: 2)),
      (draft("t", "a", ""), .invalidData(type: "t", subject: "a", bytes: 0)),
    ]
    for (draft, error) in cases {
      await #expect(throws: error) {
        try await database.write { try EventLog.append([draft], in: $0) }
      }
    }
  }
}
