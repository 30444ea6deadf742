internal import Database

/// Runs writes in one transaction and tells each caller how its own went, nobody before the commit:
/// the reason of a refusal may be what another has written.
///
/// First all run one after the other without savepoints, each of which makes the engine keep a copy
/// of every page that the member changes. A body that throws before it has written anything leaves
/// nothing to undo. Where another throws, everything is undone and all run again, this time each
/// behind a savepoint.
struct WriteTransaction {
  let connection: SQLiteConnection
  let hooks: CommitHooks

  func run(_ writes: [PendingWrite]) {
    if !run(writes, behindSavepoints: false) { _ = run(writes, behindSavepoints: true) }
  }

  /// False where everything was undone because one member can't be undone alone.
  private func run(_ writes: [PendingWrite], behindSavepoints: Bool) -> Bool {
    do {
      try connection.control("BEGIN IMMEDIATE")
    } catch {
      for write in writes { write.fail(error) }
      return true
    }
    var done: [@Sendable () -> Void] = []
    done.reserveCapacity(writes.count)
    var refused: [(write: PendingWrite, error: any Error)] = []
    for write in writes {
      connection.hasWritten = false
      do {
        done.append(try behindSavepoints ? runBehindSavepoint(write) : runBody(write))
      } catch {
        guard connection.isInsideTransaction else {
          runApart(writes, after: error)
          return true
        }
        // A transaction of one is undone as a whole.
        if !behindSavepoints, connection.hasWritten, writes.count > 1 {
          rollBack()
          return false
        }
        refused.append((write, error))
      }
    }
    if done.isEmpty {
      rollBack()
      for (write, error) in refused { write.fail(error) }
    } else {
      commit(writes, done, refused)
    }
    return true
  }

  private func commit(
    _ writes: [PendingWrite], _ done: [@Sendable () -> Void],
    _ refused: [(write: PendingWrite, error: any Error)]
  ) {
    do {
      try hooks.beforeCommit?()
      try connection.control("COMMIT")
    } catch {
      rollBack()
      // A rule that is checked only at the commit: find the member that broke it.
      if (error as? DatabaseError)?.isConstraintViolation == true {
        return runApart(writes, after: error)
      }
      for write in writes { write.fail(error) }
      return
    }
    do {
      try hooks.afterCommit?()
      for acknowledge in done { acknowledge() }
      for (write, error) in refused { write.fail(error) }
    } catch {
      for write in writes { write.fail(error) }
    }
  }

  /// Runs one body, which fails with the transaction whatever it made of that.
  private func runBody(_ write: PendingWrite) throws -> @Sendable () -> Void {
    connection.end = nil
    let acknowledge = try write.run(connection)
    if let end = connection.end { throw end }
    return acknowledge
  }

  /// Runs one body so that what it throws undoes only its own changes.
  private func runBehindSavepoint(_ write: PendingWrite) throws -> @Sendable () -> Void {
    try connection.control("SAVEPOINT member")
    do {
      let acknowledge = try runBody(write)
      try connection.control("RELEASE member")
      return acknowledge
    } catch {
      // The engine may have undone the whole transaction already, and where this member alone can't
      // be undone all are; `run` looks.
      if connection.isInsideTransaction {
        do {
          try connection.control("ROLLBACK TO member")
          try connection.control("RELEASE member")
        } catch {
          rollBack()
        }
      }
      throw error
    }
  }

  /// The whole transaction is undone: gives each of the writes that were still alive in it one of
  /// its own, so that only the one that is to blame fails.
  private func runApart(_ writes: [PendingWrite], after error: any Error) {
    if writes.count == 1 {
      writes[0].fail(error)
    } else {
      for write in writes { run([write]) }
    }
  }

  private func rollBack() {
    // Fails only where the engine has rolled back already.
    if connection.isInsideTransaction { try? connection.control("ROLLBACK") }
  }
}
