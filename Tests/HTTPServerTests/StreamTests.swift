import HTTPServer
import HTTPTypes
import Hummingbird
import LoopbackHTTP
import NIOCore
import Testing

@Suite("server-sent events over a socket", .serialized)
struct StreamTests {
  private static let operation = OpenAPIOperation(
    "getEvents", "Events", tag: "events",
    answers: [.init(200, "A stream.", mediaType: "text/event-stream")])

  /// Events numbered from the one after `Last-Event-ID` to 3, then silence.
  private static func add(
    to router: APIRouter, _ signal: ShutdownSignal, heartbeat: Duration = .seconds(15)
  ) {
    router.on(.get, "/v1/events", operation, access: .open) { request, context in
      let last = SSEResponse.lastEventID(request).flatMap { Int($0) } ?? 0
      let (events, continuation) = AsyncStream.makeStream(of: ServerSentEvent.self)
      for number in (last + 1)..<4 {
        continuation.yield(
          ServerSentEvent(id: String(number), event: "tick", data: "line \(number)\nmore"))
      }
      // Kept open by the stream's own reference, as a feed that waits for news.
      _ = continuation
      return SSEResponse(signal: signal, heartbeat: heartbeat).response(
        Open(stream: events, continuation: continuation), context: context)
    }
  }

  /// A stream that stays open as long as it is read.
  private struct Open: AsyncSequence, Sendable {
    let stream: AsyncStream<ServerSentEvent>
    let continuation: AsyncStream<ServerSentEvent>.Continuation

    func makeAsyncIterator() -> AsyncStream<ServerSentEvent>.Iterator {
      stream.makeAsyncIterator()
    }
  }

  @Test("a stream resumes behind the last event that a client saw")
  func resume() async throws {
    try await TestServer.run({ router, _, signal in Self.add(to: router, signal) }) { test in
      let first = try TestConnection(port: test.port)
      try await first.request("GET", "/v1/events")
      #expect(try await first.answer().headers["content-type"] == "text/event-stream")
      #expect(
        try await first.event() == "id: 1\nevent: tick\ndata: line 1\ndata: more\n\n")
      let second = try TestConnection(port: test.port)
      try await second.request("GET", "/v1/events", headers: ["Last-Event-ID": "2"])
      _ = try await second.answer()
      #expect(try await second.event()?.hasPrefix("id: 3\n") == true)
    }
  }

  @Test("a silent stream sends comments, and ends with the server")
  func heartbeatAndShutdown() async throws {
    try await TestServer.run({ router, _, signal in
      Self.add(to: router, signal, heartbeat: .milliseconds(1))
    }) { test in
      let connection = try TestConnection(port: test.port)
      try await connection.request("GET", "/v1/events", headers: ["Last-Event-ID": "3"])
      _ = try await connection.answer()
      #expect(try await connection.chunk() == ": paywatch\n\n")
      #expect(try await connection.chunk() == ":\n\n")
      async let ended: Void = test.server.shutDown()
      #expect(try await connection.event()?.hasPrefix("retry: ") == true)
      #expect(try await connection.event() == nil)
      await ended
    }
  }

  @Test("line breaks can't forge fields of an event")
  func forgery() {
    let event = ServerSentEvent(id: "1\nevent: x", event: "a\r\nb", data: "x\r\ny\rz")
    #expect(event.text == "id: 1event: x\nevent: ab\ndata: x\ndata: y\ndata: z\n\n")
  }

  @Test("a client that doesn't read its answer is let go of", .timeLimit(.minutes(1)))
  func unread() async throws {
    let (cuts, cut) = AsyncStream.makeStream(of: Void.self)
    try await TestServer.run(
      { router, _, _ in
        router.on(.get, "/v1/large", Self.operation, access: .open) { _, _ in
          Response(
            status: .ok,
            body: ResponseBody { writer in
              do {
                // More than any socket's buffers take.
                for _ in 0..<4_096 {
                  try await writer.write(ByteBuffer(repeating: 0x20, count: 65_536))
                }
                try await writer.finish(nil)
              } catch {
                cut.finish()
                throw error
              }
            })
        }
      }, writeTimeoutSeconds: 1
    ) { test in
      let client = try TestConnection(port: test.port)
      try await client.request("GET", "/v1/large")
      for await _ in cuts {}
      // Others are served all the while.
      #expect(try await TestConnection(port: test.port).send("GET", "/openapi.json").status == 200)
    }
  }
}
