package import Database
internal import PostgreSQL
internal import SQLite

/// An empty database for one test, closed and removed with the value: SQLite's in memory,
/// PostgreSQL's on a server that all tests of a run share.
package final class TestDatabase: Database {
  private let database: any Database
  private let store: TestStore?

  package init(
    _ engine: TestEngine = .selected, _ options: TestStore.Options = TestStore.Options()
  ) async throws {
    switch engine {
    case .sqlite:
      store = nil
      database = try SQLiteDatabase.inMemory(options: TestStore.sqlite(options))
    case .postgreSQL:
      let store = try await TestStore(engine)
      self.store = store
      database = try store.open(options)
    }
  }

  /// The selected engine's, whose commits a simulation can stop.
  package static let simulated = simulated(on: .selected)

  package static func simulated(
    on engine: TestEngine
  ) -> @Sendable (CommitHooks) async throws -> any Database {
    { hooks in
      var options = TestStore.Options()
      options.commitHooks = hooks
      return try await TestDatabase(engine, options)
    }
  }

  deinit {
    // The store goes when its database is closed.
    Task.detached { [database, store] in
      try await database.close()
      _ = store
    }
  }

  package var dialect: SQLDialect { database.dialect }

  package var statistics: PoolStatistics { database.statistics }

  /// How many bodies wait now.
  package var waitingCount: Int { Self.waitingCount(database) }

  package static func waitingCount(_ database: any Database) -> Int {
    switch database {
    case let database as TestDatabase: database.waitingCount
    case let database as SQLiteDatabase: database.waitingWriteCount
    case let database as PostgresDatabase: database.waitingCount
    default: 0
    }
  }

  package func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await database.read(body)
  }

  @discardableResult
  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await database.write(body)
  }

  @discardableResult
  package func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await database.groupedWrite(body)
  }

  package func withoutTransaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await database.withoutTransaction(body)
  }

  package func close() async throws { try await database.close() }
}
