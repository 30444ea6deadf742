internal import Database
internal import Foundation
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
    let text = try texts.text(for: sql)
    return try SQLiteEngine.translatingErrors {
      let before = connection.totalChangesCount
      try connection.cachedStatement(sql: text).execute(arguments: try Self.bindings(arguments))
      // SQLite keeps the last count through statements that change no rows, such as DDL.
      return connection.totalChangesCount == before ? 0 : connection.changesCount
    }
  }

  func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
    let text = try texts.text(for: sql)
    return try SQLiteEngine.translatingErrors {
      let statement = try connection.cachedStatement(sql: text)
      let columns = statement.columnNames
      var rows: [SQLRow] = []
      let cursor = try Row.fetchCursor(statement, arguments: try Self.bindings(arguments))
      while let row = try cursor.next() {
        rows.append(SQLRow(columns: columns, values: try Self.values(row, columns)))
      }
      return rows
    }
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

  private static func bindings(_ arguments: [SQLValue]) throws -> StatementArguments {
    var values: [DatabaseValue] = []
    values.reserveCapacity(arguments.count)
    for argument in arguments {
      switch argument {
      case .null: values.append(.null)
      case .integer(let integer): values.append(integer.databaseValue)
      case .blob(let bytes): values.append(Data(bytes).databaseValue)
      case .text(let text):
        guard !text.utf8.contains(0) else {
          throw SeamError.invalidText(parameter: values.count + 1)
        }
        values.append(text.databaseValue)
      }
    }
    return StatementArguments(values)
  }

  private static func values(_ row: Row, _ columns: [String]) throws -> [SQLValue] {
    try columns.indices.map { index in
      let value: DatabaseValue = row[index]
      return switch value.storage {
      case .null: .null
      case .int64(let integer): .integer(integer)
      case .string(let text): .text(text)
      case .blob(let data): .blob(Array(data))
      case .double:
        throw SeamError.unexpectedValue(
          column: columns[index], expected: "integer, text or blob", found: "real")
      }
    }
  }
}
