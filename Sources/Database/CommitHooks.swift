/// Where a simulation stands in for a process that dies at a commit. Both run on the thread of the
/// transaction.
package struct CommitHooks: Sendable {
  /// Throws to stop before the commit: nothing of the transaction remains, and everyone in it
  /// gets the error.
  package var beforeCommit: (@Sendable () throws -> Void)?
  /// Throws to stop after the commit: everything of the transaction remains, and everyone in
  /// it gets the error instead of an answer.
  package var afterCommit: (@Sendable () throws -> Void)?

  package init(
    beforeCommit: (@Sendable () throws -> Void)? = nil,
    afterCommit: (@Sendable () throws -> Void)? = nil
  ) {
    self.beforeCommit = beforeCommit
    self.afterCommit = afterCommit
  }
}
