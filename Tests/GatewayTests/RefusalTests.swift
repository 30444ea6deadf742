import Bytes
import ChainTypes
import Database
import Foundation
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import SchemaChecking
import Tenancy
import Testing

/// A request for a payment that is refused as a whole.
struct RefusedBody: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let body: String
  let field: String

  init(_ description: String, _ body: String, field: String) {
    testDescription = description
    self.body = body
    self.field = field
  }

  /// An otherwise good request with this amount.
  init(amount: String, field: String = "amount") {
    self.init("the amount \(amount)", TestGateway.order("o", amount: amount), field: field)
  }

  /// An otherwise good request with a further member.
  init(_ name: String, _ value: String, field: String? = nil) {
    self.init(
      "\(name): \(value.prefix(20))", TestGateway.order("o", more: ",\"\(name)\":\(value)"),
      field: field ?? name)
  }

  static let all: [RefusedBody] =
    amounts + members + [
      .init("an empty order id", TestGateway.order(""), field: "order_id"),
      .init(
        "an order id too long", TestGateway.order(String(repeating: "x", count: 129)),
        field: "order_id"),
      .init("an order id with a line break", TestGateway.order(#"a\nb"#), field: "order_id"),
      .init("an order id with U+0000", TestGateway.order(#"a\u0000b"#), field: "order_id"),
      .init("an order id with DEL", TestGateway.order("a\u{7f}b"), field: "order_id"),
      .init("an array", "[]", field: "body"),
      .init("null", "null", field: "body"),
    ]

  private static let amounts: [RefusedBody] =
    [
      "-1", "-0.001", "+1", "0", "0.00000000", "0.00000545", "0.000000001", "1.000000000",
      "21000000.00000001", "1e3", "1,5", "1 ", ".5", "5.", "", "NaN", "٣", "0x10",
      "1" + String(repeating: "0", count: 110), String(repeating: "1", count: 121),
    ].map { .init(amount: $0) }

  private static let members: [RefusedBody] = [
    .init("tolerance", "\"0.001\""), .init("tolerance", "\"0.002\""),
    .init("tolerance", "\"-1\""), .init("tolerance", "\"0.000000001\""),
    .init("tolerance", "1"), .init("expires_in", "59"), .init("expires_in", "604801"),
    .init("expires_in", "0"), .init("expires_in", "-1"), .init("expires_in", "600.5"),
    .init("expires_in", "6e2"), .init("expires_in", "99999999999999999999"),
    .init("expires_in", "\"600\""),
    .init("metadata", #"{"a":""# + String(repeating: "x", count: 4_090) + #""}"#),
    .init("metadata", "[1]"), .init("metadata", #"{"n":1e999}"#), .init("metadata", "\"{}\""),
    .init("metadata", "1"),
    .init("price", #"{"amount":"4.50","currency":"EUR"}"#), .init("tip", "\"1\""),
    .init("Amount", "\"1\""),
  ]
}

@Suite("what can't be asked for over HTTP")
struct RefusalTests {
  @Test("a field that can't be used is named, and nothing is written")
  func fields() async throws {
    try await TestGateway.run { gateway in
      for refused in RefusedBody.all {
        let answer = try await gateway.create(refused.body)
        #expect(answer.problemType == "invalid-field", "\(refused.testDescription)")
        try expect(answer, is: 422, "invalid-field", field: refused.field)
      }
      #expect(try await gateway.written() == [0, 0, 0, 0, 0])
    }
  }

  @Test("another chain or asset is refused with those that there are")
  func choices() async throws {
    try await TestGateway.run { gateway in
      let good = TestGateway.order("o")
      for chain in ["dogecoin", "bitcoin", "Bitcoin-Regtest", "", "a/b"] {
        let answer = try await gateway.create(good.replacing("bitcoin-regtest", with: chain))
        try expect(answer, is: 422, "invalid-field", field: "chain")
        if !chain.isEmpty { #expect(answer.body.contains("bitcoin-regtest")) }
      }
      for asset in ["ETH", "btc", "BTC "] {
        let answer = try await gateway.create(good.replacing("BTC", with: asset))
        try expect(answer, is: 422, "invalid-field", field: "asset")
        #expect(answer.body.contains("is paid in BTC"))
      }
      #expect(try await gateway.written() == [0, 0, 0, 0, 0])
    }
  }

  @Test(
    "a missing member is named, and so is one of another kind",
    arguments: ["order_id", "asset", "chain", "amount"])
  func missing(name: String) async throws {
    try await TestGateway.run { gateway in
      let whole = try JSONValue(parsing: Array(TestGateway.order("o").utf8)).members
      let without = JSONValue.object(whole.filter { $0.name != name })
      try expect(
        try await gateway.create(without.json), is: 422, "invalid-field", field: name)
      for value: JSONValue in [.null, 1, true, ["x"], [:]] {
        let changed = whole.map { $0.name == name ? JSONValue.Member(name, value) : $0 }
        try expect(
          try await gateway.create(JSONValue.object(changed).json), is: 422, "invalid-field",
          field: name)
      }
      #expect(try await gateway.written() == [0, 0, 0, 0, 0])
    }
  }

  @Test("more than a chain's nodes are trusted with is refused, and as much as that is not")
  func creditLimit() async throws {
    var options = TestGateway.Options()
    options.creditLimits = CreditLimits(single: 100_000, quorum: nil, work: nil)
    try await TestGateway.run(options) { gateway in
      let refused = try await gateway.create(TestGateway.order("o", amount: "0.00100001"))
      try expect(refused, is: 422, "invalid-field", field: "amount")
      #expect(refused.body.contains("100000 minor units"))
      #expect(try await gateway.written() == [0, 0, 0, 0, 0])
      #expect(try await gateway.create(TestGateway.order("o")).status == 201)
    }
  }

  @Test("several unknown members are told together")
  func unknown() async throws {
    try await TestGateway.run { gateway in
      let answer = try await gateway.create(TestGateway.order("o", more: #","x":1,"y":2"#))
      #expect(answer.status == 422)
      #expect(
        try answer.json()["errors"]?.elements?.map { $0["field"] } == ["x", "y"])
    }
  }

  @Test("what isn't JSON, isn't said to be, or is too large is refused")
  func bodies() async throws {
    try await TestGateway.run { gateway in
      for body in ["", "{", #"{"order_id":}"#, TestGateway.order("o") + "x", "\u{feff}{}"] {
        try expect(try await gateway.create(body), is: 400, "invalid-json")
      }
      for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        let answer = try await gateway.send(
          "POST", "/v1/payments", headers: ["Idempotency-Key": "k", "Content-Type": type],
          body: TestGateway.order("o"))
        try expect(answer, is: 415, "unsupported-media-type")
      }
      let large = TestGateway.order("o") + String(repeating: " ", count: 65_536)
      try expect(try await gateway.create(large), is: 413, "too-large")
      try expect(try await sendInChunks(large, to: gateway), is: 413, "too-large")
      #expect(try await gateway.written() == [0, 0, 0, 0, 0])
      let utf8 = try await gateway.send(
        "POST", "/v1/payments",
        headers: ["Idempotency-Key": "k", "Content-Type": "Application/JSON; charset=utf-8"],
        body: TestGateway.order("o"))
      #expect(utf8.status == 201)
    }
  }

  /// The body without a length that says beforehand how much comes.
  private func sendInChunks(_ body: String, to gateway: TestGateway) async throws -> Answer {
    let connection = try TestConnection(port: gateway.port)
    try await connection.request(
      "POST", "/v1/payments",
      headers: gateway.authorization().merging([
        "Idempotency-Key": "k", "Content-Type": "application/json",
        "Transfer-Encoding": "chunked",
      ]) { first, _ in first })
    try await connection.write("\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
    return try await connection.answer()
  }

  @Test("a missing, malformed, unknown or revoked key is refused before anything else")
  func keys() async throws {
    try await TestGateway.run { gateway in
      let body = TestGateway.order("o")
      for value in ["", "Bearer", "Bearer pwk_1", "Bearer \(APIKey.generate().text)"] {
        let answer = try await gateway.send(
          "POST", "/v1/payments",
          headers: ["Authorization": value, "Idempotency-Key": "k"], body: body)
        try expect(answer, is: 401, "unauthorized")
        #expect(answer.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
      }
      let without = try await TestConnection(port: gateway.port).send(
        "POST", "/v1/payments", headers: ["Idempotency-Key": "k"], body: body)
      try expect(without, is: 401, "unauthorized")
      let guarded = try await guarded(gateway)
      let key = try #require(gateway.keys[TestGateway.tenant])
      // The right key in any other way than the one that is described opens nothing either.
      let basic = "Basic " + Data("\(key.text):".utf8).base64EncodedString()
      for (method, path) in guarded {
        for value in ["Bearer \(APIKey.generate().text)", basic, key.text] {
          let answer = try await gateway.send(
            method, path, headers: ["Authorization": value, "Idempotency-Key": "k"])
          try expect(answer, is: 401, "unauthorized")
        }
      }
      let now = gateway.time.now
      #expect(
        try await gateway.database.write {
          try APIKeys.revoke(digest: key.digest, now: now, in: $0)
        })
      for (method, path) in guarded {
        let answer = try await gateway.send(method, path, headers: ["Idempotency-Key": "k"])
        try expect(answer, is: 401, "unauthorized")
        let without = try await TestConnection(port: gateway.port).send(method, path)
        try expect(without, is: 401, "unauthorized")
      }
      #expect(try await gateway.written() == [0, 0, 0, 0, 0])
    }
  }

  /// Every operation that the description says needs a key, which all below `/v1` do, and no other:
  /// health, metrics and the description itself.
  private func guarded(_ gateway: TestGateway) async throws -> [(method: String, path: String)] {
    let answer = try await TestConnection(port: gateway.port).send("GET", "/openapi.json")
    guard case .object(let paths)? = try answer.json()["paths"] else {
      Issue.record("no paths")
      return []
    }
    var operations: [(method: String, path: String)] = []
    for path in paths {
      guard case .object(let methods) = path.value else { continue }
      for method in methods {
        let needsKey = method.value["security"]?.elements?.isEmpty == false
        #expect(needsKey == path.name.hasPrefix("/v1/"), "\(method.name) \(path.name)")
        if needsKey { operations.append((method.name.uppercased(), path.name)) }
      }
    }
    for known in [
      "POST /v1/payments", "POST /v1/payments/{id}/refunds", "GET /v1/refunds",
      "GET /v1/refunds/{id}", "POST /v1/refunds/{id}/cancel", "GET /v1/events",
    ] {
      #expect(operations.contains { "\($0.method) \($0.path)" == known }, "\(known)")
    }
    return operations.map { ($0.method, $0.path.replacing("{id}", with: "pay_1")) }
  }

  @Test("an unusable Idempotency-Key, or none, is refused")
  func idempotencyKeys() async throws {
    try await TestGateway.run { gateway in
      let body = TestGateway.order("o")
      let none = try await gateway.send("POST", "/v1/payments", body: body)
      try expect(none, is: 400, "idempotency-key-missing")
      for key in ["", "a b", "é", String(repeating: "k", count: 256)] {
        let answer = try await gateway.create(body, key: key)
        try expect(answer, is: 400, "idempotency-key-invalid")
      }
      #expect(try await gateway.written() == [0, 0, 0, 0, 0])
      #expect(
        try await gateway.create(body, key: String(repeating: "k", count: 255)).status == 201)
    }
  }
}
