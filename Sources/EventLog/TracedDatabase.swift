package import Database
internal import Telemetry

/// A database whose transactions know the trace of the task that asked for them.
///
/// Bodies run on another thread, where the task's own values don't reach; several tasks' bodies
/// may even share a commit. So the trace is taken where the transaction is asked for, and put
/// back around the body.
package struct TracedDatabase: Database {
  private let base: any Database

  package init(_ base: any Database) {
    self.base = base
  }

  package var dialect: SQLDialect { base.dialect }

  package var statistics: PoolStatistics { base.statistics }

  package func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.read(Self.traced(body))
  }

  @discardableResult
  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.write(Self.traced(body))
  }

  @discardableResult
  package func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.groupedWrite(Self.traced(body))
  }

  package func close() async throws { try await base.close() }

  private static func traced<Value>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) -> @Sendable (any SQLConnection) throws -> Value {
    guard let trace = TraceContext.current else { return body }
    return { connection in try TraceContext.$current.withValue(trace) { try body(connection) } }
  }
}
