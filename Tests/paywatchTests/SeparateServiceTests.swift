import Foundation
import JSON
import LoopbackHTTP
import Synchronization
import TestSupport
import Testing

@Suite("paywatch serve --roles orders beside paywatch serve --roles supply")
struct SeparateServiceTests {
  @Test("an order takes its stock from the one process, and its payment's news from the brokers")
  func apart() async throws {
    let scene = try SeparateProcesses()
    let stockFile = try scene.file(
      "stock", #"listen: "127.0.0.1:\#(scene.port)""#)
    let ordersFile = try scene.file(
      "orders",
      """
      supply: {address: "127.0.0.1:\(scene.port)"}, payments: {address: "127.0.0.1:9"}, \
      events: kafka
      """)
    var stock = try Serving(stockFile, roles: "supply")
    var stockPort = try await stock.port()
    let orders = try Serving(ordersFile, roles: "orders")
    let ordersPort = try await orders.port()
    try await scene.issueKey("stock")
    try await scene.issueKey("orders")
    let supply = try #require(
      try await scene.send(
        stockPort, "POST", "/v1/supplies",
        #"{"location":"old town","product":"milk","unit":"ml","on_hand":1000}"#)["id"]?.string)
    let body = """
      {"location":"old town","currency":"BTC","payment":{"chain":"bitcoin-regtest","asset":"BTC"},
       "items":[{"product":"flat white","quantity":1,"unit_price":"0.0001",
                 "stock":[{"product":"milk","quantity":150}]}]}
      """
    // A connection is made with the first call, or a moment later.
    let first = try #require(
      try await scene.send(ordersPort, "POST", "/v1/orders", body)["id"]?.string)
    func order(_ id: String) async throws -> JSONValue {
      try await scene.send(ordersPort, "GET", "/v1/orders/\(id)")
    }
    func available() async throws -> JSONValue? {
      try await scene.send(stockPort, "GET", "/v1/supplies/\(supply)")["available"]
    }
    try await waitUntil("its stock is reserved") {
      try await order(first)["stock"] == "reserved"
    }
    #expect(try await available() == 850)
    // Nobody answers for payments, but what is told of one is heard.
    try await scene.tell(1, "open", of: first)
    try await scene.tell(2, "paid", of: first)
    try await waitUntil("it is confirmed") { try await order(first)["status"] == "confirmed" }
    #expect(try await scene.send(stockPort, "GET", "/v1/supplies/\(supply)")["on_hand"] == 1_000)
    _ = try await scene.send(ordersPort, "POST", "/v1/orders/\(first)/prepare", "{}")
    try await waitUntil("its stock is used") { try await order(first)["stock"] == "consumed" }
    #expect(try await scene.send(stockPort, "GET", "/v1/supplies/\(supply)")["on_hand"] == 850)

    // While stock is away orders are taken; they go on once it is back.
    #expect(await stock.end() == 0)
    let second = try #require(
      try await scene.send(ordersPort, "POST", "/v1/orders", body)["id"]?.string)
    #expect(try await order(second)["stock"] == "none")
    stock = try Serving(stockFile, roles: "supply")
    stockPort = try await stock.port()
    try await waitUntil("its stock is reserved") {
      try await order(second)["stock"] == "reserved"
    }
    #expect(try await available() == 700)
    #expect(await orders.end() == 0)
    #expect(await stock.end() == 0)
  }

