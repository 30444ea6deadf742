import Database
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Tenancy
import Testing

@Suite("streams of events over HTTP")
struct StreamTests {
  @Test("a stream gives what was, then what comes, each with its position")
  func stream() async throws {
    try await TestGateway.run { gateway in
      let first = try await gateway.made("order-1")
      let stream = try await EventReader(gateway)
      let created = try #require(try await stream.next())
      #expect(created.id == "1" && created.type == "payment.created")
      #expect(created.event["subject"] == .string(first))
      #expect(try await gateway.decide("cancel", first).status == 200)
      let canceled = try #require(try await stream.next())
      #expect(canceled.id == "2" && canceled.type == "payment.canceled")
      let page = try await gateway.get("/v1/events").json()
      #expect(page["data"]?.elements == [created.event, canceled.event])
    }
  }

  @Test("who comes back with Last-Event-ID loses and repeats nothing while events are appended")
  func resumption() async throws {
    try await TestGateway.run(.init(ready: 40)) { gateway in
      let making = Task {
        for number in 0..<30 {
          let id = try await gateway.made("order-\(number)")
          if number % 3 == 0 { _ = try await gateway.decide("cancel", id) }
        }
      }
      var events: [EventReader.Event] = []
      while events.count < 40 {
        // After a few events the client goes away and comes back.
        let last = events.last?.id
        let reader =
          events.count % 2 == 0
          ? try await EventReader(gateway, lastEventID: last)
          : try await EventReader(gateway, query: last.map { "?last_event_id=\($0)" } ?? "")
        events += try await reader.next(min(7, 40 - events.count))
      }
      try await making.value
      #expect(events.map(\.id) == (1...40).map(String.init))
      let pages = try await gateway.all("/v1/events", limit: 100)
      #expect(events.map(\.event) == pages)
    }
  }

  @Test("a stream begins where its client says: Last-Event-ID goes before the first after")
  func beginning() async throws {
    try await TestGateway.run { gateway in
      for number in 0..<4 { try await gateway.made("order-\(number)") }
      try await gateway.sequence()
      let after = try await EventReader(gateway, query: "?after=2")
      #expect(try await after.next()?.id == "3")
      let both = try await EventReader(gateway, query: "?after=1", lastEventID: "3")
      #expect(try await both.next()?.id == "4")
      let new = try await EventReader(gateway, query: "?after=4")
      try await gateway.made("order-5")
      #expect(try await new.next()?.id == "5")
    }
  }

  @Test("a filtered stream skips what isn't wanted")
  func filters() async throws {
    try await TestGateway.run { gateway in
      let types = try await EventReader(gateway, query: "?type=payment.canceled")
      let first = try await gateway.made("order-1")
      let second = try await gateway.made("order-2")
      let subject = try await EventReader(gateway, query: "?subject=\(second)")
      for id in [first, second] {
        #expect(try await gateway.decide("cancel", id).status == 200)
      }
      #expect(
        try await types.next(2).map { $0.event["subject"] } == [.string(first), .string(second)])
      #expect(
        try await subject.next(2).map(\.type) == ["payment.created", "payment.canceled"])
    }
  }

  @Test("line separators in metadata don't break an event apart")
  func lineSeparators() async throws {
    try await TestGateway.run { gateway in
      let metadata = "{\"a\":\"x\u{2028}y\u{2029}z\u{85}\",\"b\":\"\\r\\n\\u000b\"}"
      let body = TestGateway.order("order-1", more: ",\"metadata\":\(metadata)")
      #expect(try await gateway.create(body).status == 201)
      let event = try #require(try await EventReader(gateway).next()?.event)
      #expect(event["data"]?["metadata"]?["a"] == "x\u{2028}y\u{2029}z\u{85}")
      #expect(event["data"]?["metadata"]?["b"] == "\r\n\u{b}")
    }
  }

  @Test("a stream ends with its key")
  func revocation() async throws {
    try await TestGateway.run { gateway in
      try await gateway.made("order-1")
      let reader = try await EventReader(gateway)
      #expect(try await reader.next()?.id == "1")
      let (old, new) = (try #require(gateway.keys[TestGateway.tenant]), APIKey.generate())
      let now = gateway.time.now
      try await gateway.database.write { connection in
        try APIKeys.revoke(digest: old.digest, now: now, in: connection)
        try APIKeys.issue(
          new, tenant: TestGateway.tenant, label: "new", now: now, in: connection)
      }
      gateway.time.advance(seconds: 5)
      let made = try await gateway.send(
        "POST", "/v1/payments",
        headers: ["Authorization": "Bearer \(new.text)", "Idempotency-Key": "k"],
        body: TestGateway.order("order-2"))
      #expect(made.status == 201)
      #expect(try await reader.next() == nil)
    }
  }

  @Test("streams end when the server shuts down")
  func shutdown() async throws {
    try await TestGateway.run { gateway in
      try await gateway.made("order-1")
      let reader = try await EventReader(gateway)
      let idle = try await EventReader(gateway, query: "?type=payment.late")
      #expect(try await reader.next()?.id == "1")
      async let ended: Void = gateway.server.shutDown()
      #expect(try await reader.next() == nil)
      #expect(try await idle.next() == nil)
      await ended
    }
  }
}
