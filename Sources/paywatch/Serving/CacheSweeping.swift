internal import Aggregates
internal import Cache
internal import Claiming
internal import EventLog
internal import JSON
internal import Logging
internal import Orders
internal import Supply
internal import Watching

/// Deletes from Redis what events tell as changed, while this process holds the lease for it: a
/// process that was killed behind its commit can't any more.
struct CacheSweeping: Sendable {
  let surroundings: Surroundings

  func run() async throws {
    // Without Redis nothing is cached that another process could have left there.
    guard let reads = surroundings.reads else { return await Self.wait() }
    let following = ChangeFollowing(
      database: surroundings.database, cache: reads, hidesFormer: Self.hidesFormer,
      keys: Self.keys(of:))
    try await surroundings.whileHolding("cache:\(surroundings.region)") { _ in
      var position: Int64?
      while !Task.isCancelled {
        do {
          let before =
            if let position { position } else {
              try await following.start(at: SystemTime().now)
            }
          let after = try await following.step(after: before)
          position = after
          if after > before { continue }
        } catch {
          position = nil
          surroundings.logger.error("following changes failed", metadata: ["error": "\(error)"])
        }
        try? await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  private static func wait() async {
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
  }

  /// Whether a list in which the record stood before can't be told from the event: a deleted order
  /// names no customer, and a supply's changed details name the new owner alone.
  static func hidesFormer(_ event: CloudEvent) -> Bool {
    switch event.type {
    case "order.deleted": true
    // What moves stock changes nothing else.
    case "supply.updated": (try? JSONValue(parsing: Array(event.data.utf8)))?["change"] == nil
    default: false
    }
  }

  /// Under which what the event tells may be cached.
  static func keys(of event: CloudEvent) -> [CacheKey] {
    guard let tenant = event.tenant, let topic = EventTopic(eventType: event.type) else {
      return []
    }
    func word(_ name: String) -> String? {
      (try? JSONValue(parsing: Array(event.data.utf8)))?[name]?.string
    }
    switch topic {
    case .order:
      return Order.cacheKeys(of: event.subject, customer: word("customer"), tenant: tenant)
    case .supply:
      return SupplyItem.cacheKeys(of: event.subject, owner: word("owner"), tenant: tenant)
    case .claim:
      return Claim.cacheKeys(of: event.subject, order: word("order_id"), tenant: tenant)
    default: return []
    }
  }
}
