internal import HTTPServer
package import JSON
package import LoopbackHTTP
internal import Tenancy
internal import TestDatabases
package import Testing

package typealias Answer = TestConnection.Answer

extension TestGateway {
  package func authorization(_ tenant: String = TestGateway.tenant) -> [String: String] {
    keys[tenant].map { ["Authorization": "Bearer \($0.text)"] } ?? [:]
  }

  /// A request over a connection of its own, with the tenant's key.
  package func send(
    _ method: String, _ path: String, as tenant: String = TestGateway.tenant,
    headers: [String: String] = [:], body: String? = nil
  ) async throws -> Answer {
    let all = authorization(tenant).merging(headers) { _, given in given }
    return try await TestConnection(port: port).send(method, path, headers: all, body: body)
  }

  package func get(_ path: String, as tenant: String = TestGateway.tenant) async throws -> Answer {
    try await send("GET", path, as: tenant)
  }

  /// `POST /v1/payments`, under a key of its own unless one is given.
  package func create(
    _ body: String, key: String? = nil, as tenant: String = TestGateway.tenant
  ) async throws -> Answer {
    let key = key ?? "key-\(UInt64.random(in: .min ... .max))"
    return try await send(
      "POST", "/v1/payments", as: tenant, headers: ["Idempotency-Key": key], body: body)
  }

  /// Makes a payment, a moment after whatever came before, and gives its id.
  @discardableResult
  package func made(
    _ order: String, amount: String = "0.001", as tenant: String = TestGateway.tenant
  ) async throws -> String {
    time.advance(milliseconds: 1)
    let answer = try await create(Self.order(order, amount: amount), as: tenant)
    try #require(answer.status == 201, "\(answer.body)")
    return try #require(answer.json()["id"]?.string)
  }

  package func decide(
    _ action: String, _ payment: String, _ body: String? = nil,
    as tenant: String = TestGateway.tenant
  ) async throws -> Answer {
    try await send("POST", "/v1/payments/\(payment)/\(action)", as: tenant, body: body)
  }

  package func payment(_ id: String, as tenant: String = TestGateway.tenant) async throws
    -> JSONValue
  {
    let answer = try await get("/v1/payments/\(id)", as: tenant)
    try #require(answer.status == 200, "\(answer.body)")
    return try answer.json()
  }

  package func status(_ id: String) async throws -> String? {
    try await payment(id)["status"]?.string
  }

  /// The types of a payment's events, in their order.
  package func events(of payment: String) async throws -> [String] {
    let page = try await get("/v1/payments/\(payment)/events?limit=1000").json()
    return (page["data"]?.elements ?? []).compactMap { $0["type"]?.string }
  }

  /// All of a list, page by page, until a page has no cursor or nothing on it.
  package func all(
    _ path: String, limit: Int, as tenant: String = TestGateway.tenant
  ) async throws -> [JSONValue] {
    try await database.settle()
    var items: [JSONValue] = []
    var after: String?
    while true {
      let cursor = after.map { "&after=\($0)" } ?? ""
      let mark = path.contains("?") ? "&" : "?"
      let answer = try await get("\(path)\(mark)limit=\(limit)\(cursor)", as: tenant)
      try #require(answer.status == 200, "\(answer.body)")
      let page = try answer.json()
      let data = page["data"]?.elements ?? []
      #expect(data.count <= limit)
      items += data
      after = page["next_after"]?.string
      if after == nil || data.isEmpty { return items }
    }
  }

  /// The body of a request for a payment; `more` are further members.
  package static func order(_ id: String, amount: String = "0.001", more: String = "") -> String {
    #"{"order_id":"\#(id)","asset":"BTC","chain":"bitcoin-regtest","amount":"\#(amount)"\#(more)}"#
  }
}

/// Expects a problem as RFC 9457 has it, with this status and type and, where one is given, about
/// this field.
package func expect(
  _ answer: Answer, is status: Int, _ type: String, field: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(answer.status == status, "\(answer.body)", sourceLocation: sourceLocation)
  #expect(
    answer.headers["content-type"] == "application/problem+json", sourceLocation: sourceLocation)
  let problem = try answer.json()
  #expect(
    problem["type"] == .string("urn:paywatch:problem:\(type)"), "\(answer.body)",
    sourceLocation: sourceLocation)
  #expect(problem["status"] == .integer(status), sourceLocation: sourceLocation)
  #expect(problem["title"]?.string?.isEmpty == false, sourceLocation: sourceLocation)
  #expect(
    problem["instance"]?.string
      == answer.headers["x-request-id"].map { "urn:paywatch:request:\($0)" },
    sourceLocation: sourceLocation)
  let fields = (problem["errors"]?.elements ?? []).compactMap { $0["field"]?.string }
  #expect(
    fields == (field.map { [$0] } ?? []), "\(answer.body)", sourceLocation: sourceLocation)
}