  @Test("an order's rate comes from the one process that has it, or else is the last one known")
  func rates() async throws {
    let scene = try SeparateProcesses()
    let pairs = "prices: {pairs: [BTC-USD], quote_lifetime_seconds: 900"
    let pricesFile = try scene.file(
      "prices", #"listen: "127.0.0.1:\#(scene.port)""#, "\(pairs), fixed: {BTC-USD: 65000}}")
    let ordersFile = try scene.file(
      "orders", #"prices: {address: "127.0.0.1:\#(scene.port)"}"#, "\(pairs)}")
    let prices = try Serving(pricesFile, roles: "prices")
    let pricesPort = try await prices.port()
    let orders = try Serving(ordersFile, roles: "orders")
    let port = try await orders.port()
    for name in ["prices", "orders"] { try await scene.issueKey(name) }
    try await waitUntil("there is a rate") {
      try await scene.has(pricesPort, "/v1/prices/BTC-USD")
    }
    let body = """
      {"location":"old town","currency":"USD","payment":{"chain":"bitcoin-regtest","asset":"BTC"},
       "items":[{"product":"flat white","quantity":1,"unit_price":"6.50","stock":[]}]}
      """
    func place() async throws -> JSONValue {
      try await scene.send(port, "POST", "/v1/orders", body)
    }
    let order = try await place()
    #expect(order["payment"]?["amount_minor"] == "10000", "\(order)")
    #expect(order["payment"]?["quote"]?["rate"] == "65000", "\(order)")
    #expect(await prices.end() == 0)
    let next = try await place()
    #expect(next["payment"]?["amount_minor"] == "10000", "\(next)")
    #expect(await orders.end() == 0)
  }

  @Test("orders, claims and notifications in processes of their own carry an order to its customer")
  func claims() async throws {
    let scene = try SeparateProcesses()
    let types = Mutex<Set<String>>([])
    let hook = try LoopbackServer { request in
      let type = (try? JSONValue(parsing: request.body))?["type"]?.string
      types.withLock { _ = $0.insert(type ?? "") }
      return .response(status: 204, body: [])
    }
    defer { hook.stop() }
    let heard = "events: kafka"
    let files = [
      "orders": try scene.file("orders", heard, topics: "order-events"),
      "claiming": try scene.file("claiming", heard, topics: "claim-events"),
      "notifications": try scene.file(
        "notifications", heard, topics: "notification-events",
        "webhooks: {allow_http: true, allow_private_hosts: true}"),
    ]
    var (running, ports): ([Serving], [String: Int]) = ([], [:])
    for (name, file) in files {
      let process = try Serving(file, roles: "\(name),relay")
      running.append(process)
      ports[name] = try await process.port()
      try await scene.issueKey(name)
    }
    let (orders, claims) = (try #require(ports["orders"]), try #require(ports["claiming"]))
    _ = try await scene.send(
      try #require(ports["notifications"]), "POST", "/v1/webhooks",
      #"{"url":"\#(hook.url)/hook","events":["order.*","claim.*"]}"#)
    let body = """
      {"location":"old town","currency":"BTC","payment":{"chain":"bitcoin-regtest","asset":"BTC"},
       "items":[{"product":"flat white","quantity":1,"unit_price":"0.0001","stock":[]}]}
      """
    let id = try #require(try await scene.send(orders, "POST", "/v1/orders", body)["id"]?.string)
    func status() async throws -> JSONValue? {
      try await scene.send(orders, "GET", "/v1/orders/\(id)")["status"]
    }
    try await scene.tell(1, "open", of: id)
    try await scene.tell(2, "paid", of: id)
    try await waitUntil("it is confirmed") { try await status() == "confirmed" }
    for step in ["prepare", "ready"] {
      _ = try await scene.send(orders, "POST", "/v1/orders/\(id)/\(step)")
    }
    try await waitUntil("its claim is issued") {
      try await scene.has(claims, "/v1/orders/\(id)/claim")
    }
    let claim = try #require(
      try await scene.send(claims, "GET", "/v1/orders/\(id)/claim")["id"]?.string)
    let code = try #require(
      try await scene.send(claims, "GET", "/v1/claims/\(claim)/code")["code"]?.string)
    _ = try await scene.send(
      claims, "POST", "/v1/claims/\(claim)/process", #"{"code":"\#(code)"}"#)
    try await waitUntil("it is completed") { try await status() == "completed" }
    try await waitUntil("a webhook has been told of both") {
      types.withLock { $0.isSuperset(of: ["order.completed", "claim.processed"]) }
    }
    for process in running { #expect(await process.end() == 0) }
  }
}
