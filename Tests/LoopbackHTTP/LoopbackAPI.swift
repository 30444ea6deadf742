package import ChainTypes
package import HTTPServer
internal import Logging
package import Telemetry

/// The project's own server on a free port of 127.0.0.1, for as long as a test runs.
package enum LoopbackAPI {
  /// Serves the routes of `router` while `body` runs; it gets the server and its port.
  ///
  /// - Parameter notice: what the server waits for between saying that it ends and ending
  package static func run(
    _ router: APIRouter, metrics: MetricsRegistry, signal: ShutdownSignal,
    now: @escaping @Sendable () -> Timestamp, writeTimeoutSeconds: Int64 = 60,
    notice: (@Sendable () async -> Void)? = nil,
    _ body: (APIServer, Int) async throws -> Void
  ) async throws {
    // Says nothing, but keeps what it is told.
    let logger = Logger(label: "test") { label in
      StructuredLogHandler(label: label, level: .critical, write: { _ in })
    }
    var configuration = APIServerConfiguration(host: "127.0.0.1", port: 0)
    configuration.writeTimeoutSeconds = writeTimeoutSeconds
    configuration.lameDuckSeconds = notice == nil ? 0 : 1
    let server = APIServer(
      configuration, router: router, metrics: metrics, signal: signal, logger: logger, now: now,
      sleep: { _ in await notice?() })
    let (ports, report) = AsyncStream.makeStream(of: Int.self)
    let running = Task {
      defer { report.finish() }
      try await server.run { report.yield($0) }
    }
    var iterator = ports.makeAsyncIterator()
    guard let port = await iterator.next() else {
      try await running.value
      return
    }
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(server, port))
    } catch {
      result = .failure(error)
    }
    running.cancel()
    _ = try? await running.value
    try result.get()
  }
}
