internal import CPostgres
internal import Database

/// The seam's view of a connection while one of its bodies runs, and the adapter's own statements
/// around it.
///
/// Statements are sent as they come and answered in order. `submit` doesn't wait; `query` and
/// `execute` end what was sent with a Sync and wait for all of it, so that the server regards the
/// session as idle in a transaction between them and ends it should this process stand still. Each
/// statement carries the number of the group's member that it belongs to: a failure is that
/// member's, whoever was waiting when it came. After a failure the server skips everything up to
/// the Sync, and nothing more is sent until the adapter has rolled back.
final class PostgresSession: SQLConnection {
  /// A failure and whose it was.
  struct Failure {
    let member: Int
    let cause: StatementFailure
  }

  /// Thrown into a body after a failure that isn't its own.
  struct Interrupted: Error {}

  /// What a waiting caller gets.
  private struct Answer {
    var rows: ResultRows?
    var changed = 0
  }

  private let connection: ServerConnection
  private let inFlightLimit: Int
  private var cache: StatementCache
  private var arguments = ArgumentBuffer()
  private var sent: [SentStatement] = []
  private var firstUnanswered = 0
  private var bytesInFlight = 0
  private static let bytesInFlightLimit = 4 << 20

  private var tenant = ActingTenant()
  private var gathered = GatheredRows()

  /// Whose statements come now; −1 for the adapter's own. A statement with the rows of more than
  /// one is `GatheredRows.several`'s.
  var member = -1 {
    didSet { tenant.wanted = nil }
  }
  /// Whether the member has sent anything but a SELECT.
  var hasWritten = false
  private(set) var failure: Failure?
  /// The connection can't be used any more.
  private(set) var isBroken = false

  /// Connects and sets the session up; waits for both.
  init(_ options: PostgresOptions) throws {
    connection = try ServerConnection(options)
    inFlightLimit = max(1, options.inFlightLimit)
    cache = StatementCache(limit: max(1, options.preparedLimit))
    try setUp(options)
  }

  var dialect: SQLDialect { .postgreSQL }

  /// Whether something was sent whose answer isn't known.
  var hasUnanswered: Bool { firstUnanswered < sent.count }

  /// Whether an unanswered statement must change a certain number of rows.
  var hasUncheckedCounts: Bool {
    gathered.batches.contains { $0.statement.isCounted }
      || sent[firstUnanswered...].contains { $0.expectedCount != nil }
  }

