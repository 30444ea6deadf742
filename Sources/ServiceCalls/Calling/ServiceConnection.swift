internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix
internal import NIOCore
package import Orders
package import Supply
package import Telemetry

/// The way to a service in another process. It connects when it is first needed, again whenever the
/// connection is lost, and asks nothing twice by itself: that is for whoever knows what it was for.
///
/// Calls are answered while `run` runs; before, they wait for it.
package final class ServiceConnection: Sendable {
  private let client: GRPCClient<HTTP2ClientTransport.Posix>
  private let tokens: CallTokens
  private let timeout: Duration
  private let metrics: MetricsRegistry

  /// How the other side is known.
  package enum Security: Sendable, Equatable {
    case plain
    /// TLS with a certificate of `authority`, a PEM file; nil for those that the system trusts.
    case tls(authority: String?)
  }

  /// - Parameters:
  ///   - timeout: what a call may take, the connection's making included
  package init(
    host: String, port: Int, tokens: CallTokens, security: Security = .plain,
    timeout: Duration = .seconds(5), metrics: MetricsRegistry
  ) throws {
    self.tokens = tokens
    self.timeout = timeout
    self.metrics = metrics
    let transportSecurity: HTTP2ClientTransport.Posix.TransportSecurity =
      switch security {
      case .plain: .plaintext
      case .tls(let authority):
        .tls { tls in
          guard let authority else { return }
          tls.trustRoots = .certificates([.file(path: authority, format: .pem)])
        }
      }
    client = GRPCClient(
      transport: try HTTP2ClientTransport.Posix(
        target: Self.target(host, port), transportSecurity: transportSecurity,
        config: Self.transport))
  }

  /// A name is looked up anew for each connection. A number is no name that TLS could send.
  private static func target(_ host: String, _ port: Int) -> any ResolvableTarget {
    switch try? NIOCore.SocketAddress(ipAddress: host, port: port) {
    case .v4: ResolvableTargets.IPv4.ipv4(address: host, port: port)
    case .v6: ResolvableTargets.IPv6.ipv6(address: host, port: port)
    default: ResolvableTargets.DNS(host: host, port: port)
    }
  }

  private static var transport: HTTP2ClientTransport.Posix.Config {
    .defaults { transport in
      transport.backoff = .init(
        initial: .milliseconds(100), max: .seconds(5), multiplier: 1.6, jitter: 0.2)
      transport.connection.keepalive = .init(
        time: CallLimits.keepaliveTime, timeout: CallLimits.keepaliveTimeout,
        allowWithoutCalls: true)
    }
  }

  /// Keeps the connection until the task is cancelled; then calls in progress end first.
  package func run() async throws {
    let task = Task { [client] in try await client.runConnections() }
    try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      client.beginGracefulShutdown()
    }
  }

  package var stock: any StockReserving { RemoteStock(connection: self) }
  package var payments: any PaymentRequesting { RemotePayments(connection: self) }

  // MARK: Calling

  /// Asks once, and gives what the answer says.
  func call<Message, Answer>(
    _ method: MethodDescriptor,
    _ body: (
      GRPCClient<HTTP2ClientTransport.Posix>, Metadata, CallOptions
    ) async throws -> Message,
    reading: (Message) throws(CallFieldError) -> Answer
  ) async throws(CallFailure) -> Answer {
    var metadata: Metadata = ["authorization": .string(tokens.header)]
    if let trace = TraceContext.current {
      metadata.addString(trace.traceparent, forKey: "traceparent")
    }
    var options = CallOptions.defaults
    options.timeout = timeout
    options.maxRequestMessageBytes = CallLimits.messageBytes
    options.maxResponseMessageBytes = CallLimits.messageBytes
    let message: Message
    do {
      message = try await body(client, metadata, options)
    } catch let error as RPCError {
      count(method, error.code.description)
      throw CallFailure(error)
    } catch {
      count(method, "unavailable")
      throw .unavailable("\(error)")
    }
    count(method, "ok")
    do {
      return try reading(message)
    } catch {
      throw .answer(error)
    }
  }

  private func count(_ method: MethodDescriptor, _ code: String) {
    metrics.counter(.serviceCalls, method.fullyQualifiedMethod, code).add()
  }
}
