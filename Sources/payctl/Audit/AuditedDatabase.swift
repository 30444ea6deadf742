internal import Audit
internal import ChainTypes
internal import Database
internal import JSON
internal import Watching

/// A database in whose log each transaction that changes something leaves a record: for commands
/// whose work writes in its own transactions.
struct AuditedDatabase: Database {
  let base: any Database
  let author: AuditAuthor
  let action: String
  let subject: String
  var details: JSONValue = [:]

  var dialect: SQLDialect { base.dialect }
  var statistics: PoolStatistics { base.statistics }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.read(body)
  }

  @discardableResult
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.write { try noted(body, $0) }
  }

  @discardableResult
  func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.groupedWrite { try noted(body, $0) }
  }

  func close() async throws { try await base.close() }

  private func noted<Value>(
    _ body: (any SQLConnection) throws -> Value, _ connection: any SQLConnection
  ) throws -> Value {
    let value = try body(connection)
    try author.note(
      action, of: subject, details, now: SystemTime().now, in: connection)
    return value
  }
}
