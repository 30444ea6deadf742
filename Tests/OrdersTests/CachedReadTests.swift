import Aggregates
import Cache
import ChainTypes
import Database
import EventLog
import Foundation
import GatewayFixtures
import JSON
import LocalServers
import LoopbackHTTP
import Orders
import Supply
import TestDatabases
import TestSupport
import Testing

@Suite("Orders and stock that are read through a cache")
struct CachedReadTests {
  private static let keys = CacheKeys(tenant: TestGateway.tenant)

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
    try await OrderScene.run(cache: CacheAside(cache)) { scene in
      let gateway = scene.gateway
      let beans = try await scene.keep("beans", 100)
      _ = try await gateway.send("PATCH", "/v1/supplies/\(beans)", body: #"{"owner":"bo"}"#)
      let id = try await scene.place()
      try await gateway.database.settle()
      let paths: [(String, CacheKey)] = [
        ("/v1/orders/\(id)", try Self.keys.order(id)),
        ("/v1/orders/\(id)/items", try Self.keys.orderItems(id)),
        ("/v1/orders?customer=ada", try Self.keys.orders(ofUser: "ada")),
        ("/v1/supplies/\(beans)", try Self.keys.supply(beans)),
        ("/v1/supplies?owner=bo", try Self.keys.supplies(ofUser: "bo")),
      ]
      #expect(
        paths.map(\.1.lifetimeMilliseconds) == [
          3_600_000, 3_600_000, 1_800_000, 3_600_000, 1_800_000,
        ])
      /// Each path's answer, which must then stand in the cache.
      func read() async throws -> [String] {
        var answers: [String] = []
        for (path, key) in paths {
          let answer = try await gateway.get(path)
          #expect(answer.status == 200, "\(answer.body)")
          #expect(Self.text(await cache.get(key)) == answer.body, "\(path)")
          #expect(try await gateway.get(path).body == answer.body)
          answers.append(answer.body)
        }
        return answers
      }
      let placed = try await read()
      #expect(placed[1].contains("flat white") && placed[1].contains(#""total":"0.00010000""#))
      // The consumer.
      try await scene.pay(id)
      for (path, key) in paths.prefix(3) { #expect(await cache.get(key) == nil, "\(path)") }
      let paid = try await read()
      #expect(paid[0].contains(#""status":"confirmed""#) && paid[2].contains("confirmed"))
      // Somebody and the saga: begun, and stock consumed.
      #expect(try await scene.post("/v1/orders/\(id)/prepare").status == 200)
      for (path, key) in paths.suffix(2) { #expect(await cache.get(key) == nil, "\(path)") }
      let begun = try await read()
      #expect(begun[2].contains("preparing"))
      #expect(begun[3].contains(#""on_hand":82"#) && begun[4].contains(#""on_hand":82"#))
      // Another owner: gone from the one's list, and shown in the other's.
      #expect(try await gateway.get("/v1/supplies?owner=ada").json()["data"] == [])
      _ = try await gateway.send("PATCH", "/v1/supplies/\(beans)", body: #"{"owner":"ada"}"#)
      #expect(try await gateway.get("/v1/supplies?owner=bo").json()["data"] == [])
      #expect(
        try await gateway.get("/v1/supplies?owner=ada").json()["data"]?.elements?.count == 1)
      // Rows that somebody has spoilt and a rebuild puts right.
      try await gateway.database.write {
        _ = try $0.execute(
          "UPDATE supplies SET state = REPLACE(state, '\"onHand\":82', '\"onHand\":81')")
      }
      await cache.delete(paths.map(\.1))
      #expect(try await gateway.get("/v1/supplies/\(beans)").json()["on_hand"] == 81)
      _ = try await SupplyService.rebuild(scene.database, writing: true)
      #expect(try await gateway.get("/v1/supplies/\(beans)").json()["on_hand"] == 82)
    }
  }

  @Test("what another tenant asks for is never another's, and what isn't there isn't kept")
  func tenants() async throws {
    let cache = Self.inProcess()
    try await OrderScene.run(cache: CacheAside(cache)) { scene in
      try await scene.keep("beans", 100)
      let id = try await scene.place()
      for _ in 0..<2 {
        #expect(try await scene.gateway.get("/v1/orders/\(id)").status == 200)
        for path in ["/v1/orders/\(id)", "/v1/orders/\(id)/items"] {
          try expect(
            try await scene.gateway.get(path, as: TestGateway.otherTenant), is: 404, "not-found")
        }
        let list = try await scene.gateway.get(
          "/v1/orders?customer=ada", as: TestGateway.otherTenant)
        #expect(try list.json()["data"] == [])
      }
    }
  }

  @Test("a reservation that ends is read as ended")
  func expiry() async throws {
    try await OrderScene.run(cache: CacheAside(Self.inProcess())) { scene in
      let beans = try await scene.keep("beans", 100)
      try await scene.place(OrderScene.body(paid: false, more: #","expires_in":60"#))
      #expect(try await scene.stock(beans) == [100, 18])
      scene.time.advance(seconds: 60)
      #expect(try await scene.services.stock.expire(limit: 10) == 1)
      #expect(try await scene.stock(beans) == [100, 0])
    }
  }

  // MARK: Races

  /// Writers, each of which reads what it wrote or later: at once what was written in the readers'
  /// own process, and else when loads have ended that were under way; and readers beside them.
  private static func race(
    _ gateway: TestGateway, _ supply: String, isOwn: @escaping @Sendable (Int) -> Bool,
    writing write: @escaping @Sendable (Int) async throws -> Int64
  ) async throws {
    let path = "/v1/supplies/\(supply)"
    @Sendable func version() async throws -> Int64 {
      let version = try await gateway.get(path).json()["version"]?.json
      return try #require(version.flatMap { Int64($0) })
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          for round in 0..<12 {
            let number = writer * 100 + round
            let written = try await write(number)
            if isOwn(number) {
              #expect(try await version() >= written)
            } else {
              try await waitUntil("it is read") { try await version() >= written }
            }
          }
        }
        group.addTask { for _ in 0..<40 { _ = try await version() } }
      }
      try await group.waitForAll()
    }
    let read = try await gateway.get(path).body
    let stored = try await gateway.database.read { connection in
      try connection.queryFirst(
        "SELECT version FROM supplies WHERE supply_id = $1", [.text(supply)])?.integer("version")
    }
    #expect(read.contains(#""version":\#(stored ?? 0)}"#), "\(read)")
  }

  /// Adjusts the supply through a process with this database.
  private static func adjust(
    _ supply: String, _ number: Int, _ service: SupplyService, _ database: any Database,
    _ time: TestTime
  ) async throws -> Int64 {
    try await database.groupedWrite(as: TestGateway.tenant) { connection in
      try service.change(
        supply, tenant: TestGateway.tenant, now: time.now, in: connection
      ) { _ in
        .adjusted(change: 1, reason: .delivery, by: "\(number)", note: nil)
      }.version
    }
  }

  @Test("nothing older than the last commit is read in the same process, whoever races")
  func race() async throws {
    try await OrderScene.run(cache: CacheAside(Self.inProcess())) { scene in
      let beans = try await scene.keep("beans", 100)
      let (stock, database, time) = (scene.services.stock, scene.database, scene.time)
      try await Self.race(scene.gateway, beans, isOwn: { _ in true }) {
        try await Self.adjust(beans, $0, stock, database, time)
      }
    }
  }

  private static func redis(
    _ server: RedisServer, commandMilliseconds: Int64 = 30_000
  ) async throws -> RedisCache {
    var options = RedisOptions(host: "127.0.0.1", port: server.port)
    options.commandMilliseconds = commandMilliseconds
    options.shortestPauseMilliseconds = 5
    options.longestPauseMilliseconds = 50
    let cache = try RedisCache(options)
    try await waitUntil("Redis answers") { await answers(cache) }
    return cache
  }

  private static func answers(_ cache: RedisCache) async -> Bool {
    do throws(CacheError) {
      try await cache.ping()
      return true
    } catch {
      return false
    }
  }

  @Test("what another process commits is read as soon as no load is under way, through one Redis")
  func twoProcesses() async throws {
    let directory = try ScratchDirectory()
    defer { withExtendedLifetime(directory) {} }
    let server = try await RedisServer.start(directory: directory.path)
    let (one, other) = (try await Self.redis(server), try await Self.redis(server))
    try await OrderScene.run(cache: CacheAside(one)) { scene in
      let beans = try await scene.keep("beans", 100)
      let second = OrderScene.caching(scene.gateway.database, CacheAside(other))
      let (stock, first, time) = (scene.services.stock, scene.database, scene.time)
      try await Self.race(scene.gateway, beans, isOwn: { $0.isMultiple(of: 2) }) { number in
        try await Self.adjust(
          beans, number, stock, number.isMultiple(of: 2) ? first : second, time)
      }
      let id = try await scene.place()
      #expect(try await scene.status(id) == "pending")
      #expect(await one.get(try Self.keys.order(id)) != nil)
      let (service, now) = (OrderService(database: second), scene.time.now)
      try await second.groupedWrite(as: TestGateway.tenant) {
        _ = try service.decide(on: id, tenant: TestGateway.tenant, now: now, in: $0) { _ in
          .canceled(by: "ada", note: nil)
        }
      }
      #expect(try await scene.status(id) == "canceled")
    }
    one.close()
    other.close()
  }

  @Test("a Redis that dies costs answers nothing, and what it missed isn't read from the next")
  func dyingRedis() async throws {
    let directory = try ScratchDirectory()
    defer { withExtendedLifetime(directory) {} }
    let server = try await RedisServer.start(directory: directory.path)
    let cache = try await Self.redis(server, commandMilliseconds: 300)
    try await OrderScene.run(cache: CacheAside(cache)) { scene in
      let beans = try await scene.keep("beans", 100)
      let id = try await scene.place()
      #expect(try await scene.stock(beans) == [100, 18])
      // Stopped, it keeps what it has and hears of nothing.
      server.send(.stop)
      scene.time.advance(milliseconds: 1)
      #expect(try await scene.post("/v1/orders/\(id)/cancel", "{}").status == 200)
      #expect(try await scene.status(id) == "canceled")
      #expect(try await scene.stock(beans) == [100, 0])
      server.send(.continue)
      try await waitUntil("Redis answers") { await Self.answers(cache) }
      #expect(try await scene.status(id) == "canceled")
      await server.stop()
      let next = try await scene.place()
      #expect(try await scene.status(next) == "pending")
      try await server.start()
      try await waitUntil("Redis answers") { await Self.answers(cache) }
      #expect(try await scene.stock(beans) == [100, 18])
      #expect(try await scene.status(next) == "pending")
    }
    cache.close()
  }

  @Test("what a process that died behind its commit didn't delete is deleted by who follows events")
  func following() async throws {
    let cache = Self.inProcess()
    try await OrderScene.run(cache: CacheAside(cache)) { scene in
      let beans = try await scene.keep("beans", 100)
      let id = try await scene.place()
      #expect(try await scene.status(id) == "pending")
      let (dead, now) = (scene.gateway.database, scene.time.now)
      let service = OrderService(database: dead)
      try await dead.write {
        _ = try service.decide(on: id, tenant: TestGateway.tenant, now: now, in: $0) { _ in
          .canceled(by: "ada", note: nil)
        }
      }
      #expect(try await scene.status(id) == "pending", "nobody has told the cache")
      try await scene.gateway.sequence()
      let following = ChangeFollowing(database: dead, cache: CacheAside(cache)) { event in
        event.type.hasPrefix("order.")
          ? Order.cacheKeys(of: event.subject, customer: "ada", tenant: event.tenant ?? "") : []
      }
      var position = try await following.start(at: scene.time.now)
      #expect(position == 0, "all events are younger than what may be cached")
      while true {
        let next = try await following.step(after: position)
        if next == position { break }
        position = next
      }
      #expect(try await scene.status(id) == "canceled")
      scene.time.advance(seconds: 7_200)
      #expect(try await scene.keep("milk", 1) != beans)
      try await scene.gateway.sequence()
      // Behind what is too old to be cached still.
      #expect(try await following.start(at: scene.time.now) > 0)
    }
  }

  @Test("who follows events deletes a forgotten customer's list, too, and a former owner's")
  func former() async throws {
    let cache = Self.inProcess()
    try await OrderScene.run(cache: CacheAside(cache)) { scene in
      let (id, tenant, dead) = (try await scene.place(), TestGateway.tenant, scene.gateway.database)
      try await dead.settle()
      #expect(try await scene.gateway.get("/v1/orders?customer=ada").status == 200)
      let list = try Self.keys.orders(ofUser: "ada")
      #expect(await cache.get(list) != nil)
      let (service, now) = (OrderService(database: dead), scene.time.now)
      for fact in [OrderFact.canceled(by: "ada", note: nil), .forgotten(by: "ada")] {
        try await dead.write {
          _ = try service.decide(on: id, tenant: tenant, now: now, in: $0) { _ in fact }
        }
      }
      try await scene.gateway.sequence()
      // From behind all but the deletion, as where the list was read in between.
      let last = try await dead.read { try EventLog.lastPosition(in: $0) }
      let following = ChangeFollowing(
        database: dead, cache: CacheAside(cache), hidesFormer: { $0.type == "order.deleted" },
        keys: { event in
          let customer = (try? JSONValue(parsing: Array(event.data.utf8)))?["customer"]?.string
          return Order.cacheKeys(of: event.subject, customer: customer, tenant: tenant)
        })
      #expect(await cache.get(list) != nil)
      #expect(try await following.step(after: last - 1) == last)
      #expect(await cache.get(list) == nil)
    }
  }

  @Test(
    "a list that doesn't show the newest yet, for an older transaction's sake, isn't kept",
    .enabled(if: TestEngine.selected == .postgreSQL))
  func unsettled() async throws {
    let cache = Self.inProcess()
    try await OrderScene.run(cache: CacheAside(cache)) { scene in
      let (gateway, gate) = (scene.gateway, DispatchSemaphore(value: 0))
      let begun = AsyncStream.makeStream(of: Void.self)
      async let older: Void = gateway.database.write { connection in
        _ = try connection.queryFirst("SELECT CAST(pg_current_xact_id() AS TEXT) AS id")
        begun.continuation.finish()
        gate.wait()
      }
      for await _ in begun.stream {}
      try await scene.place()
      let early = try await gateway.get("/v1/orders?customer=ada").json()["data"]
      #expect(early == [])
      gate.signal()
      try await older
      try await gateway.database.settle()
      let late = try await gateway.get("/v1/orders?customer=ada").json()["data"]
      #expect(late?.elements?.count == 1)
    }
  }
}
