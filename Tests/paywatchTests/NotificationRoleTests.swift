import Foundation
import JSON
import LoopbackHTTP
import Synchronization
import TestSupport
import Testing

@Suite("paywatch serve --roles notifications")
struct NotificationRoleTests {
  private static func configuration(_ directory: TemporaryDirectory) -> String {
    """
    region: test
    listen: {port: 0}
    database: {sqlite: \(directory.path("paywatch.sqlite"))}
    chains_directory: \(PackageFiles.root.appending(path: "chains").path)
    chains:
      - {name: bitcoin-regtest, nodes: [{url: "http://127.0.0.1:9"}]}
    tenants:
      - {id: shop, accounts: [{descriptor: "\(ServeTests.descriptor)"}]}
    webhooks: {allow_http: true, allow_private_hosts: true}
    """
  }

  private final class Arrivals: Sendable {
    let types = Mutex<[String]>([])

    func take(_ request: LoopbackServer.Request) -> LoopbackServer.Reply {
      let event = try? JSONValue(parsing: request.body)
      types.withLock { $0.append(event?["type"]?.string ?? "?") }
      return .response(status: 204, body: [])
    }
  }

  @Test("an order's events reach a webhook, and payctl shows that they did")
  func arrival() async throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      "paywatch.yaml", Array(Self.configuration(directory).utf8))
    let arrivals = Arrivals()
    let receiver = try LoopbackServer { arrivals.take($0) }
    defer { receiver.stop() }
    let serving = try Serving(file, roles: "orders,notifications")
    let client = try await ShopClient(port: serving.port(), directory)
    let made = try await client.send(
      "POST", "/v1/webhooks", #"{"url":"\#(receiver.url)/hook","events":["order.*"]}"#)
    #expect(made.status == 201, "\(made.body)")
    let webhook = try #require(made.json()["id"]?.string)
    let order = """
      {"location":"old town","currency":"USD",
       "items":[{"product":"flat white","quantity":1,"unit_price":"4.50","stock":[]}]}
      """
    #expect(try await client.send("POST", "/v1/orders", order).status == 201)
    try await waitUntil("the order has arrived") {
      arrivals.types.withLock { $0.contains("order.created") }
    }
    try await waitUntil("it is noted") {
      let page = try await client.send("GET", "/v1/webhooks/\(webhook)/deliveries").json()
      return page["data"]?.elements?.contains { $0["status"] == "sent" } == true
    }
    #expect(await serving.end() == 0)
    let place = ["--database", directory.path("paywatch.sqlite")]
    let deliveries = try await Program.payctl.finish(
      ["deliveries", "list", "--status", "sent", "--target", webhook] + place)
    #expect(deliveries.output.contains("order.created"), "\(deliveries.errors)")
    let webhooks = try await Program.payctl.finish(["webhooks", "list"] + place)
    #expect(webhooks.output.contains(webhook), "\(webhooks.errors)")
    let check = try await Program.payctl.finish(["webhooks", "rebuild", "--check"] + place)
    #expect(check.status == 0, "\(check.errors)")
    let missing = try await Program.payctl.finish(["deliveries", "retry", "ntf_x"] + place)
    #expect(missing.status != 0 && missing.errors.contains("there is no delivery"))
  }
}
