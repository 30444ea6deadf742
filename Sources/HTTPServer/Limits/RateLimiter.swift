internal import Bytes
package import Cache
package import ChainTypes
internal import Digests
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

  /// How often one customer may ask for payments: as people do, and for no more than a quarter of
  /// what the tenant has (`perMinute`, a tenth of it at once).
  package static func ofCustomer(payments perMinute: Int64) -> RateLimit {
    RateLimit(burst: min(5, max(1, perMinute / 40)), perMinute: min(10, max(1, perMinute / 4)))
  }
}

/// A token bucket for each key (a tenant, or one of its customers), in bounded memory, or in the
/// cache that all instances share.
///
/// Where that cache doesn't answer, each instance goes by buckets of its own: `n` instances then
/// let through up to `n` times as much, rather than nothing.
///
/// A process's buckets live in two generations of up to `keyLimit`; when the younger one is full,
/// the older one is forgotten. A forgotten client starts with a full bucket, which only helps one
/// who can show `keyLimit` other keys meanwhile.
package final class RateLimiter: Sendable {
  package let limit: RateLimit
  private let keyLimit: Int
  private let bucket: TokenBucket
  private let shared: Shared?
  private let state = Mutex(State())

  private struct State {
    var young: [String: Int64] = [:]
    var old: [String: Int64] = [:]
  }

  /// Where the instances' common buckets are, and this limit's name there.
  package struct Shared: Sendable {
    fileprivate let cache: any Cache
    fileprivate let name: String

    package init(_ cache: any Cache, name: String) {
      self.cache = cache
      self.name = name
    }
  }

  package init(_ limit: RateLimit, keyLimit: Int = 10_000, shared: Shared? = nil) {
    self.limit = limit
    bucket = TokenBucket(burst: limit.burst, intervalMicroseconds: limit.intervalMicroseconds)
    self.shared = shared
    self.keyLimit = max(1, keyLimit)
  }

  package var bucketCount: Int { state.withLock { $0.young.count + $0.old.count } }

  /// Takes a token of `key`'s bucket: nil where there was one, else after how many seconds there
  /// will be.
  ///
  /// - Parameter now: by a clock that never goes back
  package func take(_ key: String, now: Timestamp) async -> Int? {
    switch await outcome(key, now: now) {
    case .taken: nil
    case .empty(let microseconds):
      Int(microseconds / 1_000_000) + (microseconds % 1_000_000 > 0 ? 1 : 0)
    }
  }

  private func outcome(_ key: String, now: Timestamp) async -> TokenBucket.Outcome {
    if let shared {
      do throws(CacheError) {
        // The bucket's own state says how long it is kept.
        let name = try CacheKey(["limit", shared.name, key], lifetimeMilliseconds: 1)
        return try await shared.cache.take(name, from: bucket)
      } catch {
        // Its own, then.
      }
    }
    return takeOwn(key, now: now.microseconds)
  }

  private func takeOwn(_ key: String, now: Int64) -> TokenBucket.Outcome {
    state.withLock { state in
      var fullAt = state.young[key] ?? state.old[key]
      let outcome = bucket.take(fullAt: &fullAt, nowMicroseconds: now)
      guard outcome == .taken else { return outcome }
      if state.young[key] == nil, state.young.count >= keyLimit {
        state.old = state.young
        state.young = [:]
      }
      state.young[key] = fullAt
      return .taken
    }
  }
}

/// The limits of a route.
package struct RouteLimits: Sendable {
  package let perTenant: RateLimiter?
  /// Of each customer's token, besides: taken first, so that none uses up what all have.
  package let perCustomer: RateLimiter?

  package init(perTenant: RateLimiter? = nil, perCustomer: RateLimiter? = nil) {
    self.perTenant = perTenant
    self.perCustomer = perCustomer
  }

  /// Problem 429 with `Retry-After` where the customer's bucket or the tenant's is empty.
  ///
  /// - Parameter customer: who asks, if that is a customer
  func check(_ tenant: String?, customer: String?, now: Timestamp) async throws(Problem) {
    guard let tenant else { return }
    if let customer, let perCustomer {
      // As long as any other, however long the names are.
      let key = SHA256.hash(Array("\(tenant)\n\(customer)".utf8)).hex
      if let seconds = await perCustomer.take(key, now: now) {
        throw .tooManyRequests(retryAfterSeconds: seconds)
      }
    }
    if let seconds = await perTenant?.take(tenant, now: now) {
      throw .tooManyRequests(retryAfterSeconds: seconds)
    }
  }
}
