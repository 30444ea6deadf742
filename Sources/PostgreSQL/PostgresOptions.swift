package import Database

/// How a PostgreSQL database is reached and used.
package struct PostgresOptions: Sendable {
  /// A connection URI or libpq's `key=value` pairs (postgresql.org/docs/15, 34.1.1), TLS by its
  /// `sslmode` and `sslrootcert`. Several hosts may stand in it: the one that takes writes is used.
  package var connection: String
  /// In place of one in the connection string.
  package var password: String?
  /// What the server's own views call this program; the connection string can say otherwise.
  package var applicationName = "paywatch"
  /// How many connections there are at most, each with a thread of its own.
  package var poolSize = 8
  /// How many groups of writes run at once: while one waits for a row of another's, the others go
  /// on. One less than the pool's size at most, where that has several, so that groups never keep a
  /// read waiting.
  package var groupWriters = 4
  /// How many where more than `busyCount` writes wait or run: fewer commits serve so many sooner.
  package var busyGroupWriters = 2
  package var busyCount = 32
  /// How many grouped writes share a commit at most: bounds how long the first of them waits.
  package var groupLimit = 256
  /// How many reads and writes may wait; the next one throws `DatabaseError.overloaded`.
  package var waitingLimit = 16_384
  /// The server stops a statement that takes longer, which throws `DatabaseError.timedOut`.
  package var statementTimeoutMilliseconds = 30_000
  /// How long a transaction of one waits for a row that another one holds.
  package var lockTimeoutMilliseconds = 10_000
  /// How long a body in a group waits for a row before it leaves the group, which its others must
  /// not wait for, and runs alone. Also ends deadlocks between groups before the server looks.
  package var groupLockTimeoutMilliseconds = 20
  /// The server ends a session that holds a transaction open for so long without asking anything,
  /// as a paused process does.
  package var idleInTransactionTimeoutMilliseconds = 60_000
  /// How long an answer may take beyond what the server allows before the connection counts as
  /// lost.
  package var answerGraceMilliseconds = 10_000
  /// How long to try a connection.
  package var connectTimeoutSeconds = 5
  /// How long a body waits for a server that can't be reached, as while it restarts.
  package var connectPatienceMilliseconds = 5_000
  /// How often a transaction runs at most: after deadlocks, serialization failures and connections
  /// that broke before the commit.
  package var attempts = 10
  /// How many statements a connection keeps prepared.
  package var preparedLimit = 512
  /// How many submitted statements may wait for their answers.
  package var inFlightLimit = 1_024
  package var commitHooks = CommitHooks()

  package init(connection: String) { self.connection = connection }
}
