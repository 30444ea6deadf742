internal import Database
internal import Foundation
internal import Tenancy
internal import Watching

// What people and programs are told, and what is asked about the server itself.
extension ShopEndpoints {
  private static let hooks = """
    SELECT webhook_id AS text FROM webhook_endpoints
    WHERE tenant = '\(ServedShop.shop)' AND deleted = 0 AND enabled = 1
    ORDER BY webhook_id
    """
  /// What can't arrive, and may be tried again and again.
  private static let waitingDeliveries = """
    SELECT delivery_id AS text FROM deliveries
    WHERE tenant = '\(ServedShop.shop)' AND status = 'pending' AND attempts > 0 AND target IN (
      SELECT webhook_id FROM webhook_endpoints WHERE state LIKE '%127.0.0.1:9%')
    ORDER BY delivery_id LIMIT 20
    """

  var notificationEndpoints: [Asked] { webhookEndpoints + customerEndpoints }

  private var webhookEndpoints: [Asked] {
    let id = "/v1/webhooks/{id}"
    return [
      Asked("POST /v1/webhooks", status: 201) { count, _ in try await webhooks(count) },
      reading("/v1/webhooks", query: "?limit=20"),
      reading(id, Self.hooks),
      repeating("PATCH", id, Self.hooks, body: ##"{"description":"#"}"##),
      Asked("DELETE \(id)") { count, _ in try await deletions(count) },
      repeating("POST", "\(id)/rotate", Self.hooks),
      repeating("POST", "\(id)/test", status: 202, "\(Self.hooks) LIMIT 10"),
      reading("\(id)/deliveries", "\(Self.hooks) LIMIT 10", query: "?limit=20"),
      reading("/v1/deliveries", share: 4, query: "?limit=20"),
      reading(
        "/v1/deliveries/{id}",
        """
        SELECT delivery_id AS text FROM deliveries WHERE tenant = '\(ServedShop.shop)' LIMIT 500
        """),
      repeating("POST", "/v1/deliveries/{id}/retry", Self.waitingDeliveries),
    ]
  }

  private var customerEndpoints: [Asked] {
    let path = "/v1/customers/{customer}/notifications"
    let customers = "SELECT customer AS text FROM customer_preferences LIMIT 500"
    let tokens = "SELECT unsubscribe_token AS text FROM customer_preferences LIMIT 500"
    return [
      Asked("PUT \(path)") { count, _ in
        asking(
          "PUT", path, of: (0..<count).map { "c-\($0 % 1_000)" },
          body: #"{"email":"ada@shop.example","language":"de"}"#)
      },
      reading(path, share: 4, customers),
      Asked("DELETE \(path)", status: 204) { count, _ in
        asking("DELETE", path, of: (0..<count).map { "gone-\($0)" })
      },
      reading("/unsubscribe/{token}", tokens),
      repeating("POST", "/unsubscribe/{token}", tokens),
    ]
  }

  /// One that hears of orders and payments and takes what it gets, nine that are only asked about,
  /// and one where nobody listens.
  func beginNotifications() async throws {
    let kinds =
      [(shop.sink, #""order.*","payment.paid""#)]
      + (0..<9).map { _ in (shop.sink, #""refund.final""#) }
    for (url, events) in kinds {
      try await requests.send(
        requests.run([webhook(url, events, as: nil)]), expecting: 201)
    }
    let dead = "http://127.0.0.1:9/"
    try await requests.send(
      requests.run([webhook(dead, #""refund.final""#, as: nil)]), expecting: 201)
    let key = "SELECT webhook_id AS text FROM webhook_endpoints ORDER BY webhook_id DESC LIMIT 1"
    let last = try await requests.texts(key)
    try await requests.send(
      asking(
        "POST", "/v1/webhooks/{id}/test", of: (0..<5).flatMap { _ in last }), expecting: 202)
    _ = try await requests.texts(Self.waitingDeliveries, atLeast: 1)
    try await requests.send(
      asking(
        "PUT", "/v1/customers/{customer}/notifications", of: (0..<200).map { "c-\($0)" },
        body: #"{"email":"ada@shop.example"}"#), expecting: 200)
  }

  /// Waits until most of what preparing has told is delivered, so that it isn't sent while others
  /// are timed; for some minutes at most.
  func waitForDeliveries() async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(300))
    var isQuiet = 0
    // Consumers enqueue a moment later what they hear.
    while isQuiet < 5, .now < deadline {
      let waiting = try await requests.texts(Self.promptDeliveries).count
      isQuiet = waiting < Self.fewDeliveries ? isQuiet + 1 : 0
      try await Task.sleep(for: .milliseconds(200))
    }
    if isQuiet < 5 { Progress.note("deliveries still wait: what follows is measured beside them") }
  }

  private static let fewDeliveries = 50
  /// What goes out as soon as it can.
  private static let promptDeliveries = """
    SELECT delivery_id AS text FROM deliveries
    WHERE status = 'pending' AND target IN (
      SELECT target FROM delivery_targets WHERE is_failing = 0)
    LIMIT \(fewDeliveries)
    """

  private func webhook(_ url: String, _ events: String, as key: String?) -> [UInt8] {
    requests.request(
      "POST", "/v1/webhooks", body: #"{"url":"\#(url)","events":[\#(events)]}"#, as: key)
  }

  /// A tenant may have some dozens: so many tenants are there as are needed.
  private func webhooks(_ count: Int) async throws -> ByteRun {
    var run = ByteRun()
    for begin in stride(from: 0, to: count, by: Self.hooksPerTenant) {
      let key = try await newTenant().key.text
      for _ in begin..<min(begin + Self.hooksPerTenant, count) {
        run.append(webhook(shop.sink, #""refund.final""#, as: key))
      }
    }
    return run
  }

  private static let hooksPerTenant = 40

  private func newTenant() async throws -> (name: String, key: APIKey) {
    let (name, key) = ("other-\(UUID().uuidString.prefix(13).lowercased())", APIKey.generate())
    try await shop.database.write {
      let now = SystemTime().now
      try Tenants.create(id: name, name: name, now: now, in: $0)
      try APIKeys.issue(key, tenant: name, label: "load", now: now, in: $0)
    }
    return (name, key)
  }

  private func deletions(_ count: Int) async throws -> ByteRun {
    var run = ByteRun()
    for begin in stride(from: 0, to: count, by: Self.hooksPerTenant) {
      let (tenant, key) = try await newTenant()
      let several = begin..<min(begin + Self.hooksPerTenant, count)
      let made = several.map { _ in webhook(shop.sink, #""refund.final""#, as: key.text) }
      try await requests.send(requests.run(made), expecting: 201)
      let ids = try await requests.texts(
        "SELECT webhook_id AS text FROM webhook_endpoints WHERE tenant = $1", [.text(tenant)])
      for id in ids {
        run.append(requests.request("DELETE", "/v1/webhooks/\(id)", as: key.text))
      }
    }
    return run
  }

  // MARK: The server itself

  var operationEndpoints: [Asked] {
    let checks = ["database", "chain-\(ServedShop.chain)"]
    return [
      reading("/v1/events", share: 4, query: "?limit=20"),
      Asked("GET /v1/events, held open", isStream: true) { _, _ in
        let last = try await requests.texts(
          "SELECT CAST(COALESCE(MAX(position), 0) AS TEXT) AS text FROM events")
        return requests.run(
          last.map { requests.stream("/v1/events?type=refund.final&after=\($0)") })
      },
      reading("/v1/audit", query: "?limit=20", as: shop.auditor),
      reading("/api/health"), reading("/api/health/live"), reading("/api/health/ready"),
      Asked("GET /api/health/{check}") { _, _ in
        requests.run(checks.map { requests.request("GET", "/api/health/\($0)") })
      },
      reading("/metrics"), reading("/openapi.json"),
    ]
  }
}
