import ChainTypes
import Database
import HTTPServer
import Logging
import SQLite
import Synchronization
import Telemetry

/// Time that stands until a test moves it.
final class TestTime: Sendable {
  private let state = Mutex(Timestamp(seconds: 1_800_000_000))

  var now: Timestamp { state.withLock { $0 } }

  func advance(seconds: Int64) { state.withLock { $0 = $0.adding(seconds: seconds) } }
}

/// A server on a free port of 127.0.0.1 with an empty database in memory and one tenant.
struct TestServer: Sendable {
  let port: Int
  let key: APIKey
  let database: SQLiteDatabase
  let time: TestTime
  let signal: ShutdownSignal
  let server: APIServer

  static let tenant = "shop"

  /// Runs `body` against a server with the routes that `routes` adds, then ends the server.
  static func run(
    _ routes: (APIRouter, SQLiteDatabase, ShutdownSignal) -> Void,
    checks: [any HealthCheck] = [],
    _ body: (TestServer) async throws -> Void
  ) async throws {
    let time = TestTime()
    let now: @Sendable () -> Timestamp = { time.now }
    let database = try SQLiteDatabase.inMemory()
    try await Migrator.migrate(
      database, TenantSchema.migrations, component: TenantSchema.component)
    let key = APIKey.generate()
    try await database.write { connection in
      try Tenants.create(id: tenant, name: "Shop", now: now(), in: connection)
      try APIKeys.issue(key, tenant: tenant, label: "test", now: now(), in: connection)
    }
    let signal = ShutdownSignal()
    let router = APIRouter(
      version: "1", authenticator: Authenticator(database, now: now), now: now)
    let metrics = MetricsRegistry()
    routes(router, database, signal)
    HealthRoutes(checks).register(on: router, metrics: metrics)
    router.addDescription()
    var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    logger.logLevel = .critical
    let server = APIServer(
      APIServerConfiguration(host: "127.0.0.1", port: 0), router: router, metrics: metrics,
      signal: signal, logger: logger, now: now)
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
    let test = TestServer(
      port: port, key: key, database: database, time: time, signal: signal, server: server)
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(test))
    } catch {
      result = .failure(error)
    }
    running.cancel()
    _ = try? await running.value
    try await database.close()
    try result.get()
  }
}
