package import Database
internal import Foundation

/// PostgreSQL through libpq: a bounded pool of connections, each with a thread of its own on which
/// bodies run and libpq may block.
///
/// Grouped writes gather while the groups before them are committed, so the more callers there are
/// the more of them share a commit, and one caller alone waits for nobody.
package final class PostgresDatabase: Database {
  private let options: PostgresOptions
  private let pool: ConnectionPool
  private let clock = ContinuousClock()

  /// Connects when something is first asked of it: a server that is away for a moment is no reason
  /// not to start. `check` tells whether it can be used.
  package init(options: PostgresOptions) {
    self.options = options
    pool = ConnectionPool(options)
  }

  package var dialect: SQLDialect { .postgreSQL }

  /// How many bodies wait for a connection now.
  package var waitingCount: Int { pool.statistics.waiting }

  package var statistics: PoolStatistics { pool.statistics }

  /// Throws where the server can't be reached or isn't one to keep payments in.
  package func check() async throws {
    _ = try await read { try $0.query("SELECT 1 AS one") }
  }

  package func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await enqueue(.read, body)
  }

  @discardableResult
  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await enqueue(.alone, body)
  }

  @discardableResult
  package func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await enqueue(.grouped, body)
  }

  package func withoutTransaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    var options = options
    // An index of a large table takes hours, and waits for the transactions that are under way.
    options.statementTimeoutMilliseconds = 0
    options.lockTimeoutMilliseconds = 0
    options.answerGraceMilliseconds = 7 * 86_400_000
    return try await withCheckedThrowingContinuation { continuation in
      let thread = Thread { [options] in
        continuation.resume(
          with: Result {
            do {
              return try body(PostgresSession(options))
            } catch let failure as StatementFailure {
              throw failure.error
            }
          })
      }
      thread.name = "postgresql"
      thread.start()
    }
  }

  package func close() async throws {
    await withCheckedContinuation { continuation in
      pool.close { continuation.resume() }
    }
  }

  private func enqueue<Value: Sendable>(
    _ kind: Job.Kind, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      pool.add(
        Job(
          kind: kind, enqueuedAt: clock.now,
          run: { connection in
            let value = try body(connection)
            return { continuation.resume(returning: value) }
          },
          fail: { continuation.resume(throwing: $0) }))
    }
  }
}
