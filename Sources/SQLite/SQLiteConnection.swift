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
    return try translatingErrors {
      let before = connection.totalChangesCount
      try connection.cachedStatement(sql: text).execute(arguments: Self.bindings(arguments))
      // SQLite keeps the last count through statements that change no rows, such as DDL.
      return connection.totalChangesCount == before ? 0 : connection.changesCount
    }
  }

  func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
    let text = try texts.text(for: sql)
    return try translatingErrors {
      let statement = try connection.cachedStatement(sql: text)
      let columns = statement.columnNames
      var rows: [SQLRow] = []
      let cursor = try Row.fetchCursor(statement, arguments: Self.bindings(arguments))
      while let row = try cursor.next() {
        rows.append(SQLRow(columns: columns, values: try Self.values(row, columns)))
      }
      return rows
    }
  }

  /// Runs one of the adapter's own statements: BEGIN, SAVEPOINT, ….
  func control(_ sql: String) throws {
    try translatingErrors { try connection.cachedStatement(sql: sql).execute() }
  }

  /// False once the engine has undone the transaction by itself, as on a full disk.
  var isInsideTransaction: Bool { connection.isInsideTransaction }

  private static func bindings(_ arguments: [SQLValue]) -> StatementArguments {
    StatementArguments(
      arguments.map { value -> DatabaseValue in
        switch value {
        case .null: .null
        case .integer(let integer): integer.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        }
      })
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

  private func translatingErrors<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as GRDB.DatabaseError {
      throw SQLiteErrors.error(
        extendedCode: Int(error.extendedResultCode.rawValue),
        message: error.message ?? "no message", sql: error.sql)
    }
  }
}
