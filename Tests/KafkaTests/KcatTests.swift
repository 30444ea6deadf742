import Database
import EventLog
import Foundation
import Kafka
import Telemetry
import TestDatabases
import TestSupport
import Testing

@Suite("Other teams' clients")
struct KcatTests {
  /// What kcat finds in a topic, one message a line.
  static func lines(_ topic: String, _ format: String, _ cluster: MockCluster) async throws
    -> [String]
  {
    let scratch = try TemporaryDirectory()
    let output = try scratch.write("output", [])
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "kcat", "-C", "-q", "-e", "-b", cluster.brokers.joined(separator: ","), "-t", topic,
      "-X", "isolation.level=read_committed", "-o", "beginning", "-f", format,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<_, any Error>) in
      process.terminationHandler = { _ in continuation.resume(returning: ()) }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
    try #require(process.terminationStatus == 0, "kcat failed")
    let text = String(decoding: try Data(contentsOf: URL(filePath: output)), as: UTF8.self)
    return text.split(separator: "\n").map { String($0) }
  }

  @Test("kcat reads keys, headers and CloudEvents as they were told")
  func kcat() async throws {
    let cluster = try KafkaFixtures.cluster()
    let database = try await KafkaFixtures.database()
    // Half of them are told in a trace.
    try await KafkaFixtures.append(100, keys: 10, to: database)
    try await TraceContext.$current.withValue(.begin()) {
      try await KafkaFixtures.append(100, keys: 10, from: 100, to: TracedDatabase(database))
    }
    try await RelayRun(database, try KafkaFixtures.sink(cluster)).stop(after: 200)
    let events = try await database.read { try EventLog.page(after: 0, limit: 200, in: $0).events }
    for topic in [EventTopic.payment, .chain] {
      let found = try await Self.lines(topic.name, "%h\t%k\t%s\n", cluster)
      let expected = events.filter { EventTopic(eventType: $0.event.type) == topic }.map {
        let trace = $0.event.traceparent.map { ",traceparent=\($0)" } ?? ""
        return """
          content-type=application/cloudevents+json; charset=UTF-8,\
          paywatch-position=\($0.position)\(trace)\t\($0.event.subject)\t\($0.event.json)
          """
      }
      #expect(found.contains { $0.contains("traceparent=") })
      #expect(found.sorted() == expected.sorted())
      #expect(!found.isEmpty)
    }
  }
}
