internal import Foundation
internal import GRDB

/// The open file: GRDB's one writing connection and its reading ones, each on a dispatch queue.
final class SQLiteEngine: Sendable {
  private let writer: any DatabaseWriter
  /// The same where it is one connection, which also reads.
  private let only: DatabaseQueue?
  private let texts = StatementTexts()
  /// Nil where the log is never moved, or there is none.
  private let checkpointing: Checkpointing?

  /// Opens or creates the database at `path`; nil for one in memory, which has one connection.
  init(path: String?, options: SQLiteOptions) throws {
    var configuration = Configuration()
    configuration.label = "sqlite"
    configuration.foreignKeysEnabled = true
    configuration.maximumReaderCount = max(1, options.readerLimit)
    configuration.busyMode = .timeout(Double(options.busyTimeoutMilliseconds) / 1_000)
    (writer, only, checkpointing) = try Self.translatingErrors {
      let (writer, only): (any DatabaseWriter, DatabaseQueue?)
      var checkpointing: Checkpointing?
      if let path {
        (writer, only) = (try DatabasePool(path: path, configuration: configuration), nil)
        if options.checkpointPages > 0 {
          checkpointing = try Checkpointing(path: path, pages: options.checkpointPages)
        }
      } else {
        let queue = try DatabaseQueue(configuration: configuration)
        (writer, only) = (queue, queue)
      }
      // GRDB sets synchronous=NORMAL when it turns on the write-ahead log, which loses the
      // last commits with the power; what we acknowledge must not go. It can't be set earlier,
      // nor inside a transaction.
      try writer.writeWithoutTransaction { connection in
        try connection.execute(sql: "PRAGMA synchronous = FULL")
        try connection.execute(sql: "PRAGMA wal_autocheckpoint = 0")
        checkpointing?.follow(connection.sqliteConnection)
        // A log that one slow reader made grow is cut back at the next checkpoint; one of usual
        // length is written over, which spares the file system making it longer.
        let usual = options.checkpointPages * 4_096
        try connection.execute(sql: "PRAGMA journal_size_limit = \(2 * usual)")
        // What a group changes is written once, at its commit, instead of to make room before it.
        try connection.execute(sql: "PRAGMA cache_size = -\(options.writerCacheKibibytes)")
      }
      return (writer, only, checkpointing)
    }
  }

  /// Runs `body` on the writer's thread, outside a transaction, after those before it.
  func onWriter(_ body: @escaping @Sendable (SQLiteConnection) -> Void) {
    let texts = texts
    writer.asyncWriteWithoutTransaction { body(SQLiteConnection($0, texts: texts)) }
  }

  /// Runs `body` on a reader's thread, inside a read-only transaction.
  func onReader(_ body: @escaping @Sendable (Result<SQLiteConnection, any Error>) -> Void) {
    let texts = texts
    // GRDB would set query_only for each read, for which SQLite prepares all statements anew.
    if let only {
      return only.asyncWriteWithoutTransaction { connection in
        let reader = SQLiteConnection(connection, texts: texts, isReader: true)
        let begun = Result { try reader.control("BEGIN") }
        body(begun.map { reader })
        if reader.isInsideTransaction { try? reader.control("ROLLBACK") }
      }
    }
    writer.asyncRead { result in
      body(
        Result {
          try Self.translatingErrors { SQLiteConnection(try result.get(), texts: texts) }
        })
    }
  }

  /// Closes all connections, on a thread where waiting for them is harmless.
  func close(_ completion: @escaping @Sendable (Result<Void, any Error>) -> Void) {
    let (writer, checkpointing) = (writer, checkpointing)
    DispatchQueue.global().async {
      completion(
        Result {
          try Self.translatingErrors {
            // The last connection takes the log away, so that is the writer's.
            try checkpointing?.close()
            try writer.close()
          }
        })
    }
  }

  /// Gives GRDB's errors out as the seam's.
  static func translatingErrors<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as GRDB.DatabaseError {
      throw SQLiteErrors.error(
        extendedCode: Int(error.extendedResultCode.rawValue),
        message: error.message ?? "no message", sql: error.sql)
    }
  }
}
