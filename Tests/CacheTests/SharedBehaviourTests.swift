import TestSupport
import Testing

@testable import Cache

/// What both caches do alike.
@Suite("a cache")
struct SharedBehaviourTests {
  enum Kind: String, CaseIterable, Sendable {
    case inProcess, redis

    /// A new, empty cache, and what lets its time pass until something is so.
    func make(_ name: String = #function) async throws -> (any Cache, ManualTime) {
      let time = ManualTime()
      switch self {
      case .inProcess: return (InProcessCache { time.now }, time)
      case .redis:
        let prefix = name.filter { $0.isLetter || $0.isNumber }
        return (try await RedisFixture.shared.cache(prefix), time)
      }
    }
  }

  @Test("gives what was stored, byte for byte", arguments: Kind.allCases)
  func storesBytes(_ kind: Kind) async throws {
    let (cache, _) = try await kind.make()
    let all = (0...255).map { UInt8($0) } + bytes("\r\n$-1\r\n")
    #expect(await cache.get(try key("bytes")) == nil)
    #expect(await cache.set(try key("bytes"), all))
    #expect(await cache.set(try key("empty"), []))
    #expect(await cache.get(try key("bytes")) == all)
    #expect(await cache.get(try key("empty")) == [])
  }

  @Test("forgets a value at the end of its lifetime", arguments: Kind.allCases)
  func lifetimesEnd(_ kind: Kind) async throws {
    let (cache, time) = try await kind.make()
    let (short, long) = (try key("short", lifetime: 40), try key("long"))
    #expect(await cache.set(long, [2]))
    #expect(await cache.set(short, [1]))
    if kind == .inProcess {
      time.advance(milliseconds: 39)
      #expect(await cache.get(short) == [1])
      time.advance(milliseconds: 1)
    }
    try await waitUntil { await cache.get(short) == nil }
    #expect(await cache.get(long) == [2])
  }

  @Test("adds a value only where there is none", arguments: Kind.allCases)
  func addsOnce(_ kind: Kind) async throws {
    let (cache, _) = try await kind.make()
    let once = try key("once")
    #expect(try await cache.add(once, [1]))
    #expect(try await !cache.add(once, [2]))
    #expect(await cache.get(once) == [1])
    await cache.delete([once])
    #expect(try await cache.add(once, [3]))
    #expect(await cache.get(once) == [3])
  }

  @Test("deletes many keys at once and no others", arguments: Kind.allCases)
  func deletesSeveral(_ kind: Kind) async throws {
    let (cache, _) = try await kind.make()
    let keys = try (0..<1_203).map { try key("many", String($0)) }
    for key in keys { await cache.set(key, [1]) }
    await cache.delete(Array(keys.dropFirst()))
    #expect(await cache.get(keys[0]) == [1])
    for key in keys.dropFirst() { #expect(await cache.get(key) == nil) }
    await cache.delete([])
  }

  @Test("a value that is too large is not stored", arguments: Kind.allCases)
  func valuesAreBounded(_ kind: Kind) async throws {
    let (cache, _) = try await kind.make()
    let largest = [UInt8](repeating: 7, count: CacheLimits.valueBytes)
    #expect(await cache.set(try key("large"), largest))
    #expect(await cache.get(try key("large")) == largest)
    #expect(await !cache.set(try key("larger"), largest + [7]))
    await #expect(throws: CacheError.tooLarge(bytes: largest.count + 1)) {
      try await cache.add(key("larger"), largest + [7])
    }
    #expect(await cache.get(try key("larger")) == nil)
  }

  @Test("one of several readers who miss may fill the key", arguments: Kind.allCases)
  func oneLease(_ kind: Kind) async throws {
    let (cache, _) = try await kind.make()
    let key = try key("row")
    guard case .lease(let lease) = await cache.lookup(key) else {
      Issue.record("the first reader gets the lease")
      return
    }
    #expect(await cache.lookup(key) == .miss)
    #expect(await cache.get(key) == nil)
    #expect(await cache.fill(key, bytes("row"), lease))
    #expect(await cache.lookup(key) == .value(bytes("row")))
    #expect(await !cache.fill(key, bytes("again"), lease), "a lease is good for one value")
  }

  @Test("who read before a deletion can't store after it", arguments: Kind.allCases)
  func deletionsEndLeases(_ kind: Kind) async throws {
    let (cache, _) = try await kind.make()
    let key = try key("row")
    guard case .lease(let early) = await cache.lookup(key) else {
      Issue.record("no lease")
      return
    }
    await cache.delete([key])
    #expect(await !cache.fill(key, bytes("old"), early))
    #expect(await cache.get(key) == nil)
    // Also where another reader has come meanwhile.
    guard case .lease(let later) = await cache.lookup(key) else {
      Issue.record("no second lease")
      return
    }
    #expect(await !cache.fill(key, bytes("old"), early))
    #expect(await cache.fill(key, bytes("new"), later))
    #expect(await cache.get(key) == bytes("new"))
  }

  @Test("a bucket gives its burst, then tokens as they come", arguments: Kind.allCases)
  func buckets(_ kind: Kind) async throws {
    let (cache, time) = try await kind.make()
    let key = try key("bucket")
    let bucket = TokenBucket(burst: 3, intervalMicroseconds: 60_000_000)
    for _ in 0..<3 { #expect(try await cache.take(key, from: bucket) == .taken) }
    guard case .empty(let wait) = try await cache.take(key, from: bucket) else {
      Issue.record("the bucket was empty")
      return
    }
    #expect((1...60_000_000).contains(wait))
    let quick = TokenBucket(burst: 1, intervalMicroseconds: 30_000)
    let other = try self.key("quick")
    #expect(try await cache.take(other, from: quick) == .taken)
    time.advance(milliseconds: 31)
    try await waitUntil { try await cache.take(other, from: quick) == .taken }
  }

  @Test("concurrent takers get no more than there is", arguments: Kind.allCases)
  func bucketsAreAtomic(_ kind: Kind) async throws {
    let (cache, _) = try await kind.make()
    let key = try key("crowd")
    let bucket = TokenBucket(burst: 20, intervalMicroseconds: 3_600_000_000)
    let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<100 {
        group.addTask { try await cache.take(key, from: bucket) == .taken }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(taken == 20)
  }

  private func key(_ words: String..., lifetime: Int64 = 3_600_000) throws -> CacheKey {
    try CacheKey(["test"] + words, lifetimeMilliseconds: lifetime)
  }
}
