package import Database

/// How a SQLite database is opened.
package struct SQLiteOptions: Sendable {
  /// How many grouped writes share a commit at most: bounds how long the first of them waits.
  package var groupLimit = 256
  /// How many writes may wait; the next one throws `DatabaseError.overloaded`.
  package var waitingLimit = 16_384
  /// How many reads run at a time, each on its own connection.
  package var readerLimit = 4
  /// How long to wait for another process that holds the write lock.
  package var busyTimeoutMilliseconds = 5_000
  /// From how many pages (of 4 KiB) of write-ahead log on it is moved into the database, beside
  /// the writer; 0 for never. A page that several of the log's commits have written is moved once,
  /// so that a payment's which is paid, and final some blocks later, is; but what is moved at once
  /// keeps the disk from commits.
  package var checkpointPages = 8_192
  /// How much of the database the writer keeps in memory, in KiB.
  package var writerCacheKibibytes = 65_536
  package var commitHooks = CommitHooks()

  package init() {}
}
