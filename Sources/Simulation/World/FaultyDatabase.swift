internal import Database

/// The database as the filler of the address pool has it: its process may die after the addresses
/// were derived, before any of them is written.
struct FaultyDatabase: Database {
  let database: any Database
  let killSwitch: KillSwitch

  var dialect: SQLDialect { database.dialect }

  var statistics: PoolStatistics { database.statistics }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value { try await database.read(body) }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try killSwitch.pass(.betweenDeriveAndInsert)
    return try await database.write(body)
  }

  func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value { try await database.groupedWrite(body) }

  func close() async throws { try await database.close() }
}
