internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import NIOCore
package import Orders
package import Prices
package import Supply
package import Telemetry

/// The gRPC server with which this process answers for what it keeps: stock, payments, rates, and
/// always the health service.
///
/// It runs until its task is cancelled. Then health says no for `lameDuckSeconds`, in which
/// everything is still answered; after that it takes no more calls, and those in progress get
/// `shutdownGraceSeconds` to end.
package final class CallServer: Sendable {
  private typealias Server = GRPCServer<HTTP2ServerTransport.Posix>

  private let configuration: CallServerConfiguration
  private let services: [any RegistrableRPCService]
  private let boundary: CallBoundary
  private let status = ServingStatus()
  private let connectionLimit: Int
  private let sleep: @Sendable (Duration) async throws -> Void

  /// - Parameters:
  ///   - stock, payments, rates: who answers; nil where this process doesn't
  ///   - onFailure: gets the method and why a call failed for no fault of the caller's
  ///   - connectionLimit: how many connections there may be at once: by default room for many
  ///     times the services' few processes and their probes
  ///   - sleep: waits for the lame duck's time
  package init(
    _ configuration: CallServerConfiguration, stock: (any StockReserving)?,
    payments: (any PaymentRequesting)?, rates: (any PriceRates)? = nil, metrics: MetricsRegistry,
    onFailure: @escaping @Sendable (String, any Error) -> Void,
    connectionLimit: Int = 1_024,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.configuration = configuration
    self.sleep = sleep
    self.connectionLimit = connectionLimit
    boundary = CallBoundary(
      tokens: configuration.tokens, status: status, metrics: metrics, onFailure: onFailure)
    var services: [any RegistrableRPCService] = []
    var names: Set<String> = []
    if let stock {
      services.append(StockReservationsService(stock: stock, status: status))
      names.insert(StockReservationsService.name)
    }
    if let payments {
      services.append(OrderPaymentsService(payments: payments, status: status))
      names.insert(OrderPaymentsService.name)
    }
    if let rates {
      services.append(RatesService(rates: rates, status: status))
      names.insert(RatesService.name)
    }
    self.services = services + [HealthService(status: status, services: names)]
  }

  /// Serves until the end. Throws where the address can't be bound.
  ///
  /// - Parameter onListening: gets the port once connections are accepted
  package func run(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
    let server = GRPCServer(
      transport: HTTP2ServerTransport.Posix(
        address: try address(), transportSecurity: security,
        config: Self.transport(connectionLimit)),
      services: services, interceptors: [boundary])
    // Its own task, so that cancelling ours lets calls in progress end.
    let task = Task { try await server.serve() }
    try await withTaskCancellationHandler {
      let address = try? await server.listeningAddress
      if let port = address?.ipv4?.port ?? address?.ipv6?.port { await onListening(port) }
      try await task.value
    } onCancel: {
      Task { await self.shutDown(server, task) }
    }
  }

  private func shutDown(_ server: Server, _ task: Task<Void, any Error>) async {
    status.beginDraining()
    if configuration.lameDuckSeconds > 0 {
      try? await sleep(.seconds(configuration.lameDuckSeconds))
    }
    status.end()
    server.beginGracefulShutdown()
    let timer = Task { [configuration] in
      try await Task.sleep(for: .seconds(configuration.shutdownGraceSeconds))
      task.cancel()
    }
    _ = await task.result
    timer.cancel()
  }

  private var security: HTTP2ServerTransport.Posix.TransportSecurity {
    switch configuration.security {
    case .plain: .plaintext
    case .tls(let certificate, let key):
      .tls(
        certificateChain: [.file(path: certificate, format: .pem)],
        privateKey: .file(path: key, format: .pem)
      ) { $0.requireALPN = true }
    }
  }

  private static func transport(
    _ limit: Int
  ) -> HTTP2ServerTransport.Posix.Config {
    .defaults { transport in
      transport.rpc.maxRequestPayloadSize = CallLimits.messageBytes
      transport.http2.maxConcurrentStreams = CallLimits.streams
      let connections = ConnectionCount(limit: limit)
      transport.channelDebuggingCallbacks.onAcceptTCPConnection = { connections.admit($0) }
      // Clients leave sooner by themselves.
      transport.connection.maxIdleTime = .seconds(3_600)
      transport.connection.keepalive = .init(
        time: CallLimits.keepaliveTime, timeout: CallLimits.keepaliveTimeout,
        clientBehavior: .init(
          minPingIntervalWithoutCalls: CallLimits.keepaliveTime / 2, allowWithoutCalls: true))
    }
  }

  /// The transport wants a number, not a name.
  private func address() throws -> GRPCNIOTransportCore.SocketAddress {
    let resolved = try NIOCore.SocketAddress.makeAddressResolvingHost(
      configuration.host, port: configuration.port)
    let host = resolved.ipAddress ?? configuration.host
    switch resolved {
    case .v6: return .ipv6(host: host, port: configuration.port)
    default: return .ipv4(host: host, port: configuration.port)
    }
  }
}
