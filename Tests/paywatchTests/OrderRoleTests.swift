import ChainTypes
import Database
import Digests
import EventLog
import Foundation
import JSON
import LoopbackHTTP
import SQLite
import TestSupport
import Testing

@Suite("paywatch serve --roles orders,supply")
struct OrderRoleTests {
  @Test("orders and stock are served alone, and carried on by the next process")
  func alone() async throws {
    let directory = try TemporaryDirectory()
    let file = try Self.configuration(in: directory)
    let serving = try Serving(file, roles: "orders,supply")
    let client = try await ShopClient(port: serving.port(), directory)
    let milk = try await client.send(
      "POST", "/v1/supplies",
      #"{"location":"old town","product":"milk","unit":"ml","on_hand":1000}"#)
    #expect(milk.status == 201)
    let supply = try #require(milk.json()["id"]?.string)
    let body = """
      {"location":"old town","currency":"USD","expires_in":60,
       "items":[{"product":"flat white","quantity":2,"unit_price":"4.50",
                 "stock":[{"product":"milk","quantity":150}]}]}
      """
    let made = try await client.send("POST", "/v1/orders", body)
    let order = try made.json()
    #expect(order["total"] == "9.00" && order["stock"] == "reserved")
    let id = try #require(order["id"]?.string)
    #expect(try await client.send("GET", "/v1/supplies/\(supply)").json()["available"] == 700)
    // No watcher has prepared an address: that is asked for again.
    let pay = #"{"chain":"bitcoin-regtest","asset":"BTC","amount":"0.0001"}"#
    let asked = try await client.send("POST", "/v1/orders/\(id)/pay", pay).json()
    #expect(asked["status"] == "pending" && asked["payment"]?["id"] == nil)
    // Payments are another process's.
    #expect(try await client.send("GET", "/v1/payments").status == 404)
    #expect(await serving.end() == 0)

    let next = try Serving(file, roles: "orders,supply")
    let again = client.on(port: try await next.port())
    #expect(try await again.send("GET", "/v1/orders/\(id)").json()["total"] == "9.00")
    let canceled = try await again.send("POST", "/v1/orders/\(id)/cancel", "{}")
    #expect(try canceled.json()["stock"] == "released")
    #expect(try await again.send("GET", "/v1/supplies/\(supply)").json()["available"] == 1_000)
    #expect(await next.end() == 0)
    let check = try await Program.payctl.finish([
      "orders", "rebuild", "--check", "--database", directory.path("paywatch.sqlite"),
    ])
    #expect(check.status == 0, "\(check.errors)")
    #expect(check.errors.contains("1 orders from their facts: 0 differ"))
    let stock = try await Program.payctl.finish([
      "supplies", "rebuild", "--format", "json", "--database", directory.path("paywatch.sqlite"),
    ])
    #expect(stock.output.contains(#""records":1"#) && stock.output.contains(#""differing":[]"#))
  }

  @Test("claims are served alone, and issued when orders are told to be ready")
  func claims() async throws {
    let directory = try TemporaryDirectory()
    let file = try Self.configuration(in: directory)
    let serving = try Serving(file, roles: "claiming")
    let client = try await ShopClient(port: serving.port(), directory)
    #expect(try await client.send("GET", "/v1/orders").status == 404)
    let database = try SQLiteDatabase(path: directory.path("paywatch.sqlite"))
    try await database.write { connection in
      _ = try EventLog.append(
        [
          EventDraft(
            type: "order.ready", subject: "ord_1", tenant: "shop", cause: SHA256.hash([1]),
            time: Timestamp(seconds: 0), data: #"{"location":"old town","status":"ready"}"#)
        ], in: connection)
    }
    try await database.close()
    try await waitUntil("the claim is issued") {
      try await client.send("GET", "/v1/orders/ord_1/claim").status == 200
    }
    let claim = try await client.send("GET", "/v1/orders/ord_1/claim").json()
    #expect(claim["status"] == "open" && claim["region"] == "test")
    let id = try #require(claim["id"]?.string)
    let code = try #require(
      try await client.send("GET", "/v1/claims/\(id)/code").json()["code"]?.string)
    let shown = try await client.send(
      "POST", "/v1/claims/\(id)/process", #"{"code":"\#(code)"}"#)
    #expect(try shown.json()["processed_by"] == "tenant:shop")
    #expect(await serving.end() == 0)
    let check = try await Program.payctl.finish([
      "claims", "rebuild", "--check", "--database", directory.path("paywatch.sqlite"),
    ])
    #expect(check.status == 0, "\(check.errors)")
    #expect(check.errors.contains("1 claims from their facts: 0 differ"))
  }

  private static func configuration(in directory: TemporaryDirectory) throws -> String {
    try directory.write(
      "paywatch.yaml",
      Array(
        """
        region: test
        listen: {port: 0}
        database: {sqlite: \(directory.path("paywatch.sqlite"))}
        chains_directory: \(PackageFiles.root.appending(path: "chains").path)
        chains:
          - {name: bitcoin-regtest, nodes: [{url: "http://127.0.0.1:9"}]}
        tenants:
          - {id: shop, accounts: [{descriptor: "\(ServeTests.descriptor)"}]}
        """.utf8))
  }
}
