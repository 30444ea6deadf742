import ChainTypes
import Database
import HTTPServer
import HTTPTypes
import Hummingbird
import JSON
import LoopbackHTTP
import Synchronization
import Tenancy
import Testing

@Suite("the server over a socket", .serialized)
struct ServerTests {
  static let operation = OpenAPIOperation(
    "getThing", "A thing", tag: "things", answers: [.init(200, "It.")])

  static func things(_ router: APIRouter, _ database: any Database, _ signal: ShutdownSignal) {
    router.on(.get, "/v1/things/{id}", operation) { _, context in
      .json([
        "tenant": .string(try context.requireTenant()),
        "id": .string(try context.pathParameter("id")),
      ])
    }
    router.on(
      .post, "/v1/things",
      OpenAPIOperation(
        "createThing", "Make one", tag: "things", isIdempotent: true,
        answers: [.init(201, "Made.")])
    ) { request, context in
      let tenant = try context.requireTenant()
      let body = try await JSONRequestBody(request)
      let key = try IdempotencyKey(request, body: body.bytes)
      let name = try body.read { try $0.string("name", length: 1...20) }
      let answer: @Sendable (any SQLConnection) throws -> Idempotency.StoredReply = { connection in
        let now = Timestamp(seconds: 1)
        if let stored = try Idempotency.reply(to: key, tenant: tenant, in: connection) {
          return stored
        }
        let value: JSONValue = [
          "name": .string(name), "made": .integer(UInt64.random(in: 0 ... .max)),
        ]
        let reply = Idempotency.StoredReply(status: 201, body: value.bytes)
        try Idempotency.store(reply, for: key, tenant: tenant, now: now, in: connection)
        return reply
      }
      let reply: Idempotency.StoredReply
      do {
        reply = try await database.groupedWrite(answer)
      } catch DatabaseError.uniqueViolation {
        // Another one was faster, and has stored its reply.
        reply = try await database.groupedWrite(answer)
      }
      return .json(bytes: reply.body, status: .init(code: reply.status))
    }
    router.on(
      .get, "/fails",
      OpenAPIOperation("fail", "Fails", tag: "things", answers: [.init(200, "Never.")]),
      access: .open
    ) { _, _ in throw Secretive() }
  }

  struct Secretive: Error { let password = "hunter2" }

  private func key(_ test: TestServer) -> [String: String] {
    ["Authorization": "Bearer \(test.key.text)"]
  }

  @Test("a request with a key gets its tenant, over a connection that is kept")
  func keptConnection() async throws {
    try await TestServer.run(Self.things) { test in
      let connection = try TestConnection(port: test.port)
      for id in ["a", "b"] {
        let answer = try await connection.send("GET", "/v1/things/\(id)", headers: key(test))
        #expect(answer.status == 200)
        #expect(try answer.json() == ["tenant": "shop", "id": .string(id)])
        #expect(answer.headers["date"] == "Fri, 15 Jan 2027 08:00:00 GMT")
        #expect(answer.headers["x-request-id"]?.count == 16)
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(answer.headers["access-control-allow-origin"] == nil)
      }
    }
  }

  @Test("no key, a malformed and an unknown one are 401 problems")
  func unauthorized() async throws {
    try await TestServer.run(Self.things) { test in
      let connection = try TestConnection(port: test.port)
      for header in [nil, "Basic Zm9v", "Bearer pwk_1", "Bearer \(APIKey.generate().text)"] {
        let answer = try await connection.send(
          "GET", "/v1/things/a", headers: header.map { ["Authorization": $0] } ?? [:])
        #expect(answer.status == 401)
        #expect(answer.problemType == "unauthorized")
        #expect(answer.headers["content-type"] == "application/problem+json")
        #expect(answer.headers["www-authenticate"] != nil)
      }
    }
  }

