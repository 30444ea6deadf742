import HTTPServer
import Hummingbird
import JSON
import Logging
import LoopbackHTTP
import Telemetry
import Testing

@Suite("traces of requests", .serialized)
struct RequestTraceTests {
  /// Answers with the trace in which it runs.
  private static func routes(_ router: APIRouter) {
    router.on(.get, "/trace", ServerTests.operation, access: .open) { _, context in
      .json([
        "traceparent": .string(TraceContext.current?.traceparent ?? "none"),
        "logged": .string(context.logger[metadataKey: "trace_id"]?.description ?? "none"),
      ])
    }
  }

  private func trace(_ answer: TestConnection.Answer) throws -> TraceContext {
    let json = try answer.json()
    guard case .string(let text)? = json["traceparent"] else { throw Missing() }
    let context = try #require(TraceContext(traceparent: text))
    #expect(json["logged"] == .string(context.traceID))
    return context
  }

  private struct Missing: Error {}

  @Test("a request goes on in its client's trace, with a span of its own")
  func continued() async throws {
    try await TestServer.run({ router, _, _ in Self.routes(router) }) { test in
      let client = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      let answer = try await TestConnection(port: test.port).send(
        "GET", "/trace", headers: ["traceparent": client])
      let context = try trace(answer)
      #expect(context.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && context.isSampled)
      #expect(context.spanID != "00f067aa0ba902b7")
      // What a client gets to know is the request's id.
      #expect(answer.headers["traceparent"] == nil && answer.headers["x-request-id"] != nil)
    }
  }

  @Test("a request without a trace, or with one that is none, begins its own")
  func begun() async throws {
    try await TestServer.run({ router, _, _ in Self.routes(router) }) { test in
      let connection = try TestConnection(port: test.port)
      var seen: Set<String> = []
      let malformed = "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"
      for headers in [[:], ["traceparent": malformed], ["traceparent": "x"]] {
        let context = try trace(try await connection.send("GET", "/trace", headers: headers))
        #expect(context.traceID != malformed.lowercased().dropFirst(3).prefix(32))
        seen.insert(context.traceID)
      }
      // Two of them contradict each other.
      let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      try await connection.write(
        "GET /trace HTTP/1.1\r\nHost: x\r\ntraceparent: \(valid)\r\ntraceparent: \(valid)\r\n\r\n")
      let context = try trace(try await connection.answer())
      #expect(context.traceID != "4bf92f3577b34da6a3ce929d0e0e4736")
      seen.insert(context.traceID)
      #expect(seen.count == 4)
    }
  }
}
