internal import Database

/// Which statements a connection has prepared, and under which names.
///
/// A statement is prepared once for each combination of kinds among its arguments, since an
/// argument's kind decides its type: integers are 64-bit, bytes are BYTEA, and what a text is the
/// server finds from where it stands (text, numeric, …).
struct StatementCache {
  /// One statement's text with the names under which it is prepared.
  final class Statement {
    let text: StatementText
    fileprivate let isOwn: Bool
    fileprivate(set) var names: [(kinds: [ArgumentKind], name: String)] = []

    init(_ text: StatementText, isOwn: Bool) {
      self.text = text
      self.isOwn = isOwn
    }

    func name(_ kinds: [ArgumentKind]) -> String? {
      names.first { $0.kinds == kinds }?.name
    }
  }

  private let limit: Int
  private var statements: [String: Statement] = [:]
  private var prepared = 0
  /// Names are never used again, whatever became of them.
  private var lastName = 0

  init(limit: Int) { self.limit = limit }

  /// Whether nothing more is kept until the next `removeAll`.
  var isFull: Bool { prepared >= limit }

  /// - Parameter isOwn: the adapter's own may change the session
  mutating func statement(_ sql: String, isOwn: Bool) throws(DatabaseError) -> Statement {
    if let known = statements[sql], known.isOwn == isOwn { return known }
    let statement = Statement(
      isOwn ? StatementText(trusted: sql) : try StatementText(sql), isOwn: isOwn)
    if statements.count < limit { statements[sql] = statement }
    return statement
  }

  /// A new name under which the caller prepares the statement; nil where the cache is full.
  mutating func add(_ statement: Statement, _ kinds: [ArgumentKind]) -> String? {
    guard !isFull, statements[statement.text.sql] === statement else { return nil }
    prepared += 1
    lastName += 1
    let name = "s\(lastName)"
    statement.names.append((kinds, name))
    return name
  }

  /// What was to be prepared under that name wasn't.
  mutating func forget(_ statement: Statement, name: String) {
    let count = statement.names.count
    statement.names.removeAll { $0.name == name }
    prepared -= count - statement.names.count
  }

  mutating func removeAll() {
    statements.removeAll(keepingCapacity: true)
    prepared = 0
  }
}
