internal import Database

/// Runs bodies that share a commit.
///
/// First all run one after the other without savepoints, their statements in one pipeline and their
/// rows in the same statements: each costs its own statements and no round trip but its own
/// questions, and the transaction has no subtransactions, of which PostgreSQL bears few. A body
/// that throws before it has written anything leaves nothing to undo. Where another fails,
/// everything is undone and all run again, this time each behind a savepoint. A body that met a row
/// which another transaction holds leaves the group and runs alone afterwards. Nobody is told
/// before the commit, not even who was refused: the reason may be what another member has written.
struct GroupRunner {
  let runner: TransactionRunner

  /// How a pass over some jobs ended.
  private enum Outcome {
    /// The commit holds, or nobody is left who waits for it.
    case answered
    /// Nothing holds: these run again behind savepoints.
    case undone([Job])
    /// Nothing holds: these run again each on its own.
    case scattered([Job])
    /// Nothing holds for a reason that was none of the bodies'.
    case lost(any Error, StatementFailure.Remedy, [Job])
  }

  func run(_ jobs: [Job]) {
    guard jobs.count > 1 else {
      for job in jobs { runner.runSingle(job) }
      return
    }
    var jobs = jobs
    var apart: [Job] = []
    var usesSavepoints = false
    var attempt = 1
    while let first = jobs.first {
      let outcome: Outcome
      do {
        let session = try runner.connections.session(forJobFrom: first.enqueuedAt)
        var pass = Pass(runner: runner, session: session, jobs: jobs)
        outcome = usesSavepoints ? pass.runBehindSavepoints() : pass.runTogether()
        apart += pass.apart
      } catch {
        outcome = .lost(error, .none, jobs)
      }
      switch outcome {
      case .answered: jobs = []
      case .undone(let rest):
        jobs = rest
        usesSavepoints = true
      case .scattered(let rest):
        jobs = []
        apart += rest
      case .lost(let error, let remedy, let rest):
        jobs = rest
        attempt += 1
        if !runner.prepareAgain(after: remedy, attempt: attempt) {
          for job in rest { job.fail(error) }
          jobs = []
        }
      }
    }
    for job in apart { runner.runSingle(job) }
  }

  /// One transaction over some jobs.
  private struct Pass {
    let runner: TransactionRunner
    let session: PostgresSession
    let jobs: [Job]
    /// Those that have met another transaction and will run alone.
    private(set) var apart: [Job] = []
    private var done: [@Sendable () -> Void] = []
    /// Those whose bodies threw, and what.
    private var refused: [(job: Job, error: any Error)] = []
    /// The places of those that run alone.
    private var settled: Set<Int> = []

    init(runner: TransactionRunner, session: PostgresSession, jobs: [Job]) {
      self.runner = runner
      self.session = session
      self.jobs = jobs
    }

    private var rest: [Job] {
      jobs.indices.filter { !settled.contains($0) }.map { jobs[$0] }
    }

    private func begin() throws {
      try runner.begin(TransactionRunner.beginWrite, on: session)
      // Members find rows by their keys. A plan that was made and kept while a table was small
      // would otherwise go through all of it, until the server analyses the table.
      try session.control(
        """
        SELECT set_config('lock_timeout', \
        '\(max(1, runner.options.groupLockTimeoutMilliseconds))', true), \
        set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), \
        set_config('enable_mergejoin', 'off', true)
        """)
    }

    private func checkFailure() throws {
      if let failure = session.failure { throw failure.cause }
    }

    // MARK: All together

    mutating func runTogether() -> Outcome {
      do {
        try begin()
        for (place, job) in jobs.enumerated() {
          session.member = place
          session.hasWritten = false
          do {
            done.append(try job.run(session))
          } catch {
            if session.isBroken || session.failure != nil { throw error }
            guard session.hasWritten else {
              refused.append((job, error))
              continue
            }
            _ = runner.undo(error, on: session)
            return .undone(rest)
          }
          try checkFailure()
        }
        try session.settle()
        try checkFailure()
      } catch {
        return undo(after: error)
      }
      return commit()
    }

    /// Undoes everything after a statement's failure.
    private mutating func undo(after error: any Error) -> Outcome {
      let failure = session.failure
      _ = runner.undo(error, on: session)
      guard let failure else { return .lost(error, .none, rest) }
      let (member, cause) = (failure.member, failure.cause)
      let isOneMembers = jobs.indices.contains(member)
      guard isOneMembers || member == GatheredRows.several, cause.remedy.keepsConnection else {
        return .lost(cause.error, cause.remedy, rest)
      }
      // Of several, each alone will show whose it was.
      if isOneMembers, cause.remedy.meetsOthers {
        apart.append(jobs[member])
        settled.insert(member)
      }
      return .undone(rest)
    }

    // MARK: Behind savepoints

    mutating func runBehindSavepoints() -> Outcome {
      do {
        try begin()
      } catch {
        return undo(after: error)
      }
      for (place, job) in jobs.enumerated() {
        session.member = place
        do {
          try session.control("SAVEPOINT member")
          let acknowledge = try job.run(session)
          try session.settle()
          try checkFailure()
          try session.control("RELEASE SAVEPOINT member")
          done.append(acknowledge)
        } catch {
          if let outcome = leave(job, at: place, after: error) { return outcome }
        }
      }
      return commit()
    }

    /// Undoes one member alone; how the pass ends where that can't be.
    private mutating func leave(_ job: Job, at place: Int, after error: any Error) -> Outcome? {
      let cause = session.failure?.cause
      if session.isBroken { return undo(after: error) }
      if case .prepareAgain = cause?.remedy { return undo(after: error) }
      do {
        try session.leave(savepoint: "member")
      } catch let second {
        _ = runner.undo(second, on: session)
        return .scattered(rest)
      }
      if cause?.remedy.meetsOthers == true {
        apart.append(job)
        settled.insert(place)
      } else {
        let isInternal = TransactionRunner.isInternal(error)
        refused.append((job, isInternal ? cause?.error ?? error : error))
      }
      return nil
    }

    // MARK: The end

    private func commit() -> Outcome {
      guard !done.isEmpty else {
        _ = runner.undo(PostgresSession.Interrupted(), on: session)
        tellRefused()
        return .answered
      }
      do {
        try runner.commit(on: session)
        for acknowledge in done { acknowledge() }
        tellRefused()
      } catch TransactionRunner.Failed.undone(let error, .none) {
        // A rule that is checked only at the commit: find the member that broke it.
        if (error as? DatabaseError)?.isConstraintViolation == true { return .scattered(rest) }
        for job in rest { job.fail(error) }
      } catch TransactionRunner.Failed.undone(let error, let remedy) {
        return .lost(error, remedy, rest)
      } catch {
        for job in rest { job.fail(TransactionRunner.told(error)) }
      }
      return .answered
    }

    private func tellRefused() {
      for (job, error) in refused { job.fail(error) }
    }
  }
}
