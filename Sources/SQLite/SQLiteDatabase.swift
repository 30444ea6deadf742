package import Database
internal import Synchronization

/// SQLite through GRDB: a write-ahead log with synchronous=FULL, one writer, several readers.
///
/// Writes wait in one queue that a job on the writer's thread empties. While a commit waits for
/// the disk the next group gathers, so the more callers there are the more of them share a
/// commit, and one caller alone waits for nobody.
package final class SQLiteDatabase: Database {
  private let engine: SQLiteEngine
  private let options: SQLiteOptions
  private let queue = Mutex(WriteQueue())

  /// Opens or creates the database at `path`, with `-wal` and `-shm` files beside it.
  package convenience init(path: String, options: SQLiteOptions = SQLiteOptions()) throws {
    try self.init(engine: SQLiteEngine(path: path, options: options), options: options)
  }

  /// A new database in memory, gone when it is closed. It has one connection, so a read waits
  /// for the writes before it.
  package static func inMemory(options: SQLiteOptions = SQLiteOptions()) throws -> SQLiteDatabase {
    try SQLiteDatabase(engine: SQLiteEngine(path: nil, options: options), options: options)
  }

  private init(engine: SQLiteEngine, options: SQLiteOptions) {
    self.engine = engine
    self.options = options
  }

  package var dialect: SQLDialect { .sqlite }

  /// Its one writer; readers come and go.
  package var statistics: PoolStatistics {
    let (isBusy, waiting) = queue.withLock { ($0.isDraining, $0.count) }
    return PoolStatistics(size: 1, open: 1, inUse: isBusy ? 1 : 0, waiting: waiting)
  }

  /// How many writes wait for the writer now.
  package var waitingWriteCount: Int { queue.withLock(\.count) }

  package func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    guard !queue.withLock(\.isClosed) else { throw DatabaseError.closed }
    return try await withCheckedThrowingContinuation { continuation in
      engine.onReader { result in
        continuation.resume(with: Result { try body(result.get()) })
      }
    }
  }

  @discardableResult
  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await enqueue(isAlone: true, body)
  }

  @discardableResult
  package func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await enqueue(isAlone: false, body)
  }

  package func close() async throws {
    guard queue.withLock({ $0.close() }) else { return }
    // The writer's own queue runs the closing after the job that empties ours.
    try await withCheckedThrowingContinuation { continuation in
      engine.onWriter { [engine] _ in
        engine.close { continuation.resume(with: $0) }
      }
    }
  }

  package func withoutTransaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    guard !queue.withLock(\.isClosed) else { throw DatabaseError.closed }
    return try await withCheckedThrowingContinuation { continuation in
      engine.onWriter { connection in continuation.resume(with: Result { try body(connection) }) }
    }
  }

  /// Copies what is committed now into a file, which must be missing or empty. Other processes go
  /// on writing meanwhile; this one's writes wait.
  package func copy(to path: String) async throws {
    guard !queue.withLock(\.isClosed) else { throw DatabaseError.closed }
    try await withCheckedThrowingContinuation { continuation in
      engine.onWriter { connection in
        continuation.resume(with: Result { try connection.copy(to: path) })
      }
    }
  }

  private func enqueue<Value: Sendable>(
    isAlone: Bool, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let write = PendingWrite(
        isAlone: isAlone,
        run: { connection in
          let value = try body(connection)
          return { continuation.resume(returning: value) }
        },
        fail: { continuation.resume(throwing: $0) })
      let (admission, waiting) = queue.withLock {
        ($0.add(write, limit: options.waitingLimit), $0.count)
      }
      switch admission {
      case .startDraining: startDraining()
      case .queued: break
      case .refused: continuation.resume(throwing: DatabaseError.overloaded(waiting: waiting))
      case .closed: continuation.resume(throwing: DatabaseError.closed)
      }
    }
  }

  private func startDraining() {
    engine.onWriter { [self] connection in
      let transaction = WriteTransaction(connection: connection, hooks: options.commitHooks)
      while true {
        let writes = queue.withLock { $0.next(limit: max(1, options.groupLimit)) }
        if writes.isEmpty { return }
        transaction.run(writes)
      }
    }
  }
}
