import Cache
import ChainTypes
import HTTPServer
import Synchronization
import Testing

@Suite("limits over several instances")
struct SharedLimitTests {
  /// Another cache that can be out of reach.
  final class FailingCache: Cache {
    private let base: InProcessCache
    let isReachable = Mutex(true)

    init(_ base: InProcessCache) { self.base = base }

    private func check() throws(CacheError) {
      guard isReachable.withLock({ $0 }) else { throw .unavailable("a test") }
    }

    func get(_ key: CacheKey) async -> [UInt8]? { nil }
    func set(_ key: CacheKey, _ value: [UInt8]) async -> Bool { false }
    func add(_ key: CacheKey, _ value: [UInt8]) async throws(CacheError) -> Bool { false }
    func delete(_ keys: [CacheKey]) async {}
    func lookup(_ key: CacheKey) async -> CacheLookup { .miss }
    func fill(_ key: CacheKey, _ value: [UInt8], _ lease: CacheLease) async -> Bool { false }

    func take(
      _ key: CacheKey, from bucket: TokenBucket
    ) async throws(CacheError) -> TokenBucket.Outcome {
      try check()
      return try await base.take(key, from: bucket)
    }

    func ping() async throws(CacheError) { try check() }
  }

  private let now = Timestamp(seconds: 1_000)

  private func limiter(_ cache: FailingCache, _ name: String = "payments") -> RateLimiter {
    RateLimiter(RateLimit(burst: 3, perMinute: 6), shared: .init(cache, name: name))
  }

  @Test("instances share a tenant's bucket, tenants and limits share none")
  func shared() async {
    let cache = FailingCache(InProcessCache { [now] in now })
    let (one, two) = (limiter(cache), limiter(cache))
    var waits: [Int?] = []
    for turn in 0..<4 { waits.append(await (turn % 2 == 0 ? one : two).take("shop", now: now)) }
    #expect(waits == [nil, nil, nil, 10])
    #expect(await one.take("other", now: now) == nil)
    #expect(await limiter(cache, "reads").take("shop", now: now) == nil)
    #expect(one.bucketCount == 0, "nothing is kept here meanwhile")
  }

  @Test("while the cache is out of reach each instance goes by its own bucket")
  func fallback() async {
    let cache = FailingCache(InProcessCache { [now] in now })
    let (one, two) = (limiter(cache), limiter(cache))
    for _ in 0..<3 { #expect(await one.take("shop", now: now) == nil) }
    cache.isReachable.withLock { $0 = false }
    for limiter in [one, two] {
      for _ in 0..<3 { #expect(await limiter.take("shop", now: now) == nil) }
      #expect(await limiter.take("shop", now: now) == 10)
    }
    cache.isReachable.withLock { $0 = true }
    #expect(await one.take("shop", now: now) == 10, "the common bucket is as it was")
    // A key that no cache takes is limited here.
    let long = String(repeating: "x", count: 2_000)
    for _ in 0..<3 { #expect(await one.take(long, now: now) == nil) }
    #expect(await one.take(long, now: now) == 10)
  }

  @Test("a cache out of reach is told and fails nothing")
  func health() async {
    let cache = FailingCache(InProcessCache { [now] in now })
    let check = CacheHealth(cache)
    #expect(check.name == "redis")
    #expect(await check.check() == HealthReport(.ok))
    cache.isReachable.withLock { $0 = false }
    #expect(await check.check() == HealthReport(.degraded, "Redis can't be used: a test."))
  }
}
