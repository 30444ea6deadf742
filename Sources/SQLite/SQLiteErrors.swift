internal import Database

/// GRDB has a type of the same name; files that use GRDB say `SeamError` for ours.
typealias SeamError = DatabaseError

/// SQLite's result codes that the seam tells apart (sqlite.org/rescode.html).
enum SQLiteErrors {
  /// The seam's error for an extended result code.
  static func error(extendedCode: Int, message: String, sql: String?) -> DatabaseError {
    switch extendedCode {
    case 2067, 1555, 2579: return .uniqueViolation(constraint(message))
    case 275: return .checkViolation(constraint(message))
    case 1299: return .notNullViolation(constraint(message))
    case 787: return .foreignKeyViolation(message)
    default: break
    }
    switch extendedCode & 0xff {
    case 19: return .constraint(message)
    case 5, 6: return .busy(message)
    case 8: return .readOnly(message)
    // I/O error, damaged file, full disk, can't open, not a database.
    case 10, 11, 13, 14, 26: return .storage(code: extendedCode, message: message)
    // Error in the statement (1) or its arguments (21, 25).
    case 1, 21, 25: return .statement(message, sql: sql ?? "")
    default: return .other(code: extendedCode, message: message)
    }
  }

  /// What stands after "UNIQUE constraint failed: ".
  private static func constraint(_ message: String) -> String {
    guard let colon = message.firstIndex(of: ":") else { return message }
    return String(message[colon...].dropFirst(2))
  }
}
