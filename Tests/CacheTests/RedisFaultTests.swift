import LocalServers
import Synchronization
import TestSupport
import Testing

@testable import Cache

/// Redis gone, stopped, restarted, full, or one that doesn't take deletions.
@Suite("a cache whose Redis fails", .serialized)
struct RedisFaultTests {
  // Three thousand calls: with a timeout of half a minute for each it would be a day.
  @Test(
    "Redis that isn't there costs no call its timeout, and reads go to the truth",
    .timeLimit(.minutes(5)))
  func neverThere() async throws {
    let fixture = try await RedisFixture()
    let cache = try RedisCache(fixture.options("gone"))
    try await RedisFixture.waitForAnswers(cache)
    await fixture.server.stop()
    let key = try key("row")
    try await waitUntil { await !RedisFixture.isReachable(cache) }
    let aside = CacheAside(cache)
    for _ in 0..<1_000 {
      #expect(await cache.get(key) == nil)
      #expect(await cache.lookup(key) == .miss)
      #expect(await !cache.set(key, [1]))
    }
    #expect(try await aside.value(for: key) { bytes("truth") } == bytes("truth"))
    await #expect(throws: CacheError.self) { try await cache.add(key, [1]) }
    await #expect(throws: CacheError.self) {
      try await cache.take(key, from: TokenBucket(burst: 1, intervalMicroseconds: 1))
    }
    cache.close()
  }

  @Test("a restarted Redis serves again by itself")
  func restarts() async throws {
    let fixture = try await RedisFixture()
    let cache = try await fixture.cache("restart")
    let key = try key("row")
    #expect(await cache.set(key, [1]))
    for _ in 0..<3 {
      await fixture.server.stop()
      try await waitUntil { await !RedisFixture.isReachable(cache) }
      try await fixture.server.start()
      try await RedisFixture.waitForAnswers(cache)
      #expect(await cache.get(key) == nil, "it keeps nothing on disk")
      #expect(await cache.set(key, [1]))
    }
  }

  // Ten thousand calls: with a timeout for each it would be most of an hour.
  @Test(
    "a stopped Redis costs one timeout, then nothing, and what it answers late is for nobody",
    .timeLimit(.minutes(5)))
  func stopped() async throws {
    let fixture = try await RedisFixture()
    var options = fixture.options("stopped")
    options.commandMilliseconds = 300
    options.connectMilliseconds = 300
    let cache = try RedisCache(options)
    try await RedisFixture.waitForAnswers(cache)
    let (one, two) = (try key("one"), try key("two"))
    try await waitUntil { await cache.set(one, [1]) }
    try await waitUntil { await cache.set(two, [2]) }
    fixture.server.send(.stop)
    let clock = ContinuousClock()
    let first = await clock.measure { #expect(await cache.get(one) == nil) }
    #expect(first >= .milliseconds(290))
    // Both connections have had their timeout by now, or take it here.
    _ = await cache.get(two)
    for _ in 0..<10_000 { #expect(await cache.get(one) == nil) }
    fixture.server.send(.continue)
    try await RedisFixture.waitForAnswers(cache)
    try await waitUntil { await cache.get(one) == [1] }
    #expect(await cache.get(two) == [2], "replies belong to who asked")
  }

  @Test("what was deleted while Redis was stopped is never read again")
  func deletionsWhileStopped() async throws {
    let fixture = try await RedisFixture()
    var options = fixture.options("lost")
    options.commandMilliseconds = 300
    options.connectMilliseconds = 300
    let cache = try RedisCache(options)
    try await RedisFixture.waitForAnswers(cache)
    let keys = try (0..<100).map { try key("row", String($0)) }
    for key in keys { try await waitUntil { await cache.set(key, bytes("old")) } }
    fixture.server.send(.stop)
    await cache.delete(keys)
    #expect(cache.pendingDeletions == 100)
    fixture.server.send(.continue)
    // From now on every answer counts, however early.
    var reads = 0
    while await !RedisFixture.isReachable(cache) {
      for key in keys { #expect(await cache.get(key) == nil) }
      reads += 1
    }
    for key in keys { #expect(await cache.get(key) == nil) }
    try await waitUntil { cache.pendingDeletions == 0 }
    for key in keys { #expect(await cache.get(key) == nil) }
    let other = try await fixture.cache("lost")
    for key in keys { #expect(await other.get(key) == nil, "nor by others") }
  }

  @Test("where more deletions wait than are remembered, all values go, and no other prefix's")
  func sweep() async throws {
    let fixture = try await RedisFixture()
    var options = fixture.options("swept")
    options.commandMilliseconds = 300
    options.connectMilliseconds = 300
    options.pendingKeys = 50
    let cache = try RedisCache(options)
    let neighbour = try await fixture.cache("swept2")
    try await RedisFixture.waitForAnswers(cache)
    let keys = try (0..<3_000).map { try key("row", String($0)) }
    for key in keys { try await waitUntil { await cache.set(key, bytes("old")) } }
    #expect(await neighbour.set(keys[0], bytes("theirs")))
    let bucket = TokenBucket(burst: 1, intervalMicroseconds: 3_600_000_000)
    #expect(try await cache.take(keys[0], from: bucket) == .taken)
    fixture.server.send(.stop)
    for start in stride(from: 0, to: 1_000, by: 10) {
      await cache.delete(Array(keys[start..<start + 10]))
    }
    #expect(cache.pendingDeletions <= 100)
    fixture.server.send(.continue)
    try await RedisFixture.waitForAnswers(cache)
    for key in keys.prefix(1_000) { #expect(await cache.get(key) == nil) }
    #expect(try await fixture.server.run("KEYS", "swept:v:*") == "")
    try await waitUntil { await neighbour.get(keys[0]) == bytes("theirs") }
    let again = try await cache.take(keys[0], from: bucket)
    #expect(again != .taken, "buckets stay")
  }

  @Test("a Redis that answers but doesn't delete isn't read from")
  func readOnly() async throws {
    let fixture = try await RedisFixture()
    let cache = try await fixture.cache("replica")
    let key = try key("row")
    #expect(await cache.set(key, bytes("old")))
    // A replica of a master that isn't there: it serves reads and refuses writes.
    try await fixture.server.run("REPLICAOF", "127.0.0.1", "1")
    await cache.delete([key])
    for _ in 0..<50 { #expect(await cache.get(key) == nil) }
    try await fixture.server.run("REPLICAOF", "NO", "ONE")
    try await RedisFixture.waitForAnswers(cache)
    try await waitUntil { cache.pendingDeletions == 0 }
    #expect(await cache.get(key) == nil)
  }

  @Test("a lease that was taken before an outage is worth nothing after a deletion in it")
  func leaseAcrossOutage() async throws {
    let fixture = try await RedisFixture()
    var options = fixture.options("lease")
    options.commandMilliseconds = 300
    options.connectMilliseconds = 300
    let (writer, reader) = (try RedisCache(options), try await fixture.cache("lease"))
    try await RedisFixture.waitForAnswers(writer)
    let key = try key("row")
    guard case .lease(let lease) = await reader.lookup(key) else {
      Issue.record("no lease")
      return
    }
    fixture.server.send(.stop)
    await writer.delete([key])
    fixture.server.send(.continue)
    try await RedisFixture.waitForAnswers(writer)
    try await RedisFixture.waitForAnswers(reader)
    #expect(await !reader.fill(key, bytes("old"), lease))
    #expect(await reader.get(key) == nil)
  }

  @Test("a full Redis refuses values, and that is all")
  func full() async throws {
    let fixture = try await RedisFixture(settings: [
      "maxmemory-policy noeviction", "maxmemory 100kb",
    ])
    let cache = try await fixture.cache("full")
    let key = try key("row")
    #expect(await !cache.set(key, [UInt8](repeating: 1, count: 1_000)))
    #expect(await cache.get(key) == nil)
    #expect(await cache.lookup(key) == .miss)
    await cache.delete([key])
    #expect(cache.pendingDeletions == 0)
    try await cache.ping()
  }

  @Test("passwords, users and databases are used; a wrong password is told, not shown")
  func access() async throws {
    let fixture = try await RedisFixture(settings: [
      "requirepass s3cret", "user pay on >p@ss ~pw:* +@all -@dangerous",
    ])
    var options = fixture.options("pw")
    options.database = 5
    options.password = "s3cret"
    let cache = try await RedisFixture.reachable(RedisCache(options))
    options.user = "pay"
    options.password = "p@ss"
    let user = try await RedisFixture.reachable(RedisCache(options))
    #expect(await user.set(try key("row"), [1]))
    #expect(await cache.get(try key("row")) == [1])
    options.database = 4
    let elsewhere = try await RedisFixture.reachable(RedisCache(options))
    #expect(await elsewhere.get(try key("row")) == nil)

    options.password = "hunter2"
    let told = Mutex<[RedisLinkChange]>([])
    let stranger = try RedisCache(options) { change in told.withLock { $0.append(change) } }
    try await waitUntil { told.withLock { !$0.isEmpty } }
    #expect(await !RedisFixture.isReachable(stranger))
    for change in told.withLock({ $0 }) {
      guard case .down(let reason, wasUp: false) = change else {
        Issue.record("\(change)")
        continue
      }
      #expect(reason.contains("WRONGPASS") && !reason.contains("hunter2"))
    }
    stranger.close()
  }

  @Test("a closed cache ends its calls and its threads")
  func closing() async throws {
    let fixture = try await RedisFixture()
    let cache = try await fixture.cache("closed")
    fixture.server.send(.stop)
    // Begins here and now, so that its question waits when the cache is closed.
    let waiting = Task.immediate { try await cache.ping() }
    cache.close()
    await #expect(throws: CacheError.self) { try await waiting.value }
    await #expect(throws: CacheError.closed) { try await cache.ping() }
    await cache.delete([try key("row")])
    cache.close()
  }
}
