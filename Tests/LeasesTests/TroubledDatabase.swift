import Database
import SQLite
import Synchronization

/// A database whose writes fail or get no answer while a test wants it so.
final class TroubledDatabase: Database {
  enum Trouble: Sendable {
    case none
    case fails
    case silent
  }

  struct Unreachable: Error {}

  private struct State {
    var trouble = Trouble.none
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let database: SQLiteDatabase
  private let state = Mutex(State())

  init(_ database: SQLiteDatabase) {
    self.database = database
  }

  /// How many writes get no answer now.
  var waitingCount: Int { state.withLock(\.waiting.count) }

  func set(_ trouble: Trouble) {
    let waiting = state.withLock { state in
      state.trouble = trouble
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  var dialect: SQLDialect { database.dialect }

  var statistics: PoolStatistics { database.statistics }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await database.read(body)
  }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    switch state.withLock(\.trouble) {
    case .none: break
    case .fails: throw Unreachable()
    case .silent: await withCheckedContinuation { c in state.withLock { $0.waiting.append(c) } }
    }
    return try await database.write(body)
  }

  func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await write(body)
  }

  func close() async throws { try await database.close() }
}
