import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Testing

@Suite("repeating a request for a payment")
struct IdempotencyTests {
  @Test("a repetition gets the stored reply byte for byte, whatever became of the payment")
  func repetition() async throws {
    try await TestGateway.run { gateway in
      let body = TestGateway.order("order-1", more: #","metadata":{"b":1,"a":2}"#)
      let first = try await gateway.create(body, key: "k")
      let id = try #require(first.json()["id"]?.string)
      gateway.time.advance(seconds: 30)
      try await gateway.chain.look(.init(to: id, 100_000))
      #expect(try await gateway.status(id) == "processing")
      let second = try await gateway.create(body, key: "k")
      #expect(second.status == 201)
      #expect(second.body == first.body)
      #expect(try await gateway.all("/v1/payments", limit: 10).count == 1)
    }
  }

  @Test("another body under the same key is refused; another tenant's key is another key")
  func otherBody() async throws {
    try await TestGateway.run { gateway in
      let body = TestGateway.order("order-1")
      #expect(try await gateway.create(body, key: "k").status == 201)
      for other in [TestGateway.order("order-2"), body + " "] {
        try expect(
          try await gateway.create(other, key: "k"), is: 409, "idempotency-key-reused")
      }
      let theirs = try await gateway.create(
        TestGateway.order("order-2"), key: "k", as: TestGateway.otherTenant)
      #expect(theirs.status == 201)
      #expect(try await gateway.written()[0] == 2)
    }
  }

  @Test("a repetition gets its reply also when nothing can be made any more")
  func repetitionDuringHalt() async throws {
    try await TestGateway.run(.init(ready: 1)) { gateway in
      let body = TestGateway.order("order-1")
      let first = try await gateway.create(body, key: "k")
      #expect(first.status == 201)
      try expect(
        try await gateway.create(TestGateway.order("order-2")), is: 503, "no-address-ready")
      #expect(try await gateway.create(body, key: "k").body == first.body)
      let id = try #require(first.json()["id"]?.string)
      #expect(try await gateway.decide("cancel", id).status == 200)
      try await gateway.chain.halt("a reason")
      try expect(try await gateway.create(body, key: "other"), is: 503, "chain-halted")
      #expect(try await gateway.create(body, key: "k").body == first.body)
      // What the request would be refused for otherwise comes after the key.
      try expect(
        try await gateway.create(TestGateway.order("order-1", amount: "0.00000001"), key: "k"),
        is: 409, "idempotency-key-reused")
    }
  }

  @Test("50 repetitions at once make one payment and get the same reply")
  func concurrent() async throws {
    try await TestGateway.run { gateway in
      let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
        for _ in 0..<50 {
          group.addTask { try await gateway.create(TestGateway.order("order-1"), key: "k") }
        }
        return try await group.reduce(into: [Answer]()) { $0.append($1) }
      }
      #expect(answers.allSatisfy { $0.status == 201 })
      #expect(Set(answers.map(\.body)).count == 1)
      #expect(try await gateway.written() == [1, 0, 1, 1, 1])
    }
  }

  @Test("a request that was refused doesn't use up its key")
  func refused() async throws {
    try await TestGateway.run(.init(watching: false)) { gateway in
      let body = TestGateway.order("order-1")
      try expect(try await gateway.create(body, key: "k"), is: 503, "no-address-ready")
      try expect(
        try await gateway.create(TestGateway.order("order-1", amount: "0"), key: "k"), is: 422,
        "invalid-field", field: "amount")
      try await gateway.chain.watchAll()
      let made = try await gateway.create(body, key: "k")
      #expect(made.status == 201)
      try expect(
        try await gateway.create(body, key: "other"), is: 409, "order-has-payment")
      let id = try #require(made.json()["id"]?.string)
      #expect(try await gateway.decide("cancel", id).status == 200)
      #expect(try await gateway.create(body, key: "other").status == 201)
    }
  }
}
