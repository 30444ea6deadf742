internal import LocalServers
internal import PostgreSQL

/// The one database in which each test of a run has a schema of its own: making a schema takes
/// milliseconds, making a database copies some. Its owner is no superuser, so that row-level
/// security holds as it does in earnest.
struct SharedPostgres: Sendable {
  let uri: String
  let database: PostgresDatabase

  static var value: SharedPostgres {
    get async throws { try await start.value }
  }

  private static let start = Task {
    let uri = try await PostgresServer.shared.makeDatabase("tests", owner: "paywatch")
    var options = PostgresOptions(connection: uri)
    options.poolSize = 2
    options.connectTimeoutSeconds = 30
    options.connectPatienceMilliseconds = 60_000
    // Dropping a schema waits for whoever still uses it.
    options.lockTimeoutMilliseconds = 60_000
    return SharedPostgres(uri: uri, database: PostgresDatabase(options: options))
  }
}
