internal import Database
internal import Synchronization

/// SQLite's text for each of the program's statements, rewritten once.
final class StatementTexts: Sendable {
  private let rewritten = Mutex<[String: String]>([:])
  /// Statements are program text, some of them composed of a few filters; anything beyond this
  /// many would be a statement with values in its text.
  private let limit = 1_024

  private static let transactionControl: Set<String> = [
    "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "ATTACH", "DETACH", "VACUUM",
  ]

  /// SQLite's text for `sql`, unless it would begin or end a transaction.
  func text(for sql: String) throws(DatabaseError) -> String {
    if let known = rewritten.withLock({ $0[sql] }) { return known }
    guard !Self.transactionControl.contains(ParameterRewriting.firstWord(sql)) else {
      throw .transactionControl(sql: sql)
    }
    let text = ParameterRewriting.rewrite(sql)
    rewritten.withLock {
      if $0.count >= limit { $0.removeAll() }
      $0[sql] = text
    }
    return text
  }
}
