import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Testing

@Suite("pages of events over HTTP")
struct EventTests {
  /// Events of several types about payments and transfers, all sequenced.
  private func story(_ gateway: TestGateway) async throws -> (paid: String, canceled: String) {
    let paid = try await gateway.made("order-1")
    let canceled = try await gateway.made("order-2")
    let money = ChainByHand.Money(to: paid, 100_000)
    try await gateway.chain.look(money)
    #expect(try await gateway.decide("cancel", canceled).status == 200)
    try await gateway.chain.mine(money)
    try await gateway.chain.mineEmpty(1)
    try await gateway.chain.mineEmpty(4)
    try await gateway.sequence()
    return (paid, canceled)
  }

  @Test("pages go through all events exactly once, in one order", arguments: [1, 2, 3, 100])
  func pages(limit: Int) async throws {
    try await TestGateway.run { gateway in
      _ = try await story(gateway)
      let events = try await gateway.all("/v1/events", limit: limit)
      #expect(
        events.compactMap { $0["type"]?.string } == [
          "payment.created", "payment.created", "transfer.seen", "payment.processing",
          "payment.canceled", "transfer.included", "transfer.confirmed", "payment.paid",
          "transfer.final", "payment.settled",
        ])
      #expect(Set(events.compactMap { $0["id"]?.string }).count == events.count)
    }
  }

  @Test("the last page's cursor goes on with what comes next")
  func cursor() async throws {
    try await TestGateway.run { gateway in
      let none = try await gateway.get("/v1/events").json()
      #expect(none == ["data": [], "next_after": "0"])
      _ = try await story(gateway)
      let page = try await gateway.get("/v1/events").json()
      let after = try #require(page["next_after"]?.string)
      #expect(
        try await gateway.get("/v1/events?after=\(after)").json()
          == ["data": [], "next_after": .string(after)])
      let next = try await gateway.made("order-3")
      try await gateway.sequence()
      let more = try await gateway.get("/v1/events?after=\(after)").json()
      #expect(more["data"]?.elements?.map { $0["subject"] } == [.string(next)])
    }
  }

  @Test("whoever pages while events are appended gets each once")
  func growing() async throws {
    try await TestGateway.run(.init(ready: 40)) { gateway in
      let making = Task {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for worker in 0..<4 {
            group.addTask {
              for number in 0..<8 {
                let id = try await gateway.made("order-\(worker)-\(number)")
                _ = try await gateway.decide("cancel", id)
              }
            }
          }
          try await group.waitForAll()
        }
      }
      var (events, after): ([JSONValue], String) = ([], "0")
      while events.count < 64 {
        let page = try await gateway.get("/v1/events?limit=5&after=\(after)").json()
        events += page["data"]?.elements ?? []
        after = try #require(page["next_after"]?.string)
      }
      try await making.value
      #expect(events.count == 64)
      #expect(Set(events.compactMap { $0["id"]?.string }).count == 64)
      #expect(
        try await gateway.get("/v1/events?after=\(after)").json()["data"] == .array([]))
      for (_, own) in Dictionary(grouping: events, by: { $0["subject"]?.string }) {
        #expect(own.map { $0["sequence"] } == [1, 2])
      }
    }
  }

  @Test("filters by type and subject hold with paging, and their cursors don't stand still")
  func filters() async throws {
    try await TestGateway.run { gateway in
      let (paid, canceled) = try await story(gateway)
      func types(_ query: String) async throws -> [String] {
        try await gateway.all("/v1/events?\(query)", limit: 2).compactMap { $0["type"]?.string }
      }
      #expect(try await types("type=payment.created").count == 2)
      #expect(try await types("type=payment.paid") == ["payment.paid"])
      #expect(
        try await types("subject=\(canceled)") == ["payment.created", "payment.canceled"])
      #expect(try await types("subject=\(paid)&type=payment.settled") == ["payment.settled"])
      #expect(try await types("type=payment.late") == [])
      let none = try await gateway.get("/v1/events?type=payment.late").json()
      #expect(none == ["data": [], "next_after": "10"])
      let transfers = try await gateway.all("/v1/events?type=transfer.final", limit: 2)
      let transfer = try #require(transfers.first?["subject"]?.string)
      #expect(transfers.first?["data"]?["payment_id"] == .string(paid))
      #expect(
        try await types("subject=\(transfer)") == [
          "transfer.seen", "transfer.included", "transfer.confirmed", "transfer.final",
        ])
    }
  }

  @Test("a payment's events have a sequence without gaps, and their cursor is that")
  func sequences() async throws {
    try await TestGateway.run { gateway in
      let (paid, _) = try await story(gateway)
      let path = "/v1/payments/\(paid)/events"
      for limit in [1, 3, 10] {
        let events = try await gateway.all(path, limit: limit)
        #expect(
          events.compactMap { $0["type"]?.string } == [
            "payment.created", "payment.processing", "payment.paid", "payment.settled",
          ])
        #expect(events.map { $0["sequence"] } == [1, 2, 3, 4])
        #expect(events.allSatisfy { $0["subject"] == .string(paid) })
      }
      let page = try await gateway.get("\(path)?limit=2").json()
      #expect(page["next_after"] == "2")
      let steps = try await gateway.all(path, limit: 10).compactMap { $0["data"] }
      #expect(steps.map { $0["from"] } == ["open", "open", "processing", "paid"])
      #expect(steps.map { $0["to"] } == ["open", "processing", "paid", "settled"])
      #expect(steps.allSatisfy { $0["status"] != nil && $0["id"] == .string(paid) })
    }
  }

  @Test("a reader that has seen more than the log holds is told, page or stream")
  func ahead() async throws {
    try await TestGateway.run { gateway in
      _ = try await gateway.made("order-1")
      try await gateway.sequence()
      let end = try #require(try await gateway.get("/v1/events").json()["next_after"]?.string)
      let beyond = String(try #require(Int(end)) + 1)
      try expect(try await gateway.get("/v1/events?after=\(beyond)"), is: 409, "cursor-ahead")
      for headers in [[:], ["Last-Event-ID": "999"]] {
        let answer = try await gateway.send(
          "GET", "/v1/events?after=\(beyond)",
          headers: headers.merging(["Accept": "text/event-stream"]) { $1 })
        try expect(answer, is: 409, "cursor-ahead")
      }
      #expect(try await gateway.get("/v1/events?after=\(end)").status == 200)
    }
  }

  @Test("a cursor or parameter that can't be used is named")
  func refusals() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      for path in ["/v1/events", "/v1/payments/\(id)/events"] {
        let refused: [(String, String)] = [
          ("after=x", "after"), ("after=-1", "after"), ("after=1.5", "after"),
          ("after=", "after"), ("after=9223372036854775808", "after"), ("limit=0", "limit"),
          ("limit=1001", "limit"), ("order_id=x", "order_id"),
          ("last_event_id=1", "last_event_id"),
        ]
        for (query, field) in refused {
          try expect(
            try await gateway.get("\(path)?\(query)"), is: 422, "invalid-field", field: field)
        }
      }
      for (query, last, field) in [
        ("?after=x", nil, "after"), ("", "x", "Last-Event-ID"), ("", "-1", "Last-Event-ID"),
        ("?last_event_id=x", nil, "Last-Event-ID"), ("?limit=0", nil, "limit"),
        ("", String(repeating: "1", count: 300), "Last-Event-ID"),
      ] {
        var headers = ["Accept": "text/event-stream"]
        headers["Last-Event-ID"] = last
        let answer = try await gateway.send("GET", "/v1/events\(query)", headers: headers)
        try expect(answer, is: 422, "invalid-field", field: field)
      }
    }
  }
}
