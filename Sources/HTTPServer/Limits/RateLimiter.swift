package import ChainTypes
internal import Synchronization

/// How often something may happen: `burst` times at once, and one more after each
/// `intervalMicroseconds`.
package struct RateLimit: Sendable, Equatable {
  package let burst: Int64
  package let intervalMicroseconds: Int64

  package init(burst: Int64, perMinute: Int64) {
    precondition(burst > 0 && perMinute > 0, "a limit lets something through")
    self.burst = burst
    intervalMicroseconds = max(1, 60_000_000 / perMinute)
  }
}

/// A token bucket for each key (a tenant), in bounded memory.
///
/// A bucket is one number: the moment at which it will be full again (the generic cell rate
/// algorithm's theoretical arrival time). Buckets live in two generations of up to `keyLimit`;
/// when the younger one is full, the older one is forgotten. A forgotten client starts with a full
/// bucket, which only helps one who can show `keyLimit` other keys meanwhile.
package final class RateLimiter: Sendable {
  package let limit: RateLimit
  private let keyLimit: Int
  private let state = Mutex(State())

  private struct State {
    var young: [String: Int64] = [:]
    var old: [String: Int64] = [:]
  }

  package init(_ limit: RateLimit, keyLimit: Int = 10_000) {
    self.limit = limit
    self.keyLimit = max(1, keyLimit)
  }

  package var bucketCount: Int { state.withLock { $0.young.count + $0.old.count } }

  /// Takes a token of `key`'s bucket: nil where there was one, else after how many seconds there
  /// will be.
  ///
  /// - Parameter now: by a clock that never goes back
  package func take(_ key: String, now: Timestamp) -> Int? {
    let now = now.microseconds
    let capacity = limit.burst * limit.intervalMicroseconds
    return state.withLock { state in
      let fullAt = max(state.young[key] ?? state.old[key] ?? now, now)
      let next = fullAt + limit.intervalMicroseconds
      let excess = next - now - capacity
      guard excess <= 0 else { return Int((excess + 999_999) / 1_000_000) }
      if state.young[key] == nil, state.young.count >= keyLimit {
        state.old = state.young
        state.young = [:]
      }
      state.young[key] = next
      return nil
    }
  }
}

/// The limits of a route.
package struct RouteLimits: Sendable {
  package let perTenant: RateLimiter?

  package init(perTenant: RateLimiter? = nil) {
    self.perTenant = perTenant
  }

  /// Problem 429 with `Retry-After` where the tenant's bucket is empty.
  func check(_ tenant: String?, now: Timestamp) throws(Problem) {
    if let tenant, let seconds = perTenant?.take(tenant, now: now) {
      throw .tooManyRequests(retryAfterSeconds: seconds)
    }
  }
}
