internal import Foundation

// Orders, and their claims once they are ready.
extension ShopEndpoints {
  static let someOrders = "SELECT order_id AS text FROM orders LIMIT 500"

  var orderEndpoints: [Asked] {
    let id = "/v1/orders/{id}"
    let change = #"{"items":[\#(item(3))]}"#
    return [
      Asked("POST /v1/orders", share: 8, status: 201) { count, _ in orders(count) },
      reading(id, share: 24, Self.someOrders),
      reading("/v1/orders", share: 6, query: "?limit=20"),
      reading("\(id)/items", share: 6, Self.someOrders),
      reading("\(id)/events", share: 4, Self.someOrders),
      streaming("\(id)/events", Self.someOrders),
      Asked("PATCH \(id)") { count, _ in
        asking("PATCH", id, of: try await newOrders(count), body: change)
      },
      Asked("POST \(id)/pay", share: 4) { count, _ in
        asking("POST", "\(id)/pay", of: try await newOrders(count), body: payment)
      },
      Asked("POST \(id)/cancel") { count, _ in
        asking("POST", "\(id)/cancel", of: try await newOrders(count), body: "{}")
      },
      Asked("DELETE \(id)") { count, _ in
        asking("DELETE", id, of: try await canceled(newOrders(count)))
      },
      Asked("POST \(id)/resolve", takes: .confirmed) { count, prepared in
        // What was paid must go back.
        asking(
          "POST", "\(id)/resolve", of: try await canceled(prepared.take(count, .confirmed)),
          body: #"{"action":"waive"}"#)
      },
      Asked("POST \(id)/prepare", takes: .confirmed) { count, prepared in
        asking("POST", "\(id)/prepare", of: try prepared.take(count, .confirmed))
      },
      Asked("POST \(id)/ready", takes: .preparing) { count, prepared in
        asking("POST", "\(id)/ready", of: try prepared.take(count, .preparing))
      },
      Asked("POST \(id)/complete", takes: .ready) { count, prepared in
        asking("POST", "\(id)/complete", of: try prepared.take(count, .ready))
      },
    ]
  }

  private func canceled(_ orders: [String]) async throws -> [String] {
    try await requests.send(
      asking("POST", "/v1/orders/{id}/cancel", of: orders, body: "{}"), expecting: 200)
    return orders
  }

  private var payment: String {
    #"{"chain":"\#(ServedShop.chain)","asset":"BTC","amount":"0.0015"}"#
  }

  private func item(_ quantity: Int) -> String {
    """
    {"product":"flat white","quantity":\(quantity),"unit_price":"4.50",\
    "customizations":[{"name":"oat milk","price":"0.40"}],\
    "stock":[{"product":"\(Self.products[Int.random(in: 0..<100)])","quantity":1}]}
    """
  }

  func orders(_ count: Int, isPaid: Bool = false) -> ByteRun {
    requests.run(
      (0..<count).map { _ in
        requests.request(
          "POST", "/v1/orders",
          body: """
            {"location":"old town","currency":"USD","customer":"c-\(Int.random(in: 0..<1_000))",\
            "items":[\(item(1))]\(isPaid ? #","payment":\#(payment)"# : "")}
            """)
      })
  }

  private func newOrders(_ count: Int) async throws -> [String] {
    try await made(
      count, by: { orders($0) },
      "SELECT order_id AS text FROM orders ORDER BY order_id DESC LIMIT \(count)")
  }

  // MARK: Claims

  /// For whoever only looks: no request takes these.
  static let keptClaims = 40

  private static let openClaims = """
    SELECT claim_id AS text FROM claims WHERE status = 'open' ORDER BY claim_id LIMIT \(keptClaims)
    """
  private static let deliveredClaims = """
    SELECT claim_id AS text FROM claim_addresses ORDER BY claim_id LIMIT \(keptClaims)
    """

  var claimEndpoints: [Asked] {
    let id = "/v1/claims/{id}"
    return [
      reading("/v1/claims", query: "?limit=20"),
      reading(id, share: 6, "SELECT claim_id AS text FROM claims LIMIT 500"),
      reading("/v1/orders/{id}/claim", share: 8, "SELECT order_id AS text FROM claims LIMIT 500"),
      reading("\(id)/code", share: 4, Self.openClaims),
      reading("\(id)/qr.svg", share: 4, Self.openClaims),
      reading("\(id)/delivery", Self.deliveredClaims),
      repeating("POST", "\(id)/renew", Self.openClaims),
      repeating("POST", "\(id)/delivery", Self.openClaims, body: Self.delivery),
      Asked("POST \(id)/delivery/pickup", takes: .claimed) { count, prepared in
        asking(
          "POST", "\(id)/delivery/pickup", of: try await delivered(prepared.take(count, .claimed)))
      },
      Asked("DELETE \(id)/delivery", takes: .claimed) { count, prepared in
        asking("DELETE", "\(id)/delivery", of: try await delivered(prepared.take(count, .claimed)))
      },
      Asked("POST \(id)/process", share: 4, takes: .claimed) { count, prepared in
        try await showing(prepared.take(count, .claimed))
      },
    ]
  }

  private static let delivery = #"{"courier":"bo","address":"1 Mill Lane, #"}"#

  func beginClaims(_ claims: [String]) async throws { _ = try await delivered(claims) }

  private func delivered(_ claims: [String]) async throws -> [String] {
    try await requests.send(
      asking("POST", "/v1/claims/{id}/delivery", of: claims, body: Self.delivery),
      expecting: 200)
    return claims
  }

  /// Each with its code, which nobody but the customer is told, and the database.
  private func showing(_ claims: [String]) async throws -> ByteRun {
    guard let first = claims.min() else { return ByteRun() }
    let codes = try await requests.texts(
      """
      SELECT claim_id || ' ' || code AS text FROM claim_codes WHERE claim_id >= '\(first)'
      """
    ).map { $0.split(separator: " ").map(String.init) }
    let code = Dictionary(codes.map { ($0[0], $0[1]) }) { first, _ in first }
    return requests.run(
      try claims.map { claim in
        guard let code = code[claim] else { throw BenchmarkFailure("\(claim) has no code") }
        return requests.request(
          "POST", "/v1/claims/\(claim)/process", body: #"{"code":"\#(code)","by":"bo"}"#)
      })
  }
}
