import Database
import GatewayFixtures
import JSON
import LoopbackHTTP
import TestDatabases
import Testing

@Suite("the API on a full disk")
struct DiskFullTests {
  /// Lets the database grow no further, or as it likes.
  private static func limit(_ gateway: TestGateway, toPages pages: Int) async throws {
    try await gateway.database.write {
      _ = try $0.query("PRAGMA max_page_count = \(pages)")
    }
  }

  @Test("requests that find no room are told to come again, and then hold under their own keys")
  func refused() async throws {
    var options = TestGateway.Options()
    // Only there a statement can take the room away.
    options.engine = .sqlite
    options.ready = 40
    try await TestGateway.run(options) { gateway in
      let first = try await gateway.made("before")
      // No more than there is.
      try await Self.limit(gateway, toPages: 1)
      let notes = String(repeating: "x", count: 4_000)
      func create(_ number: Int) async throws -> Answer {
        try await gateway.create(
          TestGateway.order("order-\(number)", more: #","metadata":{"notes":"\#(notes)"}"#),
          key: "key-\(number)")
      }
      var made = 1
      var refused: [Int] = []
      for number in 0..<32 {
        let answer = try await create(number)
        if answer.status == 201 {
          made += 1
        } else {
          try expect(answer, is: 503, "unavailable")
          #expect(answer.headers["retry-after"] == "1")
          refused.append(number)
        }
      }
      #expect(refused.count >= 16)
      #expect(try await gateway.all("/v1/payments", limit: 50).count == made)
      #expect(try await gateway.status(first) == "open")

      try await Self.limit(gateway, toPages: 1_000_000)
      for number in refused { #expect(try await create(number).status == 201) }
      let payments = try await gateway.all("/v1/payments", limit: 50)
      #expect(payments.count == 33)
      #expect(Set(payments.map { $0["order_id"]?.string }).count == 33)
    }
  }
}
