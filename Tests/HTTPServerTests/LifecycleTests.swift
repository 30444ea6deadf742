import HTTPServer
import Hummingbird
import JSON
import LoopbackHTTP
import Synchronization
import TestSupport
import Testing

@Suite("liveness, readiness and draining", .serialized)
struct LifecycleTests {
  @Test("live as long as it answers; ready while what it needs works and its parts run")
  func liveAndReady() async throws {
    let works = Mutex(true)
    let parts = RunningParts(["relay", "watcher"])
    let needed: [any HealthCheck] = [
      NamedHealthCheck("database") { HealthReport(works.withLock { $0 } ? .ok : .failed) }, parts,
    ]
    // What isn't needed doesn't count.
    let checks = [NamedHealthCheck("chain") { HealthReport(.failed) }]
    try await TestServer.run({ _, _, _ in }, checks: checks, needed: needed) { test in
      let connection = try TestConnection(port: test.port)
      func status(_ path: String) async throws -> Int {
        try await connection.send("GET", path).status
      }
      let waiting = try await connection.send("GET", "/api/health/ready")
      #expect(waiting.status == 503 && waiting.body.contains("Not running: relay, watcher."))
      parts.set("relay", isRunning: true)
      parts.set("watcher", isRunning: true)
      #expect(try await status("/api/health/ready") == 200)
      #expect(try await status("/api/health") == 503)
      works.withLock { $0 = false }
      #expect(try await status("/api/health/ready") == 503)
      #expect(try await status("/api/health/live") == 200)
      works.withLock { $0 = true }
      parts.set("relay", isRunning: false)
      #expect(try await status("/api/health/ready") == 503)
    }
  }

  @Test("before it ends it says so, goes on listening, answers, and tells streams to come back")
  func drains() async throws {
    let (held, entered, notice) = (Gate(), Gate(), Gate())
    try await TestServer.run(
      { router, _, signal in
        router.on(.get, "/slow", ServerTests.operation, access: .open) { _, _ in
          entered.open()
          await held.wait()
          return .json(["slow": true])
        }
        router.on(
          .get, "/stream",
          OpenAPIOperation("follow", "A stream", tag: "things", answers: [.init(200, "It.")]),
          access: .open
        ) { _, context in
          SSEResponse(signal: signal).response(Never(), context: context)
        }
      }, notice: { await notice.wait() }
    ) { test in
      let stream = try TestConnection(port: test.port)
      try await stream.request("GET", "/stream")
      #expect(try await stream.answer().status == 200)
      let slow = try TestConnection(port: test.port)
      async let late = slow.send("GET", "/slow")
      await entered.wait()
      let ending = Task { await test.server.shutDown() }
      try await waitUntil { test.signal.isDraining }
      // Readiness says no before anything else changes, also to new connections.
      let probe = try TestConnection(port: test.port)
      let ready = try await probe.send("GET", "/api/health/ready")
      #expect(ready.status == 503 && ready.headers["connection"] == "close")
      #expect(
        try await TestConnection(port: test.port).send("GET", "/api/health/live").status == 200)
      #expect(!test.signal.isRaised)
      notice.open()
      // Then streams end with a time to come back, and what was asked is answered.
      var text = ""
      while let chunk = try await stream.chunk() { text += chunk }
      #expect(text.firstMatch(of: /retry: [0-9]{3,4}\n\n/) != nil)
      #expect(test.signal.isRaised)
      held.open()
      #expect(try await late.status == 200)
      await ending.value
      try await waitUntil { (try? TestConnection(port: test.port)) == nil }
    }
  }

  /// A sequence in which nothing comes.
  struct Never: AsyncSequence, AsyncIteratorProtocol, Sendable {
    func makeAsyncIterator() -> Never { self }

    func next() async throws -> ServerSentEvent? {
      try await Task.sleep(for: .seconds(3_600))
      return nil
    }
  }

  /// Lets wait until it is opened.
  final class Gate: Sendable {
    private let signal = ShutdownSignal()

    func open() { signal.raise() }
    func wait() async { await signal.wait() }
  }
}
