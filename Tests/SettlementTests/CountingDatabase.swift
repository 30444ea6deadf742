import Database
import Synchronization

/// Counts what bodies ask and change.
final class CountingDatabase: Database {
  private struct Counts {
    var transactions = 0
    var questions = 0
    var statements = 0
  }

  private let database: any Database
  private let counts = Mutex(Counts())

  init(_ database: any Database) {
    self.database = database
  }

  var transactions: Int { counts.withLock(\.transactions) }
  var questions: Int { counts.withLock(\.questions) }
  /// Whose answers nobody waits for.
  var statements: Int { counts.withLock(\.statements) }

  func reset() { counts.withLock { $0 = Counts() } }

  private final class Connection: SQLConnection {
    private let connection: any SQLConnection
    private let counts: Counter

    struct Counter {
      let question: () -> Void
      let statement: () -> Void
    }

    init(_ connection: any SQLConnection, _ counts: Counter) {
      self.connection = connection
      self.counts = counts
    }

    var dialect: SQLDialect { connection.dialect }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
      counts.question()
      return try connection.execute(sql, arguments)
    }

    func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
      counts.question()
      return try connection.query(sql, arguments)
    }

    func forEachRow(
      of sql: String, _ arguments: [SQLValue], _ body: (any SQLRowView) throws -> Void
    ) throws {
      counts.question()
      try connection.forEachRow(of: sql, arguments, body)
    }

    func submit(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws {
      counts.statement()
      try connection.submit(sql, arguments, changing: count)
    }

    func submit(_ row: [SQLValue], of statement: RowStatement) throws {
      counts.statement()
      try connection.submit(row, of: statement)
    }

    func actAs(tenant: String) throws { try connection.actAs(tenant: tenant) }
  }

  var dialect: SQLDialect { database.dialect }

  var statistics: PoolStatistics { database.statistics }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await database.read { try body(self.counting($0)) }
  }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await database.write { try body(self.counting($0)) }
  }

  func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await database.groupedWrite { try body(self.counting($0)) }
  }

  func close() async throws { try await database.close() }

  private func counting(_ connection: any SQLConnection) -> any SQLConnection {
    counts.withLock { $0.transactions += 1 }
    return Connection(
      connection,
      .init(
        question: { self.counts.withLock { $0.questions += 1 } },
        statement: { self.counts.withLock { $0.statements += 1 } }))
  }
}
