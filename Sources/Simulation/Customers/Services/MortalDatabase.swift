internal import Database

/// A process's way to its database: it may die before it asks something, and between any two
/// statements of a transaction, of which nothing remains then. Commits die in the database's own
/// hooks.
struct MortalDatabase: Database {
  let database: any Database
  let killSwitch: KillSwitch

  var dialect: SQLDialect { database.dialect }

  var statistics: PoolStatistics { database.statistics }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try killSwitch.pass(.beforeStoreRead)
    return try await database.read(body)
  }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    let killSwitch = killSwitch
    return try await database.write {
      try body(MortalConnection(connection: $0, killSwitch: killSwitch))
    }
  }

  func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    let killSwitch = killSwitch
    return try await database.groupedWrite {
      try body(MortalConnection(connection: $0, killSwitch: killSwitch))
    }
  }

  func close() async throws { try await database.close() }
}

/// The inside of a transaction whose process may die before each statement.
private final class MortalConnection: SQLConnection {
  private let connection: any SQLConnection
  private let killSwitch: KillSwitch

  init(connection: any SQLConnection, killSwitch: KillSwitch) {
    self.connection = connection
    self.killSwitch = killSwitch
  }

  var dialect: SQLDialect { connection.dialect }

  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
    try killSwitch.pass(.betweenStatements)
    return try connection.execute(sql, arguments)
  }

  func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
    try killSwitch.pass(.betweenStatements)
    return try connection.query(sql, arguments)
  }

  func forEachRow(
    of sql: String, _ arguments: [SQLValue], _ body: (any SQLRowView) throws -> Void
  ) throws {
    try killSwitch.pass(.betweenStatements)
    try connection.forEachRow(of: sql, arguments, body)
  }

  func submit(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws {
    try killSwitch.pass(.betweenStatements)
    try connection.submit(sql, arguments, changing: count)
  }

  func submit(_ row: [SQLValue], of statement: RowStatement) throws {
    try killSwitch.pass(.betweenStatements)
    try connection.submit(row, of: statement)
  }

  func actAs(tenant: String) throws { try connection.actAs(tenant: tenant) }
}
