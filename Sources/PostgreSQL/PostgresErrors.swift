internal import CPostgres
internal import Database

/// What went wrong with a statement, and what helps against it.
struct StatementFailure: Error {
  enum Remedy {
    /// Nothing: trying again would fail again.
    case none
    /// The same transaction can succeed a moment later: a deadlock or a serialization failure.
    case tryAgain
    /// Another transaction held a row for too long: whoever shares a commit gets out of its way.
    case runAlone
    /// The connection's prepared statements no longer fit the tables.
    case prepareAgain
    /// The connection is gone, and with it the transaction.
    case reconnect

    /// Whether the statement met another transaction, and may succeed alone.
    var meetsOthers: Bool {
      switch self {
      case .tryAgain, .runAlone: true
      case .none, .prepareAgain, .reconnect: false
      }
    }

    /// Whether the connection can be used as it is once the transaction is undone.
    var keepsConnection: Bool {
      switch self {
      case .none, .tryAgain, .runAlone: true
      case .prepareAgain, .reconnect: false
      }
    }
  }

  let error: DatabaseError
  let remedy: Remedy
}

/// PostgreSQL's SQLSTATEs that the seam tells apart (postgresql.org/docs/15, appendix A).
enum PostgresErrors {
  /// What the server said, copied out of libpq.
  struct Report {
    /// Nil where it isn't the server that speaks but libpq.
    var state: String?
    /// ERROR, FATAL or PANIC.
    var severity = "ERROR"
    var message = ""
    var constraint: String?
    var table: String?
    var column: String?
  }

  static func failure(_ report: Report, sql: String) -> StatementFailure {
    guard let state = report.state, report.severity == "ERROR" else { return lost(report.message) }
    switch state {
    case "40001", "40P01":
      return StatementFailure(error: .busy(report.message), remedy: .tryAgain)
    case "55P03": return StatementFailure(error: .busy(report.message), remedy: .runAlone)
    // A plan whose result has another form since a migration, which no other code tells (messages
    // come in the server's language), and a statement that a pooler between us has lost.
    case "0A000", "26000":
      return StatementFailure(
        error: .statement(report.message, sql: sql), remedy: .prepareAgain)
    case "08P01": break
    case _ where state.hasPrefix("08") || state.hasPrefix("57P"): return lost(report.message)
    default: break
    }
    return StatementFailure(error: error(state, report, sql: sql), remedy: .none)
  }

  static func lost(_ message: String) -> StatementFailure {
    StatementFailure(
      error: .connectionLost(message, commitIsUnknown: false), remedy: .reconnect)
  }

  private static func error(_ state: String, _ report: Report, sql: String) -> DatabaseError {
    let message = report.message
    switch state {
    case "23505": return .uniqueViolation(report.constraint ?? message)
    case "23514": return .checkViolation(report.constraint ?? message)
    case "23503": return .foreignKeyViolation(report.constraint ?? message)
    case "23502":
      let names = [report.table, report.column].compactMap { $0 }
      return .notNullViolation(names.isEmpty ? message : names.joined(separator: "."))
    case "25006": return .readOnly(message)
    case "42501": return .notPermitted(message)
    case "57014": return .timedOut(message)
    default: break
    }
    switch state.prefix(2) {
    // A rule on rows, or a value that doesn't fit its column.
    case "22", "23": return .constraint(message)
    case "08", "26", "42": return .statement(message, sql: sql)
    // What the statement does with these values: several rows where one belongs, an index row that
    // is too long, an exception of a function or trigger.
    case "21", "38", "39", "54", "P0": return .statement(message, sql: sql)
    // Disk or memory full, I/O errors, damaged data.
    case "53", "58", "XX": return .storage(code: code(state), message: message)
    default: return .other(code: code(state), message: message)
    }
  }

  /// The five characters of a SQLSTATE as a number in base 36: what an integer can hold of it.
  private static func code(_ state: String) -> Int { Int(state, radix: 36) ?? 0 }

  static func report(_ result: OpaquePointer) -> Report {
    // PG_DIAG_SEVERITY_NONLOCALIZED and so on are character constants (postgres_ext.h).
    func field(_ letter: Unicode.Scalar) -> String? {
      PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) }
    }
    return Report(
      state: field("C"), severity: field("V") ?? "ERROR",
      message: field("M") ?? PQresultErrorMessage(result).map { trimmed($0) } ?? "no message",
      constraint: field("n"), table: field("t"), column: field("c"))
  }

  /// libpq's own messages end with a line break.
  static func trimmed(_ message: UnsafePointer<CChar>) -> String {
    var text = String(cString: message)
    while text.last?.isNewline == true { text.removeLast() }
    return text
  }
}
