internal import Database
internal import GRDBSQLite
internal import Glibc

/// One run of a prepared statement by SQLite's own functions. GRDB makes a dozen values for each
/// argument and column on their way, which for a small statement takes longer than its work.
struct StatementRun {
  private let statement: OpaquePointer
  private let sql: String

  /// Binds all arguments. The statement must have been run to its end or reset.
  init(_ statement: OpaquePointer, _ arguments: [SQLValue], sql: String) throws {
    self.statement = statement
    self.sql = sql
    let count = Int(sqlite3_bind_parameter_count(statement))
    guard count == arguments.count else {
      throw SeamError.statement("\(arguments.count) arguments for \(count) parameters", sql: sql)
    }
    for (index, argument) in arguments.enumerated() { try bind(argument, Int32(index + 1)) }
  }

  /// Runs the statement to its end and calls `row` for each row, which is at hand meanwhile.
  func finish(_ row: () throws -> Void) throws {
    // Gives its locks back, and the error again that the step gave.
    defer { sqlite3_reset(statement) }
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: try row()
      case SQLITE_DONE: return
      default: throw error()
      }
    }
  }

  /// Whether the connection is in a transaction, which an error may have undone.
  var isInsideTransaction: Bool { sqlite3_get_autocommit(sqlite3_db_handle(statement)) == 0 }

  /// How many rows the connection has changed since it was opened.
  var totalChanges: Int32 { sqlite3_total_changes(sqlite3_db_handle(statement)) }

  /// How many rows the last statement changed that changes rows.
  var changes: Int { Int(sqlite3_changes(sqlite3_db_handle(statement))) }

  /// The names of the answer's columns.
  var columns: [String] {
    (0..<sqlite3_column_count(statement)).map {
      String(cString: sqlite3_column_name(statement, $0))
    }
  }

  private func bind(_ value: SQLValue, _ index: Int32) throws {
    let code: Int32
    switch value {
    case .null: code = sqlite3_bind_null(statement, index)
    case .integer(let integer): code = sqlite3_bind_int64(statement, index, integer)
    case .blob(let bytes):
      // Without bytes there may be no address, which would mean null.
      code =
        bytes.isEmpty
        ? sqlite3_bind_zeroblob(statement, index, 0)
        : sqlite3_bind_blob64(statement, index, bytes, UInt64(bytes.count), Self.copied)
    case .text(var text):
      code = try text.withUTF8 { utf8 in
        guard let start = utf8.baseAddress, !utf8.isEmpty else {
          return sqlite3_bind_text(statement, index, "", 0, Self.copied)
        }
        guard memchr(start, 0, utf8.count) == nil else {
          throw SeamError.invalidText(parameter: Int(index))
        }
        return start.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
          sqlite3_bind_text64(
            statement, index, $0, UInt64(utf8.count), Self.copied, UInt8(SQLITE_UTF8))
        }
      }
    }
    guard code == SQLITE_OK else { throw error() }
  }

  /// SQLITE_TRANSIENT: SQLite keeps a copy of its own.
  private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  /// The values of the row that is at hand.
  func values() throws -> [SQLValue] {
    try (0..<sqlite3_column_count(statement)).map { index in
      switch sqlite3_column_type(statement, index) {
      case SQLITE_NULL: return .null
      case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, index))
      case SQLITE_TEXT:
        guard let text = sqlite3_column_text(statement, index) else { throw error() }
        let count = Int(sqlite3_column_bytes(statement, index))
        return .text(
          String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
      case SQLITE_BLOB:
        let count = Int(sqlite3_column_bytes(statement, index))
        guard count > 0 else { return .blob([]) }
        guard let bytes = sqlite3_column_blob(statement, index) else { throw error() }
        return .blob([UInt8](UnsafeRawBufferPointer(start: bytes, count: count)))
      default:
        throw unexpected(index, wanted: "integer, text or blob")
      }
    }
  }

  private func unexpected(_ column: Int32, wanted: String) -> SeamError {
    let found =
      switch sqlite3_column_type(statement, column) {
      case SQLITE_NULL: "null"
      case SQLITE_INTEGER: "integer"
      case SQLITE_TEXT: "text"
      case SQLITE_BLOB: "blob"
      default: "real"
      }
    return SeamError.unexpectedValue(
      column: String(cString: sqlite3_column_name(statement, column)), expected: wanted,
      found: found)
  }

  private func error() -> SeamError {
    let connection = sqlite3_db_handle(statement)
    return SQLiteErrors.error(
      extendedCode: Int(sqlite3_extended_errcode(connection)),
      message: String(cString: sqlite3_errmsg(connection)), sql: sql)
  }
}

extension StatementRun: SQLRowView {
  func isNull(_ column: Int) -> Bool {
    sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
  }

  func integer(_ column: Int) throws(SeamError) -> Int64 {
    let column = Int32(column)
    guard sqlite3_column_type(statement, column) == SQLITE_INTEGER else {
      throw unexpected(column, wanted: "integer")
    }
    return sqlite3_column_int64(statement, column)
  }

  func append(_ column: Int, to bytes: inout [UInt8]) throws(SeamError) {
    let column = Int32(column)
    let start: UnsafeRawPointer?
    // Of a text as of a blob: SQLite gives the text's UTF-8, which it holds already.
    switch sqlite3_column_type(statement, column) {
    case SQLITE_TEXT, SQLITE_BLOB: start = sqlite3_column_blob(statement, column)
    default: throw unexpected(column, wanted: "text or blob")
    }
    let count = Int(sqlite3_column_bytes(statement, column))
    guard count > 0 else { return }
    guard let start else { throw error() }
    bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
  }
}
