import Database
import Synchronization

/// A database that remembers which statements ran on nobody's behalf.
final class ActingDatabase: Database {
  private let base: any Database
  private let noted = Mutex<Set<String>>([])

  init(_ base: any Database) { self.base = base }

  var dialect: SQLDialect { base.dialect }
  var statistics: PoolStatistics { base.statistics }

  /// Statements of transactions that named no tenant before them, since this was last asked.
  func takeUnacted() -> Set<String> {
    noted.withLock { noted in
      defer { noted = [] }
      return noted
    }
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.read { try self.watched($0, body) }
  }

  @discardableResult
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.write { try self.watched($0, body) }
  }

  @discardableResult
  func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.groupedWrite { try self.watched($0, body) }
  }

  func close() async throws { try await base.close() }

  private func watched<Value>(
    _ connection: any SQLConnection, _ body: (any SQLConnection) throws -> Value
  ) throws -> Value {
    let watching = Connection(connection)
    defer { noted.withLock { $0.formUnion(watching.unacted) } }
    return try body(watching)
  }

  private final class Connection: SQLConnection {
    private let base: any SQLConnection
    private var isActing = false
    private(set) var unacted: Set<String> = []

    init(_ base: any SQLConnection) { self.base = base }

    var dialect: SQLDialect { base.dialect }

    private func note(_ sql: String) {
      if !isActing { unacted.insert(sql) }
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
      note(sql)
      return try base.execute(sql, arguments)
    }

    func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
      note(sql)
      return try base.query(sql, arguments)
    }

    func forEachRow(
      of sql: String, _ arguments: [SQLValue], _ body: (any SQLRowView) throws -> Void
    ) throws {
      note(sql)
      try base.forEachRow(of: sql, arguments, body)
    }

    func submit(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws {
      note(sql)
      try base.submit(sql, arguments, changing: count)
    }

    func submit(_ row: [SQLValue], of statement: RowStatement) throws {
      note(statement.single)
      try base.submit(row, of: statement)
    }

    func actAs(tenant: String) throws {
      isActing = true
      try base.actAs(tenant: tenant)
    }
  }
}
