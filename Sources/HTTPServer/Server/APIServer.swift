package import ChainTypes
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization
package import Telemetry

/// How the server listens and what it believes of its clients.
package struct APIServerConfiguration: Sendable {
  package var host: String
  /// 0 for a free port, which `run(onListening:)` tells.
  package var port: Int
  /// Connections without a request in progress are closed after this time.
  package var idleTimeoutSeconds: Int64 = 75
  /// How long it goes on as before, with readiness saying no, before it shuts down: as long as
  /// balancers take to notice. The setting `listen.drain_seconds`.
  package var lameDuckSeconds: Double = 0
  /// How long requests in progress may take to end once the server shuts down.
  package var shutdownGraceSeconds: Int64 = 10
  /// How many connections are served at once; further ones wait in the kernel's queue.
  package var connectionLimit = 10_000
  /// How long a client may take for a short answer, event streams apart: who doesn't read holds a
  /// connection no longer.
  package var writeTimeoutSeconds: Int64 = 60

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }
}

/// The HTTP server: Hummingbird with what all routes share.
///
/// It runs until its task is cancelled or `shutDown` is called. Then readiness says no for
/// `lameDuckSeconds`, in which everything is still answered; after that it accepts nothing more,
/// event streams end, requests in progress get `shutdownGraceSeconds` to end.
package final class APIServer: Sendable {
  private let configuration: APIServerConfiguration
  private let boundary: RequestBoundary
  private let logger: Logger
  private let signal: ShutdownSignal
  private let sleep: @Sendable (Duration) async throws -> Void
  private let running = Mutex<Server<HTTP1Channel>?>(nil)
  private let deadlines = WriteDeadlines()

  /// - Parameters:
  ///   - signal: the one that the routes' event streams heed
  ///   - sleep: waits for the lame duck's time
  package init(
    _ configuration: APIServerConfiguration, router: APIRouter, metrics: MetricsRegistry,
    signal: ShutdownSignal, logger: Logger, now: @escaping @Sendable () -> Timestamp,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.sleep = sleep
    self.configuration = configuration
    self.signal = signal
    self.logger = logger
    let (responder, table) = router.build()
    boundary = RequestBoundary(
      responder: responder, table: table, metrics: metrics, signal: signal, now: now)
  }

  /// Serves until the end. Throws where the address can't be bound.
  ///
  /// - Parameter onListening: gets the port once connections are accepted
  package func run(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
    let server = makeServer(onListening: onListening)
    running.withLock { $0 = server }
    if signal.isRaised { return }
    let watching = Task { [deadlines] in
      while !Task.isCancelled {
        try await Task.sleep(for: .seconds(1))
        deadlines.closeExpired(at: .now())
      }
    }
    defer { watching.cancel() }
    // Its own task, so that cancelling ours lets requests in progress end.
    let task = Task { try await server.run() }
    try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      Task {
        await self.shutDown()
        task.cancel()
      }
    }
  }

  /// Ends the server gracefully; returns when it has ended or the time for that is over.
  package func shutDown() async {
    signal.beginDraining()
    // Nothing to wait for where nobody is served yet, or the signal came another way.
    if !signal.isRaised, running.withLock({ $0 != nil }), configuration.lameDuckSeconds > 0 {
      try? await sleep(.seconds(configuration.lameDuckSeconds))
    }
    signal.raise()
    guard let server = running.withLock({ $0 }) else { return }
    let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
    let drain = Task { [logger] in
      do {
        try await server.shutdownGracefully()
      } catch {
        logger.error("the server didn't shut down cleanly", metadata: ["error": "\(error)"])
      }
      continuation.finish()
    }
    let timer = Task { [configuration] in
      try await Task.sleep(for: .seconds(configuration.shutdownGraceSeconds))
      continuation.finish()
    }
    for await _ in ended {}
    timer.cancel()
    drain.cancel()
  }

  private func makeServer(
    onListening: @escaping @Sendable (Int) async -> Void
  ) -> Server<HTTP1Channel> {
    let (boundary, logger, deadlines) = (boundary, logger, deadlines)
    let timeout = TimeAmount.seconds(configuration.writeTimeoutSeconds)
    let channel = HTTP1Channel(
      responder: { request, writer, channel in
        let response = await boundary.respond(to: request, channel: channel, logger: logger)
        let length = Int64(response.body.contentLength ?? 0)
        let deadline =
          SSEResponse.isStream(response)
          ? nil
          : deadlines.begin(
            channel, until: .now() + timeout + .seconds(length / Self.slowestBytesPerSecond))
        defer { if let deadline { deadlines.end(deadline) } }
        try await writer.write(response: response.head, body: response.body)
        if response.headers[.connection] == "close" {
          // Not at once, or what the client still sends would reset the answer away.
          channel.eventLoop.scheduleTask(in: .seconds(2)) {
            channel.close(mode: .all, promise: nil)
          }
        }
      },
      configuration: .init(
        idleTimeout: .seconds(configuration.idleTimeoutSeconds),
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: 16_384, maxHeaderListSize: 32_768, maxHeaderFieldCount: 100)))
    return Server(
      childChannelSetup: channel,
      configuration: ServerConfiguration(
        address: .hostname(configuration.host, port: configuration.port),
        availableConnectionsDelegate: MaximumAvailableConnections(configuration.connectionLimit)),
      onServerRunning: { channel in
        await onListening(channel.localAddress?.port ?? 0)
      },
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
  }

  /// Long answers get that much more time.
  private static let slowestBytesPerSecond: Int64 = 16_384
}
