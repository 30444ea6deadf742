internal import Database

/// Runs bodies in transactions on one thread's connection, tells each caller how its own went, and
/// runs again what only met others or a broken connection.
///
/// Writes are READ COMMITTED: the program's statements hold the rows they decide by (FOR UPDATE),
/// or let a unique key or a version in the statement decide, which is what that level is sound
/// with. A stronger one would take its snapshot at a group's first statement, so that every member
/// that touches a row another group has changed since would fail and run again: with rows that all
/// payments of a shop share, nearly every group.
struct TransactionRunner {
  let options: PostgresOptions
  let connections: ConnectionHolder

  static let beginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
  /// One snapshot for all statements.
  static let beginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

  /// Why a transaction didn't hold.
  enum Failed: Error {
    /// Nothing of it holds; `remedy` tells whether running it again can help.
    case undone(any Error, StatementFailure.Remedy)
    /// It may hold or not: the connection broke while it was committed.
    case unknown(DatabaseError)
    /// It holds, but a hook after the commit has thrown.
    case hook(any Error)
  }

  /// Whether an error is only the adapter's own news of a failure that is recorded elsewhere.
  static func isInternal(_ error: any Error) -> Bool {
    error is StatementFailure || error is PostgresSession.Interrupted
  }

  /// What callers get.
  static func told(_ error: any Error) -> any Error {
    switch error {
    case Failed.undone(let error, _), Failed.hook(let error): error
    case Failed.unknown(let error): error
    case let failure as StatementFailure: failure.error
    default: error
    }
  }

  // MARK: One body

  /// Runs a read, or a write in a transaction of its own.
  func runSingle(_ job: Job) {
    var attempt = 1
    while true {
      do {
        let session = try connections.session(forJobFrom: job.enqueuedAt)
        return try attemptSingle(job, on: session)
      } catch Failed.undone(let error, let remedy) {
        guard prepareAgain(after: remedy, attempt: attempt) else { return job.fail(error) }
        attempt += 1
      } catch {
        return job.fail(Self.told(error))
      }
    }
  }

  /// Waits as long as the remedy asks for; false where running again is useless.
  func prepareAgain(after remedy: StatementFailure.Remedy, attempt: Int) -> Bool {
    guard attempt < options.attempts else { return false }
    switch remedy {
    case .none, .runAlone: return false
    case .prepareAgain, .reconnect: return true
    case .tryAgain:
      ConnectionHolder.sleep(
        Backoff.transaction(attempt: attempt, random: .random(in: 0...1)))
      return true
    }
  }

  private func attemptSingle(_ job: Job, on session: PostgresSession) throws {
    let isRead = job.kind == .read
    let acknowledge: @Sendable () -> Void
    do {
      try begin(isRead ? Self.beginRead : Self.beginWrite, on: session)
      session.member = 0
      acknowledge = try job.run(session)
      if isRead { try session.settle() }
      if let failure = session.failure { throw failure.cause }
    } catch {
      throw undo(error, on: session)
    }
    guard isRead else {
      try commit(on: session)
      return acknowledge()
    }
    // Nothing depends on how a read-only transaction ends.
    acknowledge()
    do { try session.recover("COMMIT") } catch { session.abandon() }
  }

  // MARK: Parts of a transaction

  /// Sends what begins a transaction; it goes out with the first statement.
  func begin(_ statement: String, on session: PostgresSession) throws {
    session.member = -1
    session.hasWritten = false
    try session.tidyStatements()
    try session.begin(statement)
  }

  /// Undoes the transaction after what a body or the server threw, and tells what it meant.
  func undo(_ error: any Error, on session: PostgresSession) -> Failed {
    session.forgetRows()
    if !session.isBroken, session.failure == nil, session.hasUnanswered {
      // The body's own error; what it had sent can only have failed besides.
      try? session.settle()
    }
    let cause = session.failure?.cause
    if !session.isBroken {
      do {
        try session.recover("ROLLBACK")
        if case .prepareAgain = cause?.remedy { try session.tidyStatements(force: true) }
      } catch {
        session.abandon()
      }
    }
    guard let cause else { return .undone(error, .none) }
    switch cause.remedy {
    case .none:
      return .undone(Self.isInternal(error) ? cause.error : error, .none)
    case .runAlone, .tryAgain, .prepareAgain, .reconnect:
      return .undone(cause.error, cause.remedy)
    }
  }

  /// Commits what was sent. Submitted statements and COMMIT go out together where no count of rows
  /// must be looked at first; the server skips the COMMIT after a failure.
  func commit(on session: PostgresSession) throws {
    do {
      if session.hasUncheckedCounts || options.commitHooks.beforeCommit != nil {
        try session.settle()
      }
      if let failure = session.failure { throw failure.cause }
      try options.commitHooks.beforeCommit?()
    } catch {
      throw undo(error, on: session)
    }
    do {
      session.member = -1
      try session.control("COMMIT", answering: "COMMIT")
      try session.settle()
      if let failure = session.failure { throw failure.cause }
    } catch {
      guard session.isBroken else { throw undo(error, on: session) }
      throw Failed.unknown(
        .connectionLost(
          session.failure.map { "\($0.cause.error)" } ?? "\(error)", commitIsUnknown: true))
    }
    do { try options.commitHooks.afterCommit?() } catch { throw Failed.hook(error) }
  }
}
