package import Cache
package import Database

/// A database behind whose commits nothing old is read through the cache: what a body's records
/// note as changed (`RecordStore`) is deleted there before the body's caller goes on, whoever that
/// is.
///
/// Also where a write fails: its commit may hold although nobody was told. A body that ran twice
/// has noted more than it changed, which costs a reader a look at the database.
package struct InvalidatingDatabase: Database {
  private let base: any Database
  private let cache: CacheAside

  package init(_ base: any Database, _ cache: CacheAside) {
    self.base = base
    self.cache = cache
  }

  package var dialect: SQLDialect { base.dialect }

  package var statistics: PoolStatistics { base.statistics }

  package func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await base.read(body)
  }

  @discardableResult
  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await invalidating { try await base.write(Self.noting($0, body)) }
  }

  @discardableResult
  package func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await invalidating { try await base.groupedWrite(Self.noting($0, body)) }
  }

  package func withoutTransaction<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await invalidating { try await base.withoutTransaction(Self.noting($0, body)) }
  }

  package func close() async throws { try await base.close() }

  private static func noting<Value>(
    _ changed: ChangedKeys, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) -> @Sendable (any SQLConnection) throws -> Value {
    { connection in try ChangedKeys.$current.withValue(changed) { try body(connection) } }
  }

  private func invalidating<Value: Sendable>(
    _ write: (ChangedKeys) async throws -> Value
  ) async throws -> Value {
    let changed = ChangedKeys()
    do {
      let value = try await write(changed)
      await invalidate(changed)
      return value
    } catch {
      await invalidate(changed)
      throw error
    }
  }

  private func invalidate(_ changed: ChangedKeys) async {
    let keys = changed.all
    if !keys.isEmpty { await cache.invalidate(keys) }
  }
}
