import Bytes
import Database
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Testing

@Suite("deciding about payments over HTTP")
struct DecisionTests {
  private static func accept(_ due: String) -> String {
    #"{"action":"accept","due_minor":"\#(due)"}"#
  }

  private static func close(_ reason: String) -> String {
    #"{"action":"close","reason":"\#(reason)"}"#
  }

  @Test("a payment to which nothing came is canceled, and canceling it again changes nothing")
  func cancel() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let first = try await gateway.decide("cancel", id)
      #expect(first.status == 200)
      #expect(try first.json()["status"] == "canceled")
      let before = try await gateway.written()
      let second = try await gateway.decide("cancel", id)
      #expect(second.status == 200)
      #expect(second.body == first.body)
      #expect(try await gateway.written() == before)
      #expect(try await gateway.events(of: id) == ["payment.created", "payment.canceled"])
    }
  }

  @Test("once money has come, canceling is refused, and the problem says why")
  func lateCancel() async throws {
    try await TestGateway.run { gateway in
      let part = try await gateway.made("order-1")
      let whole = try await gateway.made("order-2")
      try await gateway.chain.look(.init(to: part, 1_000), .init(to: whole, 100_000))
      let before = try await gateway.written()
      let refused = try await gateway.decide("cancel", part)
      try expect(refused, is: 409, "not-cancelable")
      #expect(try refused.json()["detail"] == "Money has come.")
      let processing = try await gateway.decide("cancel", whole)
      try expect(processing, is: 409, "not-cancelable")
      #expect(try processing.json()["detail"] == "It is processing.")
      #expect(try await gateway.written() == before)
    }
  }

  @Test("a payment goes its way over HTTP as its money does on the chain")
  func way() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let money = ChainByHand.Money(to: id, 100_000)
      try await gateway.chain.look(money)
      var payment = try await gateway.payment(id)
      #expect(payment["status"] == "processing")
      #expect(payment["replaceable"] == true)
      #expect(payment["shortfall_minor"] == "0")
      let seen = try #require(payment["transfers"]?.elements?.first)
      #expect(seen["txid"] == .string(money.txid.displayHex))
      #expect(seen["state"] == "seen" && seen["block_height"] == nil)
      try await gateway.chain.mine(money)
      payment = try await gateway.payment(id)
      #expect(payment["transfers"]?.elements?.first?["block_height"] == 1001)
      try await gateway.chain.mineEmpty(1)
      payment = try await gateway.payment(id)
      #expect(payment["status"] == "paid")
      #expect(payment["confirmed_minor"] == "100000")
      #expect(payment["received"] == "0.00100000")
      try await gateway.chain.mineEmpty(4)
      #expect(try await gateway.status(id) == "settled")
      #expect(
        try await gateway.events(of: id) == [
          "payment.created", "payment.processing", "payment.paid", "payment.settled",
        ])
      try expect(try await gateway.decide("cancel", id), is: 409, "not-cancelable")
      let refused = try await gateway.decide("resolve", id, Self.close("refunded"))
      try expect(refused, is: 409, "not-resolvable")
      #expect(try refused.json()["detail"] == "It is settled.")
    }
  }

  @Test("accepting what came short lowers what is due, and the payment is paid")
  func accept() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let money = ChainByHand.Money(to: id, 90_000)
      try await gateway.chain.mine(money)
      try await gateway.chain.mineEmpty(1)
      #expect(try await gateway.status(id) == "partially_paid")
      let accepted = try await gateway.decide("resolve", id, Self.accept("90000"))
      #expect(accepted.status == 200)
      let payment = try accepted.json()
      #expect(payment["status"] == "paid")
      #expect(payment["due_minor"] == "90000")
      #expect(payment["amount_minor"] == "100000")
      let before = try await gateway.written()
      let again = try await gateway.decide("resolve", id, Self.accept("90000"))
      #expect(again.body == accepted.body)
      #expect(try await gateway.written() == before)
      #expect(
        try await gateway.events(of: id) == [
          "payment.created", "payment.partially_paid", "payment.processing", "payment.paid",
        ])
    }
  }

  @Test("accepting what is final already settles the payment, in the ledger too")
  func acceptFinal() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      try await gateway.chain.mine(.init(to: id, 90_000))
      try await gateway.chain.mineEmpty(5)
      let accepted = try await gateway.decide("resolve", id, Self.accept("90000"))
      #expect(try accepted.json()["status"] == "settled", "\(accepted.body)")
      let entries = try await gateway.database.read {
        try $0.query("SELECT kind FROM ledger_entries WHERE subject = $1", [.text(id)]).count
      }
      #expect(entries == 1)
    }
  }

  @Test("a decision that was taken before is taken again where money came in between")
  func again() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let accept = Self.accept("60000")
      let close = Self.close("given back")
      try await gateway.chain.mine(.init(to: id, 60_000))
      #expect(try await gateway.decide("resolve", id, accept).json()["status"] == "processing")
      #expect(try await gateway.decide("resolve", id, close).json()["status"] == "resolved")
      try expect(try await gateway.decide("resolve", id, accept), is: 409, "nothing-to-accept")
      try await gateway.chain.mine(.init(to: id, 60_001, in: "more"))
      #expect(try await gateway.payment(id)["held_minor"] == "60001")
      let reopened = try await gateway.decide("resolve", id, accept)
      #expect(try reopened.json()["status"] == "processing")
      #expect(try await gateway.decide("resolve", id, accept).body == reopened.body)
      #expect(try await gateway.decide("resolve", id, close).json()["status"] == "resolved")
    }
  }

  @Test("late money waits until it is accepted")
  func late() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      gateway.time.advance(seconds: 901)
      try await gateway.chain.look()
      #expect(try await gateway.status(id) == "expired")
      let expired = try await gateway.decide("cancel", id)
      try expect(expired, is: 409, "not-cancelable")
      gateway.time.advance(seconds: 1)
      try await gateway.chain.mine(.init(to: id, 100_000))
      let held = try await gateway.payment(id)
      #expect(held["status"] == "expired" && held["late"] == true)
      #expect(held["held_minor"] == "100000")
      let accepted = try await gateway.decide("resolve", id, Self.accept("100000"))
      #expect(try accepted.json()["status"] == "processing")
      #expect(try accepted.json()["held_minor"] == "0")
    }
  }

  @Test("closing ends a payment for its reason, and closing it again so changes nothing")
  func close() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let closed = try await gateway.decide("resolve", id, Self.close("paid in cash"))
      #expect(closed.status == 200)
      let payment = try closed.json()
      #expect(payment["status"] == "resolved")
      #expect(payment["resolved_by"] == .string("tenant:\(TestGateway.tenant)"))
      #expect(payment["resolved_reason"] == "paid in cash")
      let before = try await gateway.written()
      let again = try await gateway.decide("resolve", id, Self.close("paid in cash"))
      #expect(again.status == 200)
      #expect(again.body == closed.body)
      let other = try await gateway.decide("resolve", id, Self.close("something else"))
      try expect(other, is: 409, "not-resolvable")
      try expect(
        try await gateway.decide("resolve", id, Self.accept("1")), is: 409, "nothing-to-accept")
      #expect(try await gateway.written() == before)
      #expect(try await gateway.events(of: id) == ["payment.created", "payment.resolved"])
      try await gateway.made("order-1")
    }
  }

  @Test("what can't be accepted is refused, and nothing is written")
  func acceptRefusals() async throws {
    try await TestGateway.run { gateway in
      let empty = try await gateway.made("order-1")
      try expect(
        try await gateway.decide("resolve", empty, Self.accept("1")), is: 409,
        "nothing-to-accept")
      let id = try await gateway.made("order-2")
      try await gateway.chain.mine(.init(to: id, 50_000))
      let before = try await gateway.written()
      // More than came.
      try expect(
        try await gateway.decide("resolve", id, Self.accept("50001")), is: 409,
        "nothing-to-accept")
      for due in ["0", "100001", "-1", "0.5", "", "1e3", String(repeating: "9", count: 78)] {
        try expect(
          try await gateway.decide("resolve", id, Self.accept(due)), is: 422, "invalid-field",
          field: "due_minor")
      }
      #expect(try await gateway.written() == before)
    }
  }

  @Test("a decision that isn't one is refused by its field")
  func malformed() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let before = try await gateway.written()
      let refused: [(String, String)] = [
        ("{}", "action"), (#"{"action":"refund"}"#, "action"), (#"{"action":1}"#, "action"),
        (#"{"action":"accept"}"#, "due_minor"),
        (#"{"action":"accept","due_minor":1000}"#, "due_minor"),
        (#"{"action":"accept","due_minor":"1","reason":"x"}"#, "reason"),
        (#"{"action":"close"}"#, "reason"), (#"{"action":"close","reason":""}"#, "reason"),
        (#"{"action":"close","reason":"x","due_minor":"1"}"#, "due_minor"),
        (Self.close(String(repeating: "x", count: 501)), "reason"),
      ]
      for (body, field) in refused {
        try expect(
          try await gateway.decide("resolve", id, body), is: 422, "invalid-field", field: field)
      }
      try expect(
        try await gateway.send("POST", "/v1/payments/\(id)/resolve"), is: 415,
        "unsupported-media-type")
      #expect(try await gateway.written() == before)
    }
  }
}