  @Test("a revoked key works no longer than the answer about it is believed")
  func revocation() async throws {
    try await TestServer.run(Self.things) { test in
      let connection = try TestConnection(port: test.port)
      #expect(
        try await connection.send("GET", "/v1/things/a", headers: key(test)).status == 200)
      let (digest, now) = (test.key.digest, test.time.now)
      let wasValid = try await test.database.write {
        try APIKeys.revoke(digest: digest, now: now, in: $0)
      }
      #expect(wasValid)
      test.time.advance(seconds: 5)
      #expect(
        try await connection.send("GET", "/v1/things/a", headers: key(test)).status == 401)
    }
  }

  @Test("unknown paths are 404, known ones with another method 405 with Allow")
  func unmatched() async throws {
    try await TestServer.run(Self.things) { test in
      let connection = try TestConnection(port: test.port)
      #expect(try await connection.send("GET", "/nowhere").problemType == "not-found")
      let answer = try await connection.send("DELETE", "/v1/things/a")
      #expect(answer.status == 405)
      #expect(answer.headers["allow"] == "GET, HEAD")
      #expect(
        try await connection.send("HEAD", "/v1/things/a", headers: key(test)).status == 200)
    }
  }

  @Test("an unexpected error is a 500 that shows nothing of it")
  func unexpected() async throws {
    try await TestServer.run(Self.things) { test in
      let answer = try await TestConnection(port: test.port).send("GET", "/fails")
      #expect(answer.status == 500)
      #expect(answer.problemType == "internal")
      #expect(!answer.body.contains("Secretive") && !answer.body.contains("hunter2"))
    }
  }

  @Test(
    "a database that can't do it now is a 503 to come back after, an outcome nobody knows isn't")
  func databaseTrouble() async throws {
    let passing: [DatabaseError] = [
      .overloaded(waiting: 9), .busy("locked"), .timedOut("slow"), .closed,
      .storage(code: 13, message: "disk full"),
      .connectionLost("gone", commitIsUnknown: false),
    ]
    let errors =
      passing + [.connectionLost("gone", commitIsUnknown: true), .other(code: 1, message: "?")]
    try await TestServer.run { router, _, _ in
      for (number, error) in errors.enumerated() {
        router.on(
          .get, "/trouble/\(number)",
          OpenAPIOperation(
            "trouble\(number)", "Fails", tag: "things", answers: [.init(200, "Never.")]),
          access: .open
        ) { _, _ in throw error }
      }
    } _: { test in
      let connection = try TestConnection(port: test.port)
      for (number, error) in errors.enumerated() {
        let answer = try await connection.send("GET", "/trouble/\(number)")
        let isPassing = passing.contains(error)
        #expect(answer.status == (isPassing ? 503 : 500), "\(error)")
        #expect(answer.headers["retry-after"] == (isPassing ? "1" : nil))
      }
    }
  }

  @Test("bodies that are too large, no JSON, or hold the wrong fields are refused precisely")
  func bodies() async throws {
    try await TestServer.run(Self.things) { test in
      func post(_ body: String, _ type: String = "application/json") async throws
        -> TestConnection.Answer
      {
        var headers = key(test)
        headers["Idempotency-Key"] = "k"
        headers["Content-Type"] = type
        return try await TestConnection(port: test.port).send(
          "POST", "/v1/things", headers: headers, body: body)
      }
      #expect(try await post(#"{"name":"x"}"#, "text/plain").status == 415)
      #expect(try await post(String(repeating: " ", count: 70_000)).status == 413)
      let broken = try await post(#"{"name":}"#)
      #expect(broken.status == 400)
      #expect(broken.body.contains("byte 8"))
      #expect(try await post("[]").status == 422)
      #expect(try await post(#"{"name":1}"#).body.contains(#""field":"name""#))
      let unknown = try await post(#"{"name":"x","nane":"y"}"#)
      #expect(unknown.status == 422)
      #expect(unknown.body.contains(#""field":"nane""#))
    }
  }

  @Test("a repeated request gets the first one's reply; another under its key is 409")
  func idempotency() async throws {
    try await TestServer.run(Self.things) { test in
      var headers = key(test)
      let connection = try TestConnection(port: test.port)
      let body = #"{"name":"x"}"#
      let missing = try await connection.send("POST", "/v1/things", headers: headers, body: body)
      #expect(missing.status == 400)
      #expect(missing.problemType == "idempotency-key-missing")
      headers["Idempotency-Key"] = "order-1"
      let bodies = try await withThrowingTaskGroup(of: TestConnection.Answer.self) { group in
        for _ in 0..<8 {
          group.addTask { [headers] in
            try await TestConnection(port: test.port).send(
              "POST", "/v1/things", headers: headers, body: body)
          }
        }
        return try await group.reduce(into: [String]()) { $0.append($1.body) }
      }
      #expect(Set(bodies).count == 1 && bodies[0].contains("made"))
      let other = try await connection.send(
        "POST", "/v1/things", headers: headers, body: #"{"name":"y"}"#)
      #expect(other.status == 409)
      #expect(other.problemType == "idempotency-key-reused")
    }
  }

  @Test("every route is described, and nothing else is")
  func description() async throws {
    try await TestServer.run(Self.things) { test in
      let answer = try await TestConnection(port: test.port).send("GET", "/openapi.json")
      let document = try answer.json()
      #expect(document["openapi"] == "3.1.0")
      guard case .object(let paths)? = document["paths"] else {
        Issue.record("no paths")
        return
      }
      #expect(
        Set(paths.map(\.name)) == [
          "/v1/things/{id}", "/v1/things", "/fails", "/api/health", "/api/health/live",
          "/api/health/ready", "/metrics", "/openapi.json",
        ])
      for path in paths {
        let get = try await TestConnection(port: test.port).send(
          "GET", path.name.replacing("{id}", with: "a"), headers: key(test))
        #expect(get.status != 404, "\(path.name) is described, so it is there")
      }
      #expect(document["paths"]?["/v1/things"]?["post"]?["operationId"] == "createThing")
    }
  }

  @Test("a route's limits answer 429 with the time to wait")
  func limits() async throws {
    let limiter = RateLimiter(RateLimit(burst: 2, perMinute: 6))
    try await TestServer.run({ router, _, _ in
      router.on(
        .get, "/v1/limited", Self.operation, limits: RouteLimits(perTenant: limiter)
      ) { _, _ in .json(["ok": true]) }
    }) { test in
      let connection = try TestConnection(port: test.port)
      for status in [200, 200, 429] {
        let answer = try await connection.send("GET", "/v1/limited", headers: key(test))
        #expect(answer.status == status)
        if status == 429 { #expect(answer.headers["retry-after"] == "10") }
      }
      test.time.advance(seconds: 10)
      #expect(
        try await connection.send("GET", "/v1/limited", headers: key(test)).status == 200)
    }
  }

  @Test("health tells the worst of its checks, and metrics count requests")
  func health() async throws {
    let checks: [any HealthCheck] = [
      NamedHealthCheck("database") { HealthReport(.ok) },
      NamedHealthCheck("watcher") { HealthReport(.failed, "No block for an hour.") },
    ]
    try await TestServer.run(Self.things, checks: checks) { test in
      let connection = try TestConnection(port: test.port)
      let all = try await connection.send("GET", "/api/health")
      #expect(all.status == 503)
      #expect(try all.json()["status"] == "failed")
      #expect(try await connection.send("GET", "/api/health/database").status == 200)
      let metrics = try await connection.send("GET", "/metrics")
      #expect(metrics.body.contains(#"route="/api/health""#))
    }
  }
}
