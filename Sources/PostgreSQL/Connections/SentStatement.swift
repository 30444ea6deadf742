/// A statement that was sent and not yet answered.
struct SentStatement {
  enum Kind {
    case preparation(StatementCache.Statement, name: String)
    case statement
    /// Its rows are what the caller waits for.
    case query
    /// The number of changed rows is what the caller waits for.
    case execution
    case synchronization
  }

  let kind: Kind
  /// Whose it is in a group; see `PostgresSession.member`.
  let member: Int
  let sql: String
  var expectedCount: Int?
  var expectedTag: String?
}
