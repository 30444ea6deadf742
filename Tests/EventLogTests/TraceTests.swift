import Bytes
import ChainTypes
import Database
import EventLog
import SQLite
import Telemetry
import Testing

@Suite("traces of events")
struct TraceTests {
  private func append(
    _ fact: String, _ subject: String, in database: TracedDatabase
  ) async throws -> EventLog.Appended? {
    let draft = EventFixtures.draft("a.b", subject, fact: fact)
    return try await database.groupedWrite { try EventLog.append([draft], in: $0) }.first
  }

  private func event(_ subject: String, in database: TracedDatabase) async throws -> CloudEvent? {
    try await database.read { try EventLog.events(of: subject, limit: 10, in: $0) }.first
  }

  @Test(
    "an event carries the trace of the task whose transaction appends it, whoever commits with it")
  func carried() async throws {
    let database = TracedDatabase(try await EventFixtures.database())
    let traces = (0..<20).map { _ in TraceContext.begin() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (place, trace) in traces.enumerated() {
        group.addTask {
          try await TraceContext.$current.withValue(trace) {
            _ = try await append("x", "s\(place)", in: database)
          }
        }
      }
      try await group.waitForAll()
    }
    for (place, trace) in traces.enumerated() {
      let event = try await event("s\(place)", in: database)
      #expect(event?.traceparent == trace.traceparent)
      #expect(event?.json.contains(#","traceparent":"\#(trace.traceparent)","data":"#) == true)
    }
    _ = try await append("x", "untraced", in: database)
    let untraced = try await event("untraced", in: database)
    #expect(untraced != nil && untraced?.traceparent == nil)
    #expect(untraced?.json.contains("traceparent") == false)
    try await database.close()
  }

  @Test("an event's id doesn't go by its trace")
  func identity() async throws {
    var ids: Set<Hash32> = []
    for trace in [TraceContext.begin(), TraceContext.begin()] {
      let database = TracedDatabase(try await EventFixtures.database())
      let appended = try await TraceContext.$current.withValue(trace) {
        try await append("x", "s", in: database)
      }
      ids.insert(try #require(appended).id)
      #expect(try await event("s", in: database)?.traceparent == trace.traceparent)
      try await database.close()
    }
    #expect(ids.count == 1)
  }
}
