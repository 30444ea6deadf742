package import Database
internal import Synchronization

/// A process's way to its database until the process dies: at one of its writes, before the commit
/// or behind it, and from then on for good.
package final class DyingDatabase: Database {
  package struct Death: Error {}

  private let base: any Database
  private let isAfterCommit: Bool
  private let writesLeft: Mutex<Int>

  /// - Parameter write: which of its writes it dies at, from 1
  package init(_ base: any Database, at write: Int, afterCommit: Bool) {
    self.base = base
    isAfterCommit = afterCommit
    writesLeft = Mutex(write)
  }

  package var isDead: Bool { writesLeft.withLock { $0 <= 0 } }
  package var dialect: SQLDialect { base.dialect }
  package var statistics: PoolStatistics { base.statistics }

  package func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    guard !isDead else { throw Death() }
    return try await base.read(body)
  }

  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    let left = writesLeft.withLock { left in
      left -= 1
      return left
    }
    guard left > 0 || (left == 0 && isAfterCommit) else { throw Death() }
    let value = try await base.write(body)
    if left == 0 { throw Death() }
    return value
  }

  package func groupedWrite<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await write(body)
  }

  package func close() async throws {}
}
