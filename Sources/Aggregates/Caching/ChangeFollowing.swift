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
  private let hidesFormer: @Sendable (CloudEvent) -> Bool
  private let keys: @Sendable (CloudEvent) -> [CacheKey]

  private static let pageSize = 500

  /// - Parameters:
  ///   - hidesFormer: whether the event may no longer name what the one before it of its subject
  ///     does, as where somebody was forgotten: then that one's keys are deleted, too, as far as
  ///     retention has kept it. Without it a list may be as old as its lifetime allows.
  ///   - keys: of what the event tells as changed
  package init(
    database: any Database, cache: CacheAside,
    hidesFormer: @escaping @Sendable (CloudEvent) -> Bool = { _ in false },
    keys: @escaping @Sendable (CloudEvent) -> [CacheKey]
  ) {
    self.database = database
    self.cache = cache
    self.hidesFormer = hidesFormer
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
    let (events, through) = try await database.read { [hidesFormer] connection in
      let page = try Self.page(after: position, in: connection)
      let events = page.events.map(\.event)
      let former = try events.filter { $0.sequence > 1 && hidesFormer($0) }.flatMap { event in
        try EventLog.events(
          of: event.subject, afterSequence: event.sequence - 2, limit: 1, in: connection)
      }
      return (events + former, page.through)
    }
    let changed = Set(events.flatMap(keys))
    if !changed.isEmpty { await cache.invalidate(Array(changed)) }
    return max(position, through)
  }

  private static func page(
    after position: Int64, in connection: any SQLConnection
  ) throws -> EventPage {
    do {
      return try EventLog.page(after: position, limit: pageSize, in: connection)
    } catch EventLogError.positionRemoved {
      return try EventLog.page(after: 0, limit: pageSize, in: connection)
    }
  }
}
