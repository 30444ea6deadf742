import Database
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Testing

@Suite("limits, health and metrics of the gateway")
struct OperationTests {
  @Test("a tenant that creates too fast waits, and the others don't")
  func tenantLimit() async throws {
    var options = TestGateway.Options()
    options.limits = RouteLimits(perTenant: RateLimiter(RateLimit(burst: 2, perMinute: 6)))
    try await TestGateway.run(options) { gateway in
      for number in 0..<2 {
        #expect(try await gateway.create(TestGateway.order("order-\(number)")).status == 201)
      }
      let before = try await gateway.written()
      let limited = try await gateway.create(TestGateway.order("order-2"))
      try expect(limited, is: 429, "too-many-requests")
      #expect(limited.headers["retry-after"] == "10")
      #expect(try await gateway.written() == before)
      #expect(try await gateway.get("/v1/payments").status == 200)
      let other = try await gateway.create(
        TestGateway.order("order-2"), as: TestGateway.otherTenant)
      #expect(other.status == 201)
      gateway.time.advance(seconds: 10)
      #expect(try await gateway.create(TestGateway.order("order-2")).status == 201)
    }
  }

  @Test("health and metrics need no key; a database that is gone fails them")
  func health() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      _ = try await gateway.payment(id)
      let connection = try TestConnection(port: gateway.port)
      for path in ["/api/health", "/api/health/database"] {
        let answer = try await connection.send("GET", path)
        #expect(answer.status == 200)
        #expect(
          try answer.json() == [
            "status": "ok",
            "checks": [["name": "database", "status": "ok", "detail": ""]],
          ])
      }
      let metrics = try await connection.send("GET", "/metrics")
      #expect(metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      let created =
        #"paywatch_http_requests_total{method="POST",route="/v1/payments",status="201"} 1"#
      #expect(metrics.body.contains(created), "\(metrics.body)")
      #expect(metrics.body.contains(#"route="/v1/payments/{id}""#))
      #expect(!metrics.body.contains(id))

      try await gateway.database.close()
      let failed = try await connection.send("GET", "/api/health/database")
      #expect(failed.status == 503)
      #expect(try failed.json()["status"] == "failed")
      for path in ["/v1/payments", "/v1/events"] {
        let answer = try await gateway.get(path)
        try expect(answer, is: 503, "unavailable")
        #expect(answer.headers["retry-after"] == "1")
      }
      try expect(
        try await gateway.create(TestGateway.order("order-2")), is: 503, "unavailable")
    }
  }
}
