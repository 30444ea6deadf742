internal import Database
internal import Synchronization

/// SQLite's text for each of the program's statements, rewritten once.
final class StatementTexts: Sendable {
  private let rewritten = Mutex<[String: String]>([:])
  /// Statements are program text, some of them composed of a few filters; anything beyond this
  /// many would be a statement with values in its text.
  private let limit = 1_024

  /// SQLite's text for `sql`, unless only the adapter may run it.
  func text(for sql: String) throws(DatabaseError) -> String {
    if let known = rewritten.withLock({ $0[sql] }) { return known }
    let text = ParameterRewriting.rewrite(try StatementText(sql).sql)
    rewritten.withLock {
      if $0.count >= limit { $0.removeAll() }
      $0[sql] = text
    }
    return text
  }
}
