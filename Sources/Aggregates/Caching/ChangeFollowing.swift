package import Cache
package import ChainTypes
package import Database
package import EventLog

/// Deletes from a shared cache what the log's events tell as changed: also what was changed by a
/// process that died between its commit and its deletion.
///
/// Nothing is remembered of how far it came: whatever is cached is younger than the longest
/// lifetime, so whoever begins goes back that far.
package struct ChangeFollowing: Sendable {
  private let database: any Database
  private let cache: CacheAside
  private let keys: @Sendable (CloudEvent) -> [CacheKey]

  private static let pageSize = 500

  /// - Parameter keys: of what the event tells as changed
  package init(
    database: any Database, cache: CacheAside,
    keys: @escaping @Sendable (CloudEvent) -> [CacheKey]
  ) {
    self.database = database
    self.cache = cache
    self.keys = keys
  }

  /// The position to begin behind.
  package func start(at now: Timestamp) async throws -> Int64 {
    let oldest = now.adding(seconds: -CacheKeys.recordMilliseconds / 1_000 - 60)
    return try await database.read { connection in
      let last = try EventLog.lastPosition(in: connection)
      var back: Int64 = 1
      while back < last {
        let position = last - back
        do {
          let page = try EventLog.page(after: position, limit: 1, in: connection)
          if let first = page.events.first, first.event.time < oldest { return position }
        } catch EventLogError.positionRemoved {
          return position
        }
        back *= 2
      }
      return 0
    }
  }

  /// Goes on behind `position`; where it has come to, which is `position` at the log's end.
  package func step(after position: Int64) async throws -> Int64 {
    let page = try await database.read { connection in
      do {
        return try EventLog.page(after: position, limit: Self.pageSize, in: connection)
      } catch EventLogError.positionRemoved {
        return try EventLog.page(after: 0, limit: Self.pageSize, in: connection)
      }
    }
    let changed = Set(page.events.flatMap { keys($0.event) })
    if !changed.isEmpty { await cache.invalidate(Array(changed)) }
    return max(position, page.through)
  }
}