  // MARK: The body's statements

  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
    try send(sql, arguments, .execution)
    return try resolve().changed
  }

  func query(_ sql: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
    try send(sql, arguments, .query)
    return try resolve().rows?.values() ?? []
  }

  func forEachRow(
    of sql: String, _ arguments: [SQLValue], _ body: (any SQLRowView) throws -> Void
  ) throws {
    try send(sql, arguments, .query)
    try resolve().rows?.forEach(body)
  }

  func submit(_ sql: String, _ arguments: [SQLValue], changing count: Int?) throws {
    try send(sql, arguments, .statement, expectedCount: count)
    let unanswered = sent.count - firstUnanswered
    if unanswered >= inFlightLimit || bytesInFlight >= Self.bytesInFlightLimit {
      try resolve()
    } else if unanswered % 32 == 0 {
      // Lets the server begin while the body goes on.
      try breaking { try connection.flush() }
    }
  }

  func submit(_ row: [SQLValue], of statement: RowStatement) throws {
    try checkUsable()
    hasWritten = true
    try gathered.add(row, of: statement, tenant: tenant.wanted, member: member)
    if gathered.isFull { try sendRows() }
  }

  func actAs(tenant name: String) throws {
    guard !name.utf8.contains(0) else { throw DatabaseError.invalidText(parameter: 1) }
    tenant.wanted = name
  }

  // MARK: The adapter's statements

  /// Sends what begins a transaction; it goes out with the first statement.
  func begin(_ statement: String) throws {
    tenant.begin()
    try control(statement)
  }

  /// Undoes what was done since the savepoint, and forgets it and the failure.
  func leave(savepoint name: String) throws {
    try recover("ROLLBACK TO SAVEPOINT \(name)", "RELEASE SAVEPOINT \(name)")
    tenant.rollBack()
  }

  /// Sends one of the adapter's own statements: BEGIN, SAVEPOINT, …. Where `tag` is given, the
  /// server must answer with it.
  func control(_ sql: String, answering tag: String? = nil) throws {
    try checkUsable()
    try sendRows()
    arguments.fillNothing()
    try breaking { try connection.execute(sql, &arguments) }
    sent.append(SentStatement(kind: .statement, member: member, sql: sql, expectedTag: tag))
  }

  /// Waits for the answers to everything sent; throws the failure if there was one.
  @discardableResult
  private func resolve() throws -> Answer {
    try synchronize()
    let answer = try breaking { try receive() }
    if let failure { throw failure.member == member ? failure.cause.error : Interrupted() }
    return answer
  }

  /// Waits for the answers to everything sent; `failure` tells how it went.
  func settle() throws {
    try sendRows()
    guard hasUnanswered else { return }
    try synchronize()
    try breaking { _ = try receive() }
  }

  /// Undoes what failed with these statements, and forgets the failure.
  func recover(_ statements: String...) throws {
    gathered.removeAll()
    if !isBroken, hasUnanswered { try settle() }
    failure = nil
    let member = member
    self.member = -1
    defer { self.member = member }
    for statement in statements { try control(statement) }
    try settle()
    if let failure { throw failure.cause }
  }

  /// Forgets what is prepared where that has become too much or doesn't fit any more. Between
  /// transactions.
  func tidyStatements(force: Bool = false) throws {
    guard cache.isFull || force else { return }
    cache.removeAll()
    try control("DEALLOCATE ALL")
    // Apart from the BEGIN that follows: without a Sync both would be one transaction.
    try settle()
    if let failure { throw failure.cause }
  }

  /// Forgets rows that weren't sent: their transaction is undone.
  func forgetRows() { gathered.removeAll() }

  /// Gives up the connection: the server undoes what isn't committed.
  func abandon() { isBroken = true }

  // MARK: Sending

  private func checkUsable() throws {
    if isBroken { throw Interrupted() }
    if let failure { throw failure.member == member ? failure.cause.error : Interrupted() }
  }

  private func send(
    _ sql: String, _ values: [SQLValue], _ kind: SentStatement.Kind, expectedCount: Int? = nil
  ) throws {
    try checkUsable()
    let statement = try cache.statement(sql, isOwn: false)
    try sendRows()
    try changeTenant()
    try transmit(statement, values, kind, expectedCount: expectedCount)
  }

  /// Sends the rows that have gathered.
  private func sendRows() throws {
    guard !gathered.isEmpty, !isBroken, failure == nil else { return }
    let (own, wanted) = (member, tenant.wanted)
    let batches = gathered.batches
    gathered.removeAll()
    defer {
      member = own
      tenant.wanted = wanted
    }
    for batch in batches {
      member = batch.member
      tenant.wanted = batch.tenant
      let statement = try cache.statement(batch.statement.arrays, isOwn: false)
      try changeTenant()
      try arguments.fill(batch.columns, sql: batch.statement.arrays)
      try transmitFilled(
        statement, .statement, expectedCount: batch.statement.isCounted ? batch.count : nil)
    }
  }

  /// Tells the server on whose behalf the next statement runs, where it doesn't know.
  private func changeTenant() throws {
    guard let change = tenant.change() else { return }
    try transmit(try cache.statement(ActingTenant.statement, isOwn: true), change, .statement)
  }

  private func transmit(
    _ statement: StatementCache.Statement, _ values: [SQLValue], _ kind: SentStatement.Kind,
    expectedCount: Int? = nil
  ) throws {
    let sql = statement.text.sql
    guard values.count == statement.text.parameterCount else {
      throw DatabaseError.statement(
        "\(values.count) arguments for \(statement.text.parameterCount) parameters", sql: sql)
    }
    try arguments.fill(values, sql: sql)
    try transmitFilled(statement, kind, expectedCount: expectedCount)
  }

  /// Sends a statement with what stands in `arguments`.
  private func transmitFilled(
    _ statement: StatementCache.Statement, _ kind: SentStatement.Kind, expectedCount: Int?
  ) throws {
    let sql = statement.text.sql
    if !statement.text.isSelect { hasWritten = true }
    bytesInFlight += sql.utf8.count + arguments.byteCount
    try breaking {
      if let name = statement.name(arguments.kinds) {
        try connection.executePrepared(name, &arguments)
      } else if let name = cache.add(statement, arguments.kinds) {
        try connection.prepare(name, sql, arguments.kinds)
        sent.append(
          SentStatement(kind: .preparation(statement, name: name), member: member, sql: sql))
        try connection.executePrepared(name, &arguments)
      } else {
        try connection.execute(sql, &arguments)
      }
    }
    sent.append(SentStatement(kind: kind, member: member, sql: sql, expectedCount: expectedCount))
  }

  private func synchronize() throws {
    if isBroken { throw Interrupted() }
    try breaking {
      try connection.synchronize()
      sent.append(SentStatement(kind: .synchronization, member: member, sql: ""))
    }
  }

  /// Runs what talks to the server; the connection is of no more use where that fails.
  private func breaking<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let cause as StatementFailure {
      isBroken = true
      fail(cause)
      throw cause
    }
  }

  private func fail(_ cause: StatementFailure, member: Int? = nil) {
    if failure == nil { failure = Failure(member: member ?? self.member, cause: cause) }
    if case .reconnect = cause.remedy { isBroken = true }
  }

  // MARK: Receiving

  /// Takes the answers to everything sent.
  private func receive() throws -> Answer {
    var answer = Answer()
    var emptyRounds = 0
    while hasUnanswered {
      let current = sent[firstUnanswered]
      guard let result = try connection.nextResult().map(ResultRows.init) else {
        emptyRounds += 1
        guard connection.isAlive, emptyRounds < 8 else {
          throw PostgresErrors.lost(connection.lostReason)
        }
        continue
      }
      emptyRounds = 0
      try take(result, for: current, into: &answer)
      firstUnanswered += 1
      if case .synchronization = current.kind { continue }
      // What ends the results of a statement; more than one result comes from none of ours.
      guard try connection.nextResult() == nil else {
        throw PostgresErrors.lost("the server gave two results for one statement")
      }
    }
    sent.removeAll(keepingCapacity: true)
    firstUnanswered = 0
    bytesInFlight = 0
    return answer
  }

  private func take(
    _ rows: ResultRows, for current: SentStatement, into answer: inout Answer
  ) throws {
    let result = rows.result
    switch PQresultStatus(result) {
    case PGRES_PIPELINE_SYNC:
      guard case .synchronization = current.kind else {
        throw PostgresErrors.lost("the server's answers don't match what was asked")
      }
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
      do {
        try accept(rows, for: current, into: &answer)
      } catch {
        fail(StatementFailure(error: error, remedy: .none), member: current.member)
      }
    case PGRES_PIPELINE_ABORTED:
      forgetPreparation(current)
    default:
      forgetPreparation(current)
      let cause = PostgresErrors.failure(PostgresErrors.report(result), sql: current.sql)
      fail(cause, member: current.member)
      if isBroken { throw cause }
    }
  }

  private func accept(
    _ rows: ResultRows, for current: SentStatement, into answer: inout Answer
  ) throws(DatabaseError) {
    switch current.kind {
    case .query: answer.rows = rows
    case .execution: answer.changed = rows.changed
    case .statement:
      if let expected = current.expectedCount, rows.changed != expected {
        throw .unexpectedRowCount(expected: expected, found: rows.changed)
      }
      if let tag = current.expectedTag, rows.tag != tag {
        throw .other(code: 0, message: "\(current.sql) was not done")
      }
    case .preparation, .synchronization: break
    }
  }

  private func forgetPreparation(_ current: SentStatement) {
    if case .preparation(let statement, let name) = current.kind {
      cache.forget(statement, name: name)
    }
  }

  // MARK: Setting up

  private func setUp(_ options: PostgresOptions) throws {
    guard connection.serverVersion >= 150_000 else {
      throw DatabaseError.unusable(
        "PostgreSQL \(connection.serverVersion / 10_000) is too old: 15 or newer is needed")
    }
    guard connection.serverEncoding == "UTF8" else {
      throw DatabaseError.unusable("the database's encoding is not UTF8")
    }
    // An administrator may ask for more than `on`; less would acknowledge what can be lost.
    let statement = try cache.statement(
      """
      SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false),
        set_config('idle_in_transaction_session_timeout', $3, false),
        set_config('bytea_output', 'hex', false),
        set_config('synchronous_commit', CASE
          WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
          THEN 'on' ELSE current_setting('synchronous_commit') END, false),
        CASE WHEN 'B' < 'a' AND 'Z' < '_' THEN 1 ELSE 0 END AS sorts_by_bytes
      """, isOwn: true)
    try transmit(
      statement,
      [
        .text(String(options.statementTimeoutMilliseconds)),
        .text(String(options.lockTimeoutMilliseconds)),
        .text(String(options.idleInTransactionTimeoutMilliseconds)),
      ], .query)
    guard try resolve().rows?.values().first?.flag("sorts_by_bytes") == true else {
      throw DatabaseError.unusable(
        "the database sorts text by a language's rules: create it with LOCALE 'C'")
    }
  }
}
