import Database
import Synchronization
import TestDatabases

/// A database that fails at one of its transactions, or of those that succeed: the process's death at that point, as far as
/// the data can tell.
final class FaultyDatabase: Database {
  enum Point: CaseIterable {
    /// Before anything happened, after everything but the commit, and after the commit.
    case before, inside, after
  }

  struct Death: Error {}

  private let database: any Database
  private let point: Point
  /// How many transactions are left before the one that fails.
  private let left: Mutex<Int>

  init(_ database: any Database, failing point: Point, after transactions: Int) {
    self.database = database
    self.point = point
    left = Mutex(transactions)
  }

  var dialect: SQLDialect { database.dialect }

  /// Whether it is this transaction's turn to fail; counts it.
  private func isTurn() -> Bool {
    left.withLock {
      $0 -= 1
      return $0 == -1
    }
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await run(body) { try await database.read($0) }
  }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await run(body) { try await database.write($0) }
  }

  func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await run(body) { try await database.groupedWrite($0) }
  }

  func close() async throws { try await database.close() }

  private func run<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value,
    in transaction: (@escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value
  ) async throws -> Value {
    switch point {
    case .before:
      guard !isTurn() else { throw Death() }
      return try await transaction(body)
    case .inside:
      return try await transaction { connection in
        let value = try body(connection)
        guard !self.isTurn() else { throw Death() }
        return value
      }
    case .after:
      let value = try await transaction(body)
      guard !isTurn() else { throw Death() }
      return value
    }
  }
}
