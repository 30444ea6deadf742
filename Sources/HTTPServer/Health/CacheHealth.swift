package import Cache

/// Whether the shared cache answers: `/api/health/redis`. Without it everything is slower and
/// nothing is wrong, so it never fails.
package struct CacheHealth: HealthCheck {
  private let cache: any Cache

  package init(_ cache: any Cache) {
    self.cache = cache
  }

  package var name: String { "redis" }

  package func check() async -> HealthReport {
    do throws(CacheError) {
      try await cache.ping()
      return HealthReport(.ok)
    } catch {
      return HealthReport(.degraded, Self.sentence(error))
    }
  }

  private static func sentence(_ error: CacheError) -> String {
    switch error {
    case .unavailable(let reason): "Redis can't be used: \(reason)."
    case .timedOut: "Redis didn't answer in time."
    case .overloaded: "More waits for Redis than may."
    case .refused(let reason): "Redis refused: \(reason)."
    case .closed: "The connection to Redis is closed."
    case .invalidKey, .tooLarge: "Redis wasn't asked."
    }
  }
}
