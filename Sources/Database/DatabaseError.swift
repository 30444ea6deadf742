/// Why a statement or a transaction failed. The texts are the engine's own and name tables,
/// columns and constraints, never values.
package enum DatabaseError: Error, Sendable, Equatable {
  /// A row with that key exists. SQLite names the columns (`events.subject, events.sequence`),
  /// PostgreSQL the constraint.
  case uniqueViolation(String)
  /// A CHECK refused the row; names the check.
  case checkViolation(String)
  /// A NOT NULL column got no value; names the column.
  case notNullViolation(String)
  case foreignKeyViolation(String)
  /// Any other constraint, such as a value of the wrong type in a STRICT table.
  case constraint(String)
  /// Another process held the database or a row for longer than the busy timeout.
  case busy(String)
  /// A statement took longer than it may: the database has too much to do, or the statement is one
  /// that always will.
  case timedOut(String)
  /// More writes wait than the adapter accepts; nothing of this one happened.
  case overloaded(waiting: Int)
  /// The engine can't read the statement, or the arguments don't fit its parameters.
  case statement(String, sql: String)
  /// The text given as `$number` holds U+0000.
  case invalidText(parameter: Int)
  /// A body tried to begin or end a transaction, which only the adapter does.
  case transactionControl(sql: String)
  /// A body tried to change something in `read`.
  case readOnly(String)
  /// The role may not do that, or row-level security refused the row.
  case notPermitted(String)
  /// A column does not hold what the program expects there.
  case unexpectedValue(column: String, expected: String, found: String)
  /// The disk is full or failed, or the file is damaged. Whatever was not acknowledged is undone.
  case storage(code: Int, message: String)
  /// A submitted statement changed another number of rows than it had to.
  case unexpectedRowCount(expected: Int, found: Int)
  /// The server can't be reached, or the connection broke and trying again didn't help.
  ///
  /// Where the commit is unknown, the connection broke after COMMIT was sent: the transaction holds
  /// as a whole or not at all, and only a look at the database tells. It is never run again by
  /// itself; callers have idempotency keys and versions for that.
  case connectionLost(String, commitIsUnknown: Bool)
  /// The server is not one to keep payments in: its version, encoding or sort order.
  case unusable(String)
  /// The database was closed before the body ran.
  case closed
  case other(code: Int, message: String)

  /// Whether a transaction failed for a rule on its rows, so that trying it again is useless.
  package var isConstraintViolation: Bool {
    switch self {
    case .uniqueViolation, .checkViolation, .notNullViolation, .foreignKeyViolation, .constraint:
      true
    default: false
    }
  }
}
