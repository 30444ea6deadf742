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
    // Of two that append to a new subject at once one fails: whoever makes the aggregate is alone.
    try await database.write { connection in
      try EventLog.append(
        (0..<7).map { EventFixtures.draft("x.w", "subject-\($0)") }, in: connection)
    }
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
    #expect(found == 307)
  }

  @Test("a subject begins once")
  func begins() async throws {
    let database = try await EventFixtures.database()
    try await database.write { try EventLog.begin(with: EventFixtures.draft("x.y", "a"), in: $0) }
    await #expect(throws: DatabaseError.self) {
      try await database.write {
        try EventLog.begin(with: EventFixtures.draft("x.z", "a"), in: $0)
      }
    }
    #expect(try await database.read { try EventLog.lastSequence(of: "a", in: $0) } == 1)
    #expect(
      try await database.read { try EventLog.events(of: "a", limit: 10, in: $0).map(\.type) }
        == ["x.y"])
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
