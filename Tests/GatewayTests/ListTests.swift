import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Testing

@Suite("listing payments over HTTP")
struct ListTests {
  @Test(
    "pages hold each payment once, in the order in which they were made",
    arguments: [1, 2, 5, 7, 50])
  func pages(limit: Int) async throws {
    try await TestGateway.run { gateway in
      #expect(
        try await gateway.get("/v1/payments").body == #"{"data":[],"next_after":null}"#)
      var ids: [String] = []
      for number in 1...7 { ids.append(try await gateway.made("order-\(number)")) }
      let listed = try await gateway.all("/v1/payments", limit: limit)
      #expect(listed.compactMap { $0["id"]?.string } == ids)
      #expect(listed.first == (try await gateway.payment(ids[0])))
      let last = try await gateway.get("/v1/payments?limit=7").json()
      #expect(last["next_after"] == .null)
    }
  }

  @Test("whoever pages while payments are being made misses none that was there, and repeats none")
  func growing() async throws {
    try await TestGateway.run(.init(ready: 40)) { gateway in
      var before: [String] = []
      for number in 0..<12 { before.append(try await gateway.made("before-\(number)")) }
      let making = Task {
        for number in 0..<24 { try await gateway.made("while-\(number)") }
      }
      var listings = 0
      while listings < 4 {
        let ids = try await gateway.all("/v1/payments", limit: 3).compactMap { $0["id"]?.string }
        #expect(Array(ids.prefix(12)) == before)
        #expect(ids == ids.sorted() && Set(ids).count == ids.count)
        listings += 1
      }
      try await making.value
      #expect(try await gateway.all("/v1/payments", limit: 5).count == 36)
    }
  }

  @Test("filters by status and by order hold with paging")
  func filters() async throws {
    try await TestGateway.run { gateway in
      var ids: [String] = []
      for number in 1...6 { ids.append(try await gateway.made("order-\(number)")) }
      for id in [ids[1], ids[3], ids[4]] {
        #expect(try await gateway.decide("cancel", id).status == 200)
      }
      func list(_ query: String) async throws -> [String] {
        try await gateway.all("/v1/payments?\(query)", limit: 2).compactMap { $0["id"]?.string }
      }
      #expect(try await list("status=canceled") == [ids[1], ids[3], ids[4]])
      #expect(try await list("status=open") == [ids[0], ids[2], ids[5]])
      #expect(try await list("status=partially_paid") == [])
      #expect(try await list("order_id=order-4") == [ids[3]])
      #expect(try await list("order_id=order-4&status=open") == [])
      #expect(try await list("order_id=%25") == [])
    }
  }

  @Test("a parameter that can't be used is named")
  func refusals() async throws {
    try await TestGateway.run { gateway in
      let refused: [(String, String)] = [
        ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=-1", "limit"),
        ("limit=", "limit"), ("limit=ten", "limit"), ("limit=1&limit=2", "limit"),
        ("limit=99999999999999999999", "limit"), ("status=done", "status"),
        ("status=", "status"), ("order_id=", "order_id"),
        ("order_id=" + String(repeating: "x", count: 129), "order_id"),
        ("after=", "after"), ("after=17", "after"), ("after=pay_x", "after"),
        ("after=ref_00000000000000000000000000", "after"), ("after=%00", "after"),
        ("page=2", "page"),
      ]
      for (query, field) in refused {
        try expect(
          try await gateway.get("/v1/payments?\(query)"), is: 422, "invalid-field", field: field)
      }
      // A payment of nobody is a place in the order all the same.
      let answer = try await gateway.get("/v1/payments?after=pay_00000000000000000000000000")
      #expect(answer.status == 200)
    }
  }
}
