import Testing

@testable import Cache

@Suite("the cache's pure parts")
struct PureTests {
  @Test("keys carry the tenant, and no id reaches another's key")
  func keys() throws {
    let shop = CacheKeys(tenant: "shop")
    #expect(try shop.supply("7").text == "tenant:shop:supply:7")
    #expect(try shop.supplies(ofUser: "u").text == "tenant:shop:supplies:user:u")
    #expect(try shop.order("7").text == "tenant:shop:order:7")
    #expect(try shop.orderItems("7").text == "tenant:shop:order:7:items")
    #expect(try shop.orders(ofUser: "u").text == "tenant:shop:orders:user:u")
    #expect(try shop.claim("7").text == "tenant:shop:claim:7")
    #expect(try shop.claim(ofOrder: "7").text == "tenant:shop:claim:order:7")
    #expect(try shop.order("7").lifetimeMilliseconds == 3_600_000)
    #expect(try shop.orders(ofUser: "u").lifetimeMilliseconds == 1_800_000)
    #expect(try shop.order("7:items") != shop.orderItems("7"))
    #expect(try shop.order("7:items").text == "tenant:shop:order:7%3Aitems")
    #expect(try shop.order("a%3Ab") != shop.order("a:b"))
    #expect(try shop.order("é\u{0}*").text == "tenant:shop:order:%C3%A9%00%2A")
    #expect(
      try CacheKeys(tenant: "a:supply").order("1")
        != CacheKeys(tenant: "a").key(["supply", "order", "1"], 1))
  }

  @Test("a key of no or too many bytes is refused")
  func keyBounds() throws {
    #expect(throws: CacheError.invalidKey(bytes: 0)) {
      try CacheKey([], lifetimeMilliseconds: 1)
    }
    #expect(throws: CacheError.invalidKey(bytes: 513)) {
      try CacheKey([String(repeating: "a", count: 513)], lifetimeMilliseconds: 1)
    }
    #expect(throws: CacheError.invalidKey(bytes: 900)) {
      try CacheKey([String(repeating: ":", count: 300)], lifetimeMilliseconds: 1)
    }
    #expect(try CacheKey(["a"], lifetimeMilliseconds: .min).lifetimeMilliseconds == 1)
    #expect(
      try CacheKey(["a"], lifetimeMilliseconds: .max).lifetimeMilliseconds
        == CacheKey.longestLifetimeMilliseconds)
  }

  @Test("a bucket's state from a clock that went back, or from nowhere, shuts nobody out for long")
  func bucketStates() {
    let bucket = TokenBucket(burst: 2, intervalMicroseconds: 10)
    var fullAt: Int64? = .max / 4
    #expect(bucket.take(fullAt: &fullAt, nowMicroseconds: 100) == .empty(forMicroseconds: 10))
    #expect(bucket.take(fullAt: &fullAt, nowMicroseconds: 110) == .empty(forMicroseconds: 10))
    fullAt = nil
    #expect(bucket.take(fullAt: &fullAt, nowMicroseconds: 100) == .taken)
    #expect(fullAt == 110)
    #expect(bucket.take(fullAt: &fullAt, nowMicroseconds: 100) == .taken)
    #expect(bucket.take(fullAt: &fullAt, nowMicroseconds: 100) == .empty(forMicroseconds: 10))
    #expect(bucket.take(fullAt: &fullAt, nowMicroseconds: 110) == .taken)
    let widest = TokenBucket(burst: .max, intervalMicroseconds: .max)
    #expect(widest.burst == TokenBucket.largestBurst)
    #expect(widest.capacityMicroseconds + 1_900_000_000_000_000 < 1 << 53)
    #expect(TokenBucket(burst: 0, intervalMicroseconds: -1).capacityMicroseconds == 1)
  }

  @Test("what is used stays when memory is full, and the bounds hold")
  func generations() {
    var store = GenerationalStore<Int>(byteLimit: 100_000, entryLimit: 100)
    for number in 0..<1_000 {
      let isStored = store.put("\(number)", number, bytes: 8, expiresAtMicroseconds: 1_000)
      let inUse = store.get("0", nowMicroseconds: 1)
      #expect(isStored && inUse == 0 && store.count <= 100)
    }
    let found = ["1", "999"].map { store.get($0, nowMicroseconds: 1) }
    #expect(found == [nil, 999])
    let late = store.get("999", nowMicroseconds: 1_000)
    #expect(late == nil, "its lifetime is over")

    var narrow = GenerationalStore<Int>(byteLimit: 4_000, entryLimit: 1_000_000)
    for number in 0..<1_000 {
      let isStored = narrow.put(
        "\(number % 50)", number, bytes: number % 300, expiresAtMicroseconds: 9)
      #expect(isStored && narrow.bytes <= 4_000)
    }
    let last = narrow.get("49", nowMicroseconds: 1)
    #expect(last == 999)
    let isStored = narrow.put("49", 1, bytes: 2_000, expiresAtMicroseconds: 9)
    let older = narrow.get("49", nowMicroseconds: 1)
    #expect(!isStored && older == nil, "nor does the older value stay")
    for number in 0..<50 { narrow.remove("\(number)") }
    #expect(narrow.bytes == 0 && narrow.count == 0)
  }

  @Test("a key waits for its deletion until the last request for it is confirmed")
  func pendingDeletions() {
    var pending = PendingDeletions(limit: 3)
    let first = pending.add(["a", "b"])
    let second = pending.add(["a"])
    pending.confirm(first)
    #expect(pending.covers("a") && !pending.covers("b"))
    pending.confirm(second)
    #expect(pending.isEmpty)
    _ = pending.add(["a", "b", "c"])
    let next = pending.next(atMost: 2)
    #expect(next?.keys.count == 2)
    if let next { pending.confirm(next) }
    #expect(pending.count == 1)
  }

  @Test("where more keys wait than are remembered, all do until everything was deleted")
  func sweeps() {
    var pending = PendingDeletions(limit: 3)
    _ = pending.add(["a", "b", "c"])
    #expect(!pending.covers("z"))
    _ = pending.add(["d"])
    guard let sweep = pending.sweep else {
      Issue.record("nothing is swept")
      return
    }
    #expect(pending.count == 0 && pending.covers("z"))
    // What is deleted while the sweep goes on is remembered again, up to the bound.
    let during = pending.add(["e"])
    pending.confirmSweep(sweep)
    #expect(!pending.covers("z") && pending.covers("e"))
    pending.confirm(during)
    #expect(pending.isEmpty)
    _ = pending.add(["a", "b", "c", "d"])
    guard let early = pending.sweep else { return }
    _ = pending.add(["e", "f", "g", "h"])
    pending.confirmSweep(early)
    #expect(pending.covers("z"), "a sweep that began before doesn't cover what came since")
  }

  @Test("pauses between attempts grow up to their bound, and begin anew once commands are answered")
  func pauses() {
    var pause = ReconnectPause(shortestMilliseconds: 50, longestMilliseconds: 300)
    let growing = (0..<5).map { _ in pause.next() }
    #expect(growing == [50, 100, 200, 300, 300])
    pause.reset()
    let first = pause.next()
    #expect(first == 50)
  }

  @Test("a command is written with its lengths in bytes")
  func commands() {
    let command = RedisCommand(["SET", .text("é"), .bytes([13, 10])])
    #expect(command.bytes == bytes("*3\r\n$3\r\nSET\r\n$2\r\né\r\n$2\r\n\r\n\r\n"))
  }

  @Test("Redis' address is read whole or not at all")
  func addresses() throws {
    let whole = try RedisOptions(url: "redis://pay:p%40ss%3A@cache.example:6380/3")
    #expect(whole.host == "cache.example" && whole.port == 6_380 && whole.database == 3)
    #expect(whole.user == "pay" && whole.password == "p@ss:")
    let short = try RedisOptions(url: "redis://[::1]", password: "from a file")
    #expect(short.host == "::1" && short.port == 6_379 && short.database == 0)
    #expect(short.user == nil && short.password == "from a file")
    #expect(try RedisOptions(url: "redis://:secret@h:1/").password == "secret")
    for url in [
      "", "http://h", "redis://", "redis://h:0", "redis://h:x", "redis://h:65536", "redis://h/x",
      "redis://h/1/2", "redis://a:b:c", "redis://h?x=1", "redis://u:%zz@h", "redis://[::1",
      "redis://[::1]x", "redis:// h", "redis://u:%ff@h", "redis://h/-1",
    ] {
      #expect(throws: RedisOptions.Invalid.url, "\(url)") { try RedisOptions(url: url) }
    }
    #expect(throws: RedisOptions.Invalid.tlsUnavailable) {
      try RedisOptions(url: "rediss://h:6380")
    }
    var options = RedisOptions(host: "h")
    options.prefix = "a*"
    #expect(throws: RedisCache.StartFailure.invalidOptions(.prefix)) { try RedisCache(options) }
  }
}
