internal import Database
internal import GRDB

/// The seam's view of a GRDB connection while one of its bodies runs.
final class SQLiteConnection: SQLConnection {
  private let connection: GRDB.Database
  private let texts: StatementTexts

  init(_ connection: GRDB.Database, texts: StatementTexts) {
    self.connection = connection
    self.texts = texts
  }

  var dialect: SQLDialect { .sqlite }

  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
    let before = connection.totalChangesCount
    try run(sql, arguments).finish { _ in }
    // SQLite keeps the last count through statements that change no rows, such as DDL.
    return connection.totalChangesCount == before ? 0 : connection.changesCount
  }

  func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
    let run = try run(sql, arguments)
    var columns: [String] = []
    var rows: [SQLRow] = []
    try run.finish { values in
      // Not before the first step: SQLite prepares the statement anew where the schema changed.
      if rows.isEmpty { columns = run.columns }
      rows.append(SQLRow(columns: columns, values: values))
    }
    return rows
  }

  private func run(_ sql: String, _ arguments: [SQLValue]) throws -> StatementRun {
    let text = try texts.text(for: sql)
    let statement = try SQLiteEngine.translatingErrors {
      try connection.cachedStatement(sql: text)
    }
    return try StatementRun(statement.sqliteStatement, arguments, sql: sql)
  }

  func submit(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws {
    let found = try execute(sql, arguments)
    guard let count, found != count else { return }
    throw SeamError.unexpectedRowCount(expected: count, found: found)
  }

  func actAs(tenant: String) {}

  /// Runs one of the adapter's own statements: BEGIN, SAVEPOINT, ….
  func control(_ sql: String) throws {
    try SQLiteEngine.translatingErrors { try connection.cachedStatement(sql: sql).execute() }
  }

  /// Copies all of the database, as one transaction sees it, into a missing or empty file.
  func copy(to path: String) throws {
    try SQLiteEngine.translatingErrors {
      try connection.execute(sql: "VACUUM INTO ?", arguments: [path])
    }
  }

  /// False once the engine has undone the transaction by itself, as on a full disk.
  var isInsideTransaction: Bool { connection.isInsideTransaction }
}
