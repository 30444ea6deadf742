import Cache
import ChainTypes
import Claiming
import Database
import EventLog
import GatewayFixtures
import JSON
import LoopbackHTTP
import Orders
import Testing

@Suite("Claims that are read through a cache")
struct CachedClaimTests {
  private static let keys = CacheKeys(tenant: TestGateway.tenant)

  /// Notes what is ever put into it.
  private static func inProcess() -> InProcessCache {
    let start = ContinuousClock.now
    return InProcessCache {
      let passed = (ContinuousClock.now - start).components
      return Timestamp(
        microseconds: passed.seconds * 1_000_000 + passed.attoseconds / 1_000_000_000_000)
    }
  }

  private static func text(_ bytes: [UInt8]?) -> String? {
    bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("what was read stands under the platform's keys, and goes with whoever's commit")
  func life() async throws {
    let cache = Self.inProcess()
    try await ClaimScene.run(cache: CacheAside(cache)) { scene in
      let (order, claim) = try await scene.claimed()
      let paths: [(String, CacheKey)] = [
        ("/v1/claims/\(claim)", try Self.keys.claim(claim)),
        ("/v1/orders/\(order)/claim", try Self.keys.claim(ofOrder: order)),
      ]
      #expect(paths.map(\.1.lifetimeMilliseconds) == [3_600_000, 3_600_000])
      /// Each path's answer, which must then stand in the cache; both are the same.
      func read() async throws -> String {
        var answers: Set<String> = []
        for (path, key) in paths {
          let answer = try await scene.gateway.get(path)
          #expect(answer.status == 200, "\(answer.body)")
          #expect(Self.text(await cache.get(key)) == answer.body, "\(path)")
          #expect(try await scene.gateway.get(path).body == answer.body)
          answers.insert(answer.body)
        }
        #expect(answers.count == 1)
        return answers.first ?? ""
      }
      func expectGone() async {
        for (path, key) in paths { #expect(await cache.get(key) == nil, "\(path)") }
      }
      #expect(try await read().contains(#""attempts_left":5"#))
      let code = try await scene.code(claim)
      #expect(try await scene.show(wrongCode(1, not: code), for: claim).status == 403)
      await expectGone()
      #expect(try await read().contains(#""attempts_left":4"#))
      #expect(try await scene.post("/v1/claims/\(claim)/renew").status == 200)
      await expectGone()
      #expect(try await read().contains(#""attempts_left":5"#))
      let named = try await scene.post(
        "/v1/claims/\(claim)/delivery", #"{"courier":"bo","address":"1 Mill Lane"}"#)
      #expect(named.status == 200)
      #expect(try await read().contains(#""how":"delivery""#))
      #expect(try await scene.show(scene.code(claim), for: claim).status == 200)
      await expectGone()
      #expect(try await read().contains(#""status":"processed""#))
      // Rows that somebody has spoilt and a rebuild puts right.
      try await scene.gateway.database.write {
        _ = try $0.execute("UPDATE claims SET status = 'open', version = 9")
      }
      _ = try await ClaimService.rebuild(scene.database, writing: true)
      await expectGone()
    }
  }

  @Test("what is heard of an order goes, too: the consumer's commit deletes what was read")
  func heard() async throws {
    let cache = Self.inProcess()
    try await ClaimScene.run(cache: CacheAside(cache)) { scene in
      let (order, claim) = try await scene.claimed()
      #expect(try await scene.claim(claim)["status"] == "open")
      #expect(try await scene.post("/v1/orders/\(order)/complete").status == 200)
      try await scene.hear()
      #expect(try await scene.claim(claim)["status"] == "canceled")
      #expect(try await scene.claim(ofOrder: order)["status"] == "canceled")
    }
  }

  @Test("no code is ever in the cache, nor an address, and a missing claim isn't kept")
  func secrets() async throws {
    let cache = NotingCache(Self.inProcess())
    try await ClaimScene.run(cache: CacheAside(cache)) { scene in
      let (order, claim) = try await scene.claimed()
      var codes = [try await scene.code(claim)]
      let address = "1 Mill Lane"
      func look() async throws {
        for path in ["", "/code", "/qr.svg", "/delivery"] {
          _ = try await scene.gateway.get("/v1/claims/\(claim)\(path)")
        }
        _ = try await scene.gateway.get("/v1/orders/\(order)/claim")
      }
      try await look()
      _ = try await scene.post(
        "/v1/claims/\(claim)/delivery", #"{"courier":"bo","address":"\#(address)"}"#)
      _ = try await scene.post("/v1/claims/\(claim)/renew")
      codes.append(try await scene.code(claim))
      try await look()
      #expect(try await scene.show(codes[1], for: claim).status == 200)
      try await look()
      for path in ["claims/clm_none", "orders/ord_none/claim"] {
        #expect(try await scene.gateway.get("/v1/\(path)").status == 404)
        #expect(
          try await scene.gateway.get("/v1/claims/\(claim)", as: TestGateway.otherTenant).status
            == 404)
      }
      let kept = await cache.kept
      #expect(kept.count == 6, "three states under two keys")
      for secret in codes.map({ $0.replacing("-", with: "") }) + [address] {
        for (key, value) in kept {
          let text = value.uppercased().replacing("-", with: "")
          #expect(!text.contains(secret.uppercased()), "\(key)")
        }
      }
    }
  }

  @Test("what isn't finished is counted, and how long the open one waits")
  func counted() async throws {
    try await ClaimScene.run { scene in
      func counts() async throws -> [Int64?] {
        let (counts, idle) = try await scene.gateway.database.read {
          try ClaimRecords.unfinished(in: $0)
        }
        #expect(counts.count == 2)
        return [counts[.open], counts[.suspended], idle?.microseconds]
      }
      #expect(try await counts() == [0, 0, nil])
      let (_, first) = try await scene.claimed()
      let begun = scene.time.now.microseconds
      _ = try await scene.claimed()
      #expect(try await counts() == [2, 0, begun])
      _ = try await scene.show(scene.code(first), for: first)
      let waiting = try await counts()
      #expect(waiting[0] == 1)
      #expect(waiting[2].map { $0 > begun } == true)
    }
  }
}

/// Notes every value that is stored.
private actor NotingCache: Cache {
  private let base: InProcessCache
  private(set) var kept: [(key: String, value: String)] = []

  init(_ base: InProcessCache) { self.base = base }

  private func note(_ key: CacheKey, _ value: [UInt8]) {
    kept.append((key.text, String(decoding: value, as: UTF8.self)))
  }

  func get(_ key: CacheKey) async -> [UInt8]? { await base.get(key) }

  func set(_ key: CacheKey, _ value: [UInt8]) async -> Bool {
    note(key, value)
    return await base.set(key, value)
  }

  func add(_ key: CacheKey, _ value: [UInt8]) async throws(CacheError) -> Bool {
    note(key, value)
    return try await base.add(key, value)
  }

  func delete(_ keys: [CacheKey]) async { await base.delete(keys) }

  func lookup(_ key: CacheKey) async -> CacheLookup { await base.lookup(key) }

  func fill(_ key: CacheKey, _ value: [UInt8], _ lease: CacheLease) async -> Bool {
    note(key, value)
    return await base.fill(key, value, lease)
  }

  func take(
    _ key: CacheKey, from bucket: TokenBucket
  ) async throws(CacheError) -> TokenBucket.Outcome { try await base.take(key, from: bucket) }

  func ping() async throws(CacheError) { try await base.ping() }
}
