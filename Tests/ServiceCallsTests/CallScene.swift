import ChainTypes
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import LocalServers
import Orders
import Prices
import ServiceCalls
import Supply
import Synchronization
import Telemetry
import Testing

/// A server on a port of this machine, and ways to it.
struct CallScene: Sendable {
  static let token = "correct-horse-battery-staple-0001"

  let port: Int
  let serverMetrics: MetricsRegistry
  /// What failed at the server for no fault of a caller's.
  let failures: Failures

  final class Failures: Sendable {
    private let methods = Mutex<[String]>([])

    func add(_ method: String) { methods.withLock { $0.append(method) } }
    var all: [String] { methods.withLock(\.self) }
  }

  /// A server as a task, which a test ends by cancelling it.
  struct Running: Sendable {
    let scene: CallScene
    let task: Task<Void, any Error>

    func end() async {
      task.cancel()
      _ = await task.result
    }
  }

  static func start(
    stock: (any StockReserving)? = nil, payments: (any PaymentRequesting)? = nil,
    rates: (any PriceRates)? = nil, port: Int = 0, connectionLimit: Int = 1_024,
    configure: (inout CallServerConfiguration) -> Void = { _ in },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) async throws -> Running {
    var configuration = CallServerConfiguration(
      host: "127.0.0.1", port: port, tokens: CallTokens([token]))
    configure(&configuration)
    let (metrics, failures) = (MetricsRegistry(), Failures())
    let server = CallServer(
      configuration, stock: stock, payments: payments, rates: rates, metrics: metrics,
      onFailure: { method, _ in failures.add(method) },
      connectionLimit: connectionLimit, sleep: sleep)
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let task = Task {
      defer { continuation.finish() }
      try await server.run { continuation.yield($0) }
    }
    guard let port = await ports.first(where: { _ in true }) else {
      try await task.value
      throw CancellationError()
    }
    return Running(
      scene: CallScene(port: port, serverMetrics: metrics, failures: failures), task: task)
  }

  /// Runs `body` beside a server that ends with it.
  @discardableResult
  static func run<Value: Sendable>(
    stock: (any StockReserving)? = nil, payments: (any PaymentRequesting)? = nil,
    rates: (any PriceRates)? = nil, connectionLimit: Int = 1_024,
    configure: (inout CallServerConfiguration) -> Void = { _ in },
    _ body: (CallScene) async throws -> Value
  ) async throws -> Value {
    let running = try await start(
      stock: stock, payments: payments, rates: rates, connectionLimit: connectionLimit,
      configure: configure)
    do {
      let value = try await body(running.scene)
      await running.end()
      return value
    } catch {
      await running.end()
      throw error
    }
  }

  /// Runs `body` with a connection to the server, or to whoever listens on its port by then.
  @discardableResult
  func connected<Value: Sendable>(
    token: String = token, security: ServiceConnection.Security = .plain,
    timeout: Duration = .seconds(20), metrics: MetricsRegistry = MetricsRegistry(),
    _ body: (ServiceConnection) async throws -> Value
  ) async throws -> Value {
    let connection = try ServiceConnection(
      host: "127.0.0.1", port: port, tokens: CallTokens([token]), security: security,
      timeout: timeout, metrics: metrics)
    let running = Task { try await connection.run() }
    defer { running.cancel() }
    return try await body(connection)
  }

  /// Runs `body` with a bare client, for messages that no service of ours sends.
  func client<Value: Sendable>(
    _ body: (GRPCClient<HTTP2ClientTransport.Posix>, Metadata) async throws -> Value
  ) async throws -> Value {
    try await withGRPCClient(
      transport: .http2NIOPosix(
        target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext)
    ) { client in
      try await body(client, ["authorization": .string("Bearer \(Self.token)")])
    }
  }

  // MARK: What is asked

  static let reserve = ReserveStock(
    tenant: "roastery", order: "ord_1", location: "old town", revision: 3,
    lines: [
      StockLine(product: "beans", quantity: 18),
      StockLine(product: "молоко", quantity: SupplyItem.maximumQuantity),
      StockLine(product: "beans", quantity: 1, unit: "bag"),
    ], until: Timestamp(microseconds: 1_800_000_000_123_456))
}
