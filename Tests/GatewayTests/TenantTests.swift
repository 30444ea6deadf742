import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Testing

@Suite("tenants apart from each other")
struct TenantTests {
  @Test("another tenant's payment is as if it weren't there")
  func payments() async throws {
    try await TestGateway.run { gateway in
      let own = try await gateway.made("order-1")
      let theirs = try await gateway.made("order-1", as: TestGateway.otherTenant)
      let before = try await gateway.written()
      for id in [theirs, "pay_", "pay_00000000000000000000000000", "%00", "' OR 1=1"] {
        let path = "/v1/payments/\(id.replacing(" ", with: "%20"))"
        for path in [path, "\(path)/events", "\(path)/qr.svg", "\(path)/proof"] {
          try expect(try await gateway.get(path), is: 404, "not-found")
        }
        try expect(try await gateway.send("POST", "\(path)/cancel"), is: 404, "not-found")
        for body in [
          #"{"action":"close","reason":"x"}"#, #"{"action":"accept","due_minor":"1"}"#,
        ] {
          try expect(
            try await gateway.send("POST", "\(path)/resolve", body: body), is: 404, "not-found")
        }
      }
      #expect(try await gateway.written() == before)
      for (tenant, id) in [(TestGateway.tenant, own), (TestGateway.otherTenant, theirs)] {
        let list = try await gateway.all("/v1/payments", limit: 10, as: tenant)
        #expect(list.map { $0["id"] } == [.string(id)])
        let byOrder = try await gateway.all(
          "/v1/payments?order_id=order-1", limit: 10, as: tenant)
        #expect(byOrder.map { $0["id"] } == [.string(id)])
      }
    }
  }

  @Test("event pages and streams hold the tenant's own events only")
  func events() async throws {
    try await TestGateway.run { gateway in
      var payments: [String: [String]] = [:]
      for number in 0..<3 {
        for tenant in [TestGateway.tenant, TestGateway.otherTenant] {
          payments[tenant, default: []].append(try await gateway.made("o\(number)", as: tenant))
        }
      }
      let paid = try #require(payments[TestGateway.otherTenant]?.first)
      try await gateway.chain.look(.init(to: paid, 100_000))
      try await gateway.sequence()
      let own = try #require(payments[TestGateway.tenant])
      let page = try await gateway.all("/v1/events", limit: 2)
      #expect(page.compactMap { $0["subject"]?.string } == own)
      #expect(page.allSatisfy { $0["tenant"] == .string(TestGateway.tenant) })
      let spied = try await gateway.all("/v1/events?subject=\(paid)", limit: 10)
      #expect(spied.isEmpty)
      let stream = try await EventReader(gateway)
      for id in own { #expect(try await stream.next()?.event["subject"] == .string(id)) }
      // Had theirs been in the stream, it would stand before this one.
      let last = try await gateway.made("last")
      #expect(try await stream.next()?.event["subject"] == .string(last))
      let theirs = try await gateway.all("/v1/events", limit: 10, as: TestGateway.otherTenant)
      #expect(
        theirs.compactMap { $0["type"]?.string }.sorted() == [
          "payment.created", "payment.created", "payment.created", "payment.processing",
          "transfer.seen",
        ])
    }
  }
}
