import ChainTypes
import Database
import HTTPServer
import LoopbackHTTP
import Telemetry
import Tenancy
import TestDatabases

/// A server on a free port of 127.0.0.1 with an empty database in memory and one tenant.
struct TestServer: Sendable {
  let port: Int
  let key: APIKey
  let database: any Database
  let time: TestTime
  let signal: ShutdownSignal
  let server: APIServer

  static let tenant = "shop"

  /// Runs `body` against a server with the routes that `routes` adds, then ends the server.
  static func run(
    _ routes: (APIRouter, any Database, ShutdownSignal) -> Void,
    checks: [any HealthCheck] = [], needed: [any HealthCheck] = [],
    writeTimeoutSeconds: Int64 = 60, notice: (@Sendable () async -> Void)? = nil,
    _ body: (TestServer) async throws -> Void
  ) async throws {
    let time = TestTime()
    let now: @Sendable () -> Timestamp = { time.now }
    let database = try await TestDatabase()
    try await Migrator.migrate(
      database, TenantSchema.migrations, component: TenantSchema.component)
    let key = APIKey.generate()
    try await database.write { connection in
      try Tenants.create(id: tenant, name: "Shop", now: now(), in: connection)
      try APIKeys.issue(key, tenant: tenant, label: "test", now: now(), in: connection)
    }
    let signal = ShutdownSignal()
    let router = APIRouter(
      version: "1", authenticator: Authenticator(database, uptime: now), uptime: now)
    let metrics = MetricsRegistry()
    routes(router, database, signal)
    HealthRoutes(checks, needed: needed, signal: signal).register(on: router, metrics: metrics)
    router.addDescription()
    try await LoopbackAPI.run(
      router, metrics: metrics, signal: signal, now: now, writeTimeoutSeconds: writeTimeoutSeconds,
      notice: notice
    ) { server, port in
      try await body(
        TestServer(
          port: port, key: key, database: database, time: time, signal: signal, server: server))
    }
    try await database.close()
  }
}
