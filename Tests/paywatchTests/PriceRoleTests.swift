import ChainTypes
import Foundation
import JSON
import LoopbackHTTP
import SQLite
import Tenancy
import TestSupport
import Testing

@Suite("paywatch serve --roles prices")
struct PriceRoleTests {
  @Test("a source is asked, its rate served, told of in health and metrics, and listed by payctl")
  func alone() async throws {
    let source = try LoopbackServer { request in
      request.path == "/BTC/USD"
        ? .response(status: 200, body: Array(#"{"data":{"rate":"65000.50"}}"#.utf8))
        : .never
    }
    defer { source.stop() }
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      "paywatch.yaml",
      """
      region: test
      listen: {port: 0}
      database: {sqlite: \(directory.path("paywatch.sqlite"))}
      chains_directory: \(PackageFiles.root.appending(path: "chains").path)
      chains:
        - {name: bitcoin-regtest, nodes: [{url: "http://127.0.0.1:9"}]}
      tenants:
        - {id: shop, accounts: [{descriptor: "\(ServeTests.descriptor)"}]}
      prices:
        pairs: [BTC-USD, BTC-EUR]
        sources:
          - {name: own, url: "\(source.url)/{base}/{quote}", path: data.rate, pairs: [BTC-USD]}
          - {name: hanging, url: "\(source.url)/hang", path: rate, pairs: [BTC-EUR]}
      """)
    let serving = try Serving(file, roles: "prices")
    let port = try await serving.port()
    let key = APIKey.generate()
    let database = try SQLiteDatabase(path: directory.path("paywatch.sqlite"))
    try await database.write {
      try APIKeys.issue(key, tenant: "shop", label: "test", now: Timestamp(seconds: 0), in: $0)
    }
    try await database.close()
    func send(
      _ method: String, _ path: String, _ body: String? = nil
    ) async throws -> TestConnection.Answer {
      try await TestConnection(port: port).send(
        method, path,
        headers: ["Authorization": "Bearer \(key.text)", "Idempotency-Key": "k"], body: body)
    }
    try await waitUntil("there is a rate") {
      try await send("GET", "/v1/prices/BTC-USD").status == 200
    }
    let price = try await send("GET", "/v1/prices/BTC-USD").json()
    #expect(price["rate"] == "65000.5" && price["sources"] == 1 && price["stale"] == false)
    let quote = try await send(
      "POST", "/v1/quotes",
      #"{"amount":"650.01","currency":"USD","chain":"bitcoin-regtest","asset":"BTC"}"#)
    #expect(try quote.json()["amount"] == "0.01000008", "\(quote.body)")
    #expect(
      try await send("GET", "/api/health/prices").json()["checks"]?.elements?.first?["detail"]
        == "BTC-EUR has no rate yet.")
    try await waitUntil("metrics tell of the rate") {
      try await send("GET", "/metrics").body.contains(#"paywatch_price_sources{pair="BTC-USD"} 1"#)
    }
    let listed = try await Program.payctl.finish([
      "prices", "--database", directory.path("paywatch.sqlite"),
    ])
    #expect(listed.status == 0, "\(listed.errors)")
    #expect(listed.output.contains("65000.5") && listed.output.contains("agrees"))
    // Payments are another process's.
    #expect(try await send("GET", "/v1/payments").status == 404)
    #expect(await serving.end() == 0)
  }
}
