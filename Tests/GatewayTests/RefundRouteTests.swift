import Bytes
import ChainTypes
import Database
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Payments
import Settlement
import TestSupport
import Testing

@Suite("sending money back over HTTP")
struct RefundRouteTests {
  private static let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
  private static let other = "bcrt1qs758ursh4q9z627kt3pp5yysm78ddny6txaqgw"
  private static let mainnet = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"

  private static func body(
    _ kind: String = "full", to address: String? = address, more: String = ""
  ) -> String {
    let place = address.map { #","address":"\#($0)""# } ?? ""
    return #"{"kind":"\#(kind)"\#(place)\#(more)}"#
  }

  /// A payment of 100,000 that got `value`, final unless told.
  private func paid(
    _ gateway: TestGateway, _ order: String = "order-1", value: UInt64 = 130_000,
    isFinal: Bool = true, as tenant: String = TestGateway.tenant
  ) async throws -> String {
    let id = try await gateway.made(order, as: tenant)
    try await gateway.chain.mine(.init(to: id, value))
    try await gateway.chain.mineEmpty(isFinal ? 5 : 2)
    return id
  }

  private func count(_ table: String, in gateway: TestGateway) async throws -> Int64 {
    try await gateway.database.read {
      try $0.queryFirst("SELECT COUNT(*) AS n FROM \(table)")?.integer("n") ?? -1
    }
  }

  @Test("a full refund takes all that is left, and the payment says so")
  func full() async throws {
    try await TestGateway.run { gateway in
      let id = try await paid(gateway)
      let answer = try await gateway.refund(id, Self.body(more: #","reason":"returned""#))
      try #require(answer.status == 201, "\(answer.body)")
      let refund = try answer.json()
      #expect(refund["payment_id"] == .string(id))
      #expect(refund["amount_minor"] == "130000" && refund["amount"] == "0.00130000")
      #expect(refund["status"] == "approved" && refund["kind"] == "full")
      #expect(refund["requested_by"] == .string("tenant:\(TestGateway.tenant)"))
      #expect(refund["reason"] == "returned" && refund["address"] == .string(Self.address))
      let refundID = try #require(refund["id"]?.string)
      let shown = try await gateway.get("/v1/refunds/\(refundID)")
      #expect(shown.status == 200 && shown.body == answer.body)
      let payment = try await gateway.payment(id)
      #expect(payment["refund_status"] == "pending" && payment["refundable_minor"] == "0")
      #expect(try await gateway.events(of: id).contains("payment.settled"))
      try await gateway.sequence()
      let told = try await gateway.all("/v1/events", limit: 100).filter {
        $0["subject"] == .string(refundID)
      }
      #expect(told.map { $0["type"] } == ["refund.requested", "refund.approved"])
    }
  }

  @Test("a part is in units or minor units, and an overpayment is what is above")
  func parts() async throws {
    try await TestGateway.run { gateway in
      let id = try await paid(gateway)
      let over = try await gateway.refund(id, Self.body("overpayment"))
      #expect(try over.json()["amount_minor"] == "30000", "\(over.body)")
      let units = try await gateway.refund(id, Self.body("partial", more: #","amount":"0.00001""#))
      #expect(try units.json()["amount_minor"] == "1000", "\(units.body)")
      let minor = try await gateway.refund(
        id, Self.body("partial", more: #","amount_minor":"2000""#))
      #expect(try minor.json()["amount_minor"] == "2000", "\(minor.body)")
      let more = try await gateway.refund(
        id, Self.body("partial", more: #","amount_minor":"97001""#))
      try expect(more, is: 409, "exceeds-receipts")
      #expect(try more.json()["left_minor"] == "97000")
      try expect(
        try await gateway.refund(id, Self.body("overpayment")), is: 409, "nothing-to-refund")
      try expect(
        try await gateway.refund(id, Self.body("partial", more: #","amount_minor":"545""#)),
        is: 409,
        "amount-too-small")
      let rest = try await gateway.refund(id, Self.body())
      #expect(try rest.json()["amount_minor"] == "97000", "\(rest.body)")
      #expect(try await count("refunds", in: gateway) == 4)
    }
  }

  @Test("without an address the payment's own is taken, and a changed one cools down")
  func addresses() async throws {
    try await TestGateway.run { gateway in
      let bare = try await paid(gateway)
      try expect(
        try await gateway.refund(bare, Self.body(to: nil)), is: 422, "invalid-field",
        field: "address")
      let body = TestGateway.order(
        "order-2", more: #","refund_address":"\#(Self.address.uppercased())""#)
      let id = try #require(try await gateway.create(body).json()["id"]?.string)
      #expect(try await gateway.payment(id)["refund_address"] == .string(Self.address))
      try await gateway.chain.mine(.init(to: id, 100_000))
      try await gateway.chain.mineEmpty(5)
      let own = try await gateway.refund(
        id, Self.body("partial", to: nil, more: #","amount_minor":"1000""#))
      let refund = try own.json()
      #expect(refund["address"] == .string(Self.address))
      #expect(refund["not_before"] == refund["requested_at"])
      let changed = try await gateway.refund(id, Self.body(to: Self.other)).json()
      #expect(changed["address"] == .string(Self.other))
      #expect(changed["not_before"] != changed["requested_at"])
    }
  }

  @Test("an address of another chain is refused, with a refund and with a payment")
  func foreignAddresses() async throws {
    try await TestGateway.run { gateway in
      let id = try await paid(gateway)
      for address in [Self.mainnet, "x", "0x" + String(repeating: "1", count: 40)] {
        try expect(
          try await gateway.refund(id, Self.body(to: address)), is: 422, "invalid-field",
          field: "address")
        let order = TestGateway.order("order-2", more: #","refund_address":"\#(address)""#)
        try expect(
          try await gateway.create(order), is: 422, "invalid-field", field: "refund_address")
      }
      #expect(try await count("refunds", in: gateway) == 0)
      #expect(try await count("payments", in: gateway) == 1)
    }
  }

  @Test("money that isn't final isn't sent back")
  func beforeFinality() async throws {
    try await TestGateway.run { gateway in
      let id = try await paid(gateway, isFinal: false)
      #expect(try await gateway.status(id) == "paid")
      try expect(try await gateway.refund(id, Self.body()), is: 409, "nothing-to-refund")
      try await gateway.chain.mineEmpty(3)
      #expect(try await gateway.refund(id, Self.body()).status == 201)
    }
  }

  @Test("a repetition under the same key makes no second refund, also at once")
  func idempotency() async throws {
    try await TestGateway.run { gateway in
      let id = try await paid(gateway)
      let part = Self.body("partial", more: #","amount_minor":"1000""#)
      let first = try await gateway.refund(id, part, key: "k")
      let second = try await gateway.refund(id, part, key: "k")
      #expect(first.status == 201 && second.status == 201 && first.body == second.body)
      let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
        for _ in 0..<8 {
          group.addTask { try await gateway.refund(id, part, key: "at-once") }
        }
        return try await group.reduce(into: [Answer]()) { $0.append($1) }
      }
      #expect(answers.map(\.status) == Array(repeating: 201, count: 8), "\(answers)")
      #expect(Set(answers.map(\.body)).count == 1)
      #expect(try await count("refunds", in: gateway) == 2)
      try expect(
        try await gateway.refund(id, Self.body(), key: "k"), is: 409, "idempotency-key-reused")
      let unkeyed = try await gateway.send("POST", "/v1/payments/\(id)/refunds", body: part)
      try expect(unkeyed, is: 400, "idempotency-key-missing")
    }
  }

  @Test("of full refunds at once under keys of their own one is made, the others are refused")
  func concurrency() async throws {
    try await TestGateway.run { gateway in
      let id = try await paid(gateway)
      let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
        for number in 0..<8 {
          group.addTask { try await gateway.refund(id, Self.body(), key: "key-\(number)") }
        }
        return try await group.reduce(into: [Answer]()) { $0.append($1) }
      }
      #expect(answers.map(\.status).sorted() == [201] + Array(repeating: 409, count: 7))
      #expect(try await count("refunds", in: gateway) == 1)
      #expect(try await count("refund_facts", in: gateway) == 0)
    }
  }

  @Test("one key for refunds of two payments at once serves one of them")
  func sharedKey() async throws {
    try await TestGateway.run { gateway in
      let ids = [try await paid(gateway, "order-1"), try await paid(gateway, "order-2")]
      let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
        for id in ids {
          group.addTask { try await gateway.refund(id, Self.body(), key: "k") }
        }
        return try await group.reduce(into: [Answer]()) { $0.append($1) }
      }
      #expect(answers.map(\.status).sorted() == [201, 409])
      #expect(try await count("refunds", in: gateway) == 1)
    }
  }

  @Test("another tenant finds neither payment nor refund")
  func tenants() async throws {
    try await TestGateway.run { gateway in
      let id = try await paid(gateway)
      let other = TestGateway.otherTenant
      try expect(
        try await gateway.refund(id, Self.body(), as: other), is: 404, "not-found")
      let made = try await gateway.refund(id, Self.body())
      let refund = try #require(try made.json()["id"]?.string)
      try expect(try await gateway.get("/v1/refunds/\(refund)", as: other), is: 404, "not-found")
      try expect(
        try await gateway.send("POST", "/v1/refunds/\(refund)/cancel", as: other), is: 404,
        "not-found")
      #expect(try await gateway.all("/v1/refunds", limit: 10, as: other).isEmpty)
      #expect(try await gateway.get("/v1/refunds/\(refund)").body == made.body)
    }
  }

  @Test("a refund is canceled once, its amount is free again, and repeating that changes nothing")
  func cancel() async throws {
    try await TestGateway.run { gateway in
      let id = try await paid(gateway)
      let made = try await gateway.refund(id, Self.body()).json()
      let refund = try #require(made["id"]?.string)
      let first = try await gateway.send("POST", "/v1/refunds/\(refund)/cancel")
      #expect(first.status == 200)
      #expect(try first.json()["status"] == "canceled")
      let second = try await gateway.send("POST", "/v1/refunds/\(refund)/cancel")
      #expect(second.status == 200 && second.body == first.body)
      #expect(try await count("refund_facts", in: gateway) == 1)
      #expect(try await gateway.payment(id)["refundable_minor"] == "130000")
      #expect(try await gateway.refund(id, Self.body()).status == 201)
      try expect(
        try await gateway.send("POST", "/v1/refunds/ref_x/cancel"), is: 404, "not-found")
    }
  }

  @Test("refunds are listed page by page, of a payment or with a status")
  func list() async throws {
    try await TestGateway.run { gateway in
      let ids = [try await paid(gateway, "order-1"), try await paid(gateway, "order-2")]
      var refunds: [String] = []
      for number in 0..<5 {
        gateway.time.advance(milliseconds: 1)
        let answer = try await gateway.refund(
          ids[number % 2], Self.body("partial", more: #","amount_minor":"1000""#))
        refunds.append(try #require(try answer.json()["id"]?.string))
      }
      func listed(_ query: String = "") async throws -> [String] {
        try await gateway.all("/v1/refunds" + query, limit: 2).compactMap { $0["id"]?.string }
      }
      // On PostgreSQL pages show what no transaction anywhere can come before any more.
      try await waitUntil { try await listed() == refunds }
      #expect(try await listed("?payment_id=\(ids[1])") == [refunds[1], refunds[3]])
      _ = try await gateway.send("POST", "/v1/refunds/\(refunds[2])/cancel")
      #expect(try await listed("?status=canceled") == [refunds[2]])
      #expect(try await listed("?payment_id=pay_x").isEmpty)
      for (query, field) in [("status=open", "status"), ("after=pay_1", "after")] {
        try expect(
          try await gateway.get("/v1/refunds?\(query)"), is: 422, "invalid-field", field: field)
      }
    }
  }

  @Test("what a policy would send back, a shop can before it, and the policy again once it doesn't")
  func timers() async throws {
    var options = TestGateway.Options()
    options.policy.over = .refund
    try await TestGateway.run(options) { gateway in
      let body = TestGateway.order("order-1", more: #","refund_address":"\#(Self.address)""#)
      let id = try #require(try await gateway.create(body).json()["id"]?.string)
      try await gateway.chain.mine(.init(to: id, 130_000))
      try await gateway.chain.mineEmpty(5)
      #expect(try await count("payment_timers", in: gateway) == 1)
      let made = try await gateway.refund(id, Self.body("overpayment", to: nil))
      let refund = try #require(try made.json()["id"]?.string, "\(made.body)")
      #expect(try await count("payment_timers", in: gateway) == 0)
      let canceled = try await gateway.send("POST", "/v1/refunds/\(refund)/cancel")
      #expect(canceled.status == 200, "\(canceled.body)")
      #expect(try await count("payment_timers", in: gateway) == 1)
    }
  }

  @Test("a request that isn't one is refused by its field")
  func malformed() async throws {
    try await TestGateway.run { gateway in
      let id = try await paid(gateway)
      let long = String(repeating: "x", count: PaymentFact.maximumReasonBytes + 1)
      let signed = #""signer":"a","message":"m","signature":"s""#
      let refused: [(String, String)] = [
        ("{}", "kind"), (#"{"kind":"all"}"#, "kind"),
        (Self.body(more: #","amount":"1""#), "amount"),
        (Self.body(more: #","amount_minor":"1""#), "amount_minor"),
        (Self.body("partial"), "amount"),
        (Self.body("partial", more: #","amount":"x""#), "amount"),
        (Self.body("partial", more: #","amount":"0.000000001""#), "amount"),
        (Self.body("partial", more: #","amount_minor":"-1""#), "amount_minor"),
        (Self.body("partial", more: #","amount":"1","amount_minor":"1""#), "amount_minor"),
        (Self.body(more: #","reason":"\#(long)""#), "reason"),
        (Self.body(more: #","note":"x""#), "note"),
        (Self.body(more: #","attestation":{"kind":"pgp",\#(signed)}"#), "attestation.kind"),
        (Self.body(more: #","attestation":{"kind":"bip322"}"#), "attestation.signer"),
        (Self.body(more: #","attestation":{"kind":"bip322",\#(signed)}"#), "attestation"),
      ]
      for (body, field) in refused {
        try expect(
          try await gateway.refund(id, body), is: 422, "invalid-field", field: field)
      }
      try expect(try await gateway.refund("pay_x", Self.body()), is: 404, "not-found")
      #expect(try await count("refunds", in: gateway) == 0)
    }
  }

  @Test("where the tenant's policy says so, an address must be proved and people must approve")
  func policy() async throws {
    var options = TestGateway.Options()
    options.policy.refunds.requiresAttestation = true
    try await TestGateway.run(options) { gateway in
      let id = try await paid(gateway)
      try expect(
        try await gateway.refund(id, Self.body()), is: 422, "invalid-field", field: "attestation")
    }
    options.policy.refunds.requiresAttestation = false
    options.policy.refunds.fourEyesAbove = [.btc: 100_000]
    try await TestGateway.run(options) { gateway in
      let id = try await paid(gateway)
      let small = try await gateway.refund(
        id, Self.body("partial", more: #","amount_minor":"1000""#)
      ).json()
      #expect(small["status"] == "approved" && small["approvals_needed"] == 0)
      let great = try await gateway.refund(id, Self.body()).json()
      #expect(great["status"] == "requested" && great["approvals_needed"] == 1)
    }
  }
}

extension TestGateway {
  /// `POST /v1/payments/{id}/refunds`, under a key of its own unless one is given.
  func refund(
    _ payment: String, _ body: String, key: String? = nil, as tenant: String = TestGateway.tenant
  ) async throws -> Answer {
    let key = key ?? "key-\(UInt64.random(in: .min ... .max))"
    return try await send(
      "POST", "/v1/payments/\(payment)/refunds", as: tenant, headers: ["Idempotency-Key": key],
      body: body)
  }
}
