/// The inside of one transaction, on one thread. It must not be kept beyond the body it was
/// given to.
///
/// Parameters are `$1`, `$2`, …, in any order and as often as needed; every one up to the
/// number of arguments is given. One statement a call.
///
/// A statement that fails ends the body: PostgreSQL runs nothing after it, and what the body
/// returns in spite of it is not given out.
package protocol SQLConnection: AnyObject {
  var dialect: SQLDialect { get }

  /// Runs a statement that gives no rows and returns how many rows it changed.
  @discardableResult
  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int

  /// All rows of the answer, in memory: callers bound what they ask for.
  func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow]

  /// Hands each row of the answer to `body`, which must not ask the connection anything. What it
  /// throws ends the reading and reaches the caller.
  func forEachRow(
    of sql: String, _ arguments: [SQLValue], _ body: (any SQLRowView) throws -> Void) throws

  /// Hands in a statement whose answer nobody needs. It runs in order with the others, by the end
  /// of the body at the latest; PostgreSQL gets many of them in one message.
  ///
  /// What goes wrong with it fails the body at its next statement or at its end. Where `count` is
  /// given, changing another number of rows is `DatabaseError.unexpectedRowCount`.
  func submit(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws

  /// Hands in a row, as `submit` does a statement. It may be written together with others' rows of
  /// the same statement, so the order among rows that are handed in before the next question or
  /// other statement isn't kept: none of them may need another.
  func submit(_ row: [SQLValue], of statement: RowStatement) throws

  /// Does the rest of the body on behalf of the tenant. PostgreSQL then shows it that tenant's rows
  /// only, and lets it do what `RowSecurity` allows; nothing in a body takes that back, and other
  /// bodies in the same commit know nothing of it. Costs no wait. SQLite does nothing.
  func actAs(tenant: String) throws
}

extension SQLConnection {
  @discardableResult
  package func execute(_ sql: String) throws -> Int { try execute(sql, []) }

  package func query(_ sql: String) throws -> [SQLRow] { try query(sql, []) }

  package func submit(_ sql: String, _ arguments: [SQLValue]) throws {
    try submit(sql, arguments, changing: nil)
  }

  package func submit(_ row: [SQLValue], of statement: RowStatement) throws {
    try submit(statement.single, row, changing: statement.isCounted ? 1 : nil)
  }

  /// The first row of the answer, or nil where it is empty.
  package func queryFirst(_ sql: String, _ arguments: [SQLValue] = []) throws -> SQLRow? {
    try query(sql, arguments).first
  }
}

/// A database with transactions. What depends on the engine stands in its `SQLDialect`.
///
/// A body is synchronous and runs off the cooperative pool. It may run more than once before its
/// transaction holds (after a deadlock, a lost connection, or another's failure in its group), so
/// it has no effect but through its connection. An error it throws undoes everything it did and
/// reaches the caller as it is.
///
/// Where writers run at once (PostgreSQL), each statement of a write sees what others committed
/// before that statement began: a body that decides by what it read holds those rows
/// (`SQLDialect.forUpdate`), or lets a unique key or a version in the statement decide.
package protocol Database: Sendable {
  var dialect: SQLDialect { get }

  /// How its connections are doing.
  var statistics: PoolStatistics { get }

  /// Runs `body` on an unchanging view of what is committed; it can't change anything.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value

  /// Runs `body` in a transaction of its own, durable on return.
  @discardableResult
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value

  /// Runs `body` in a durable commit that it may share with concurrent others. Each fails alone:
  /// what one throws undoes only its own changes. Returns once the commit is durable.
  ///
  /// Bodies that share a commit run one after the other, and each sees what those before it did.
  /// SQLite runs all in the order in which they were handed in; PostgreSQL runs several groups at
  /// once, and a body that got in another's way again later.
  @discardableResult
  func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value

  /// Runs statements outside any transaction, each durable by itself, for what can't be done in
  /// one. PostgreSQL gives the body a connection of its own, and each statement as long as it
  /// takes.
  func withoutTransaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value

  /// Lets what was handed in finish, then closes. Everything after throws `DatabaseError.closed`.
  func close() async throws
}

extension Database {
  /// Of those that stand before another one: nothing that migrates.
  package func withoutTransaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value { try await write(body) }
}
