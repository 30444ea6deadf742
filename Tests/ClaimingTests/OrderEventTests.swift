import Bytes
import ChainTypes
import Claiming
import Database
import EventLog
import GatewayFixtures
import JSON
import LoopbackHTTP
import TestDatabases
import Testing

@Suite("Claiming hears of orders")
struct OrderEventTests {
  @Test("an order that is ready gets a claim with a code, and none before")
  func issued() async throws {
    try await ClaimScene.run { scene in
      let order = try await scene.confirmed()
      try await scene.hear()
      try expect(
        try await scene.gateway.get("/v1/orders/\(order)/claim"), is: 404, "not-found")
      for word in ["prepare", "ready"] { _ = try await scene.post("/v1/orders/\(order)/\(word)") }
      try await scene.hear()
      let claim = try await scene.claim(ofOrder: order)
      #expect(claim["status"] == "open" && claim["locked"] == false)
      #expect(claim["order_id"] == .string(order) && claim["location"] == "old town")
      #expect(claim["region"] == "eu" && claim["how"] == "pickup")
      #expect(claim["attempts_left"] == 5)
      let id = try #require(claim["id"]?.string)
      #expect(try await scene.types(id) == ["claim.created"])
      #expect(ClaimCode(try await scene.code(id)) != nil)
      let issued = try #require(
        try await scene.service.code(ofOrder: order, tenant: TestGateway.tenant))
      #expect(issued.claim == id && issued.order == order)
      #expect(try await scene.code(id) == issued.code.grouped)
      #expect(try await scene.service.code(ofOrder: order, tenant: "bakery") == nil)
      try await scene.expectSound()
    }
  }

  @Test("with its order a claim forgets whose it was: in rows and facts, and is made again so")
  func forgotten() async throws {
    try await ClaimScene.run { scene in
      let (order, claim) = try await scene.claimed()
      func text(_ sql: String) async throws -> String {
        try await scene.gateway.database.read { connection in
          try connection.query(sql, [.text(claim)]).map { try $0.text("text") }.joined()
        }
      }
      let row = "SELECT state AS text FROM claims WHERE claim_id = $1"
      let facts = "SELECT fact AS text FROM claim_facts WHERE claim_id = $1"
      let words = "SELECT words AS text FROM claim_words WHERE claim_id = $1"
      #expect(try await text(row).contains("ada"))
      #expect(!(try await text(facts)).contains("ada"))
      #expect(try await text(words) == #"{"customer":"ada"}"#)
      try await scene.expectSound()
      #expect(try await scene.post("/v1/orders/\(order)/complete").status == 200)
      try await scene.hear()
      #expect(try await scene.gateway.send("DELETE", "/v1/orders/\(order)").status == 200)
      try await scene.hear()
      #expect(!(try await text(row)).contains("ada"))
      #expect(try await text(words) == "")
      #expect(
        try await scene.types(claim) == ["claim.created", "claim.canceled", "claim.updated"])
      try await scene.expectSound()
    }
  }

  /// Whichever event comes last decides, and each counts once: the inbox keeps the order.
  @Test(
    "events that come twice, late or out of order leave what they leave in order",
    arguments: 0..<12)
  func shuffled(seed: UInt64) async throws {
    try await ClaimScene.run { scene in
      let lives = [
        (["ready", "held", "ready"], "open"), (["ready", "held"], "suspended"),
        (["ready", "held", "canceled"], "canceled"), (["ready", "completed"], "canceled"),
      ]
      let (life, status) = lives[Int(seed) % lives.count]
      for word in ["created", "confirmed", "preparing"] + life {
        try await scene.tell(word, of: "ord_1")
      }
      let events = try await scene.events("ord_1")
      var generator = SplitMix64(seed: seed)
      let deliveries = (events + events + events).shuffled(using: &generator)
      // Gaps are told, and closed by what comes.
      try await scene.hearOrders(
        from: Deliveries(deliveries, on: "order-events"), expectingNotices: true)
      let claim = try await scene.claim(ofOrder: "ord_1")
      #expect(claim["status"]?.string == status)
      #expect(try await scene.count("claims") == 1)
      let told = try await scene.types(try #require(claim["id"]?.string))
      #expect(told.count == life.count)
      try await scene.expectSound()
    }
  }

  /// What the handler itself makes of repetition: the inbox that keeps the order is another's.
  @Test("an older event than the last that counted changes nothing")
  func older() async throws {
    try await ClaimScene.run { scene in
      try await scene.tell("ready", "held", "ready", "held", of: "ord_1")
      let events = try await scene.events("ord_1")
      let handler = scene.orderEvents()
      for event in events + events.reversed() + events {
        try await scene.database.write { connection in
          try handler.handle(
            ReceivedEvent(event, at: EventPlace(.log, event.sequence)), in: connection)
        }
      }
      let claim = try await scene.claim(ofOrder: "ord_1")
      #expect(claim["status"] == "suspended" && claim["version"] == 4)
      try await scene.expectSound()
    }
  }

  @Test("a canceled order's claim ends, and its code with it")
  func ended() async throws {
    try await ClaimScene.run { scene in
      try await scene.tell("ready", of: "ord_1")
      try await scene.hearOrders()
      let id = try #require(try await scene.claim(ofOrder: "ord_1")["id"]?.string)
      let code = try await scene.code(id)
      try await scene.tell("canceled", of: "ord_1")
      try await scene.hearOrders()
      let claim = try await scene.claim(id)
      #expect(claim["status"] == "canceled" && claim["cancellation"] == "order_canceled")
      try expect(try await scene.show(code, for: id), is: 409, "claim-canceled")
      try expect(try await scene.gateway.get("/v1/claims/\(id)/code"), is: 410, "claim-ended")
      #expect(try await scene.count("claim_codes") == 0)
      #expect(
        try await scene.service.code(ofOrder: "ord_1", tenant: TestGateway.tenant) == nil)
      try await scene.expectSound()
    }
  }

  @Test("what is no order's event is refused, and another region's claims are left alone")
  func others() async throws {
    try await ClaimScene.run { scene in
      try await scene.tell("ready", "held", of: "ord_1")
      let events = try await scene.events("ord_1")
      let here = scene.orderEvents()
      let there = scene.orderEvents(in: "us")
      try await scene.database.write { connection in
        let at = EventPlace(.log, 1)
        try here.handle(ReceivedEvent(events[0], at: at), in: connection)
        try there.handle(ReceivedEvent(events[1], at: at), in: connection)
      }
      #expect(try await scene.claim(ofOrder: "ord_1")["status"] == "open")
      for data in ["[]", "{}", #"{"status":"ready"}"#, #"{"status":7,"location":"x"}"#] {
        let odd = CloudEvent(
          id: events[0].id, type: "order.ready", subject: "ord_2", sequence: 1,
          tenant: TestGateway.tenant, time: scene.time.now, data: data)
        await #expect(throws: EventRefusal.self) {
          try await scene.database.write {
            try here.handle(ReceivedEvent(odd, at: EventPlace(.log, 1)), in: $0)
          }
        }
      }
      #expect(try await scene.count("claims") == 1)
    }
  }

  /// The claim, its code, its event and the note that the order's event was handled are one
  /// transaction: wherever a process dies, there is all of it or nothing.
  @Test(
    "a process that dies before its commit or behind it issues one claim", arguments: [false, true])
  func deaths(afterCommit: Bool) async throws {
    try await ClaimScene.run { scene in
      try await scene.tell("ready", of: "ord_1")
      try await scene.gateway.sequence()
      var write = 0
      var hasDied = true
      while hasDied {
        write += 1
        let order = "ord_a\(write)"
        try await scene.tell("ready", of: order)
        try await scene.gateway.sequence()
        let dying = DyingDatabase(scene.database, at: write, afterCommit: afterCommit)
        var process = scene
        process.database = dying
        do {
          try await process.hearOrders()
        } catch {
          try #require(dying.isDead, "\(error)")
        }
        hasDied = dying.isDead
        let claims = try await scene.count("claims")
        #expect(try await scene.count("claim_codes") == claims, "write \(write)")
        #expect(try await scene.count("claim_facts") == claims, "write \(write)")
        // The next process hears of what that one didn't.
        try await scene.hearOrders()
        #expect(try await scene.count("claims") == Int64(write + 1), "write \(write)")
        let id = try #require(try await scene.claim(ofOrder: order)["id"]?.string)
        #expect(try await scene.types(id) == ["claim.created"])
      }
      // The consumer's places once, and each page of events.
      #expect(write >= 2)
      try await scene.expectSound()
    }
  }
}
