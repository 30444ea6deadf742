internal import Database
internal import GRDB

/// The seam's view of a GRDB connection while one of its bodies runs.
final class SQLiteConnection: SQLConnection {
  private let connection: GRDB.Database
  private let texts: StatementTexts
  /// Whether it refuses what may change the database.
  private let isReader: Bool
  /// What was run before by the program's text: GRDB's own cache checks queues and hashes again.
  private var prepared: [String: Prepared] = [:]
  private static let preparedLimit = 256
  /// Whether a body has run anything that may change the database since this was set to false.
  var hasWritten = false
  /// What undid the whole transaction, as a full disk does, until this is set to nil. Nothing is
  /// run after it: it would hold by itself, whatever becomes of the body.
  var end: SeamError?

  init(_ connection: GRDB.Database, texts: StatementTexts, isReader: Bool = false) {
    self.connection = connection
    self.texts = texts
    self.isReader = isReader
  }

  var dialect: SQLDialect { .sqlite }

  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
    let run = try run(sql, arguments)
    let before = run.totalChanges
    try finish(run) {}
    // SQLite keeps the last count through statements that change no rows, such as DDL.
    return run.totalChanges == before ? 0 : run.changes
  }

  func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
    let run = try run(sql, arguments)
    var columns: [String] = []
    var rows: [SQLRow] = []
    try finish(run) {
      // Not before the first step: SQLite prepares the statement anew where the schema changed.
      if rows.isEmpty { columns = run.columns }
      rows.append(SQLRow(columns: columns, values: try run.values()))
    }
    return rows
  }

  func forEachRow(
    of sql: String, _ arguments: [SQLValue], _ body: (any SQLRowView) throws -> Void
  ) throws {
    let run = try run(sql, arguments)
    try finish(run) { try body(run) }
  }

  private func run(_ sql: String, _ arguments: [SQLValue]) throws -> StatementRun {
    if let end { throw end }
    let prepared = try prepare(sql)
    if !prepared.isReadOnly {
      guard !isReader else {
        throw SeamError.readOnly("attempt to write a readonly database")
      }
      hasWritten = true
    }
    return try StatementRun(prepared.statement.sqliteStatement, arguments, sql: sql)
  }

  private func finish(_ run: StatementRun, _ row: () throws -> Void) throws {
    let wasInside = run.isInsideTransaction
    do {
      try run.finish(row)
    } catch let error as SeamError {
      if wasInside, !run.isInsideTransaction { end = error }
      throw error
    }
  }

  private struct Prepared {
    let statement: GRDB.Statement
    let isReadOnly: Bool
  }

  private func prepare(_ sql: String) throws -> Prepared {
    if let known = prepared[sql] { return known }
    let text = try texts.text(for: sql)
    let statement = try SQLiteEngine.translatingErrors {
      try connection.cachedStatement(sql: text)
    }
    let new = Prepared(statement: statement, isReadOnly: statement.isReadonly)
    if prepared.count >= Self.preparedLimit { prepared.removeAll() }
    prepared[sql] = new
    return new
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
