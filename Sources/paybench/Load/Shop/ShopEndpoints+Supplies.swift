internal import Foundation

// Stock, rates and quotes.
extension ShopEndpoints {
  /// What orders take of stock.
  static let products = (0..<100).map { "product \($0)" }

  private static let someSupplies = """
    SELECT supply_id AS text FROM supplies WHERE product LIKE 'product %' LIMIT 100
    """

  var supplyEndpoints: [Asked] {
    let id = "/v1/supplies/{id}"
    return [
      Asked("POST /v1/supplies", status: 201) { count, _ in supplies(count) },
      reading(id, share: 8, Self.someSupplies),
      reading("/v1/supplies", share: 4, query: "?limit=20"),
      reading("\(id)/movements", Self.someSupplies),
      Asked("PATCH \(id)") { count, _ in
        asking("PATCH", id, of: try await newSupplies(count), body: #"{"name":"whole milk"}"#)
      },
      Asked("POST \(id)/adjust") { count, _ in
        asking(
          "POST", "\(id)/adjust", of: try await newSupplies(count),
          body: #"{"change":5,"reason":"delivery"}"#)
      },
      repeating(
        "POST", "\(id)/reorder", Self.someSupplies,
        body: ##"{"status":"ordered","quantity":10,"reference":"#"}"##),
      Asked("DELETE \(id)") { count, _ in
        asking("DELETE", id, of: try await newSupplies(count))
      },
    ]
  }

  private func supplies(_ count: Int) -> ByteRun {
    supplies((0..<count).map { _ in UUID().uuidString })
  }

  func supplies(_ products: [String]) -> ByteRun {
    requests.run(
      products.map { product in
        requests.request(
          "POST", "/v1/supplies",
          body: """
            {"location":"old town","unit":"piece","on_hand":1000000000,"product":"\(product)"}
            """)
      })
  }

  private func newSupplies(_ count: Int) async throws -> [String] {
    try await made(
      count, by: supplies,
      "SELECT supply_id AS text FROM supplies ORDER BY supply_id DESC LIMIT \(count)")
  }

  // MARK: Prices

  var priceEndpoints: [Asked] {
    let pair = "SELECT pair AS text FROM price_rates"
    return [
      reading("/v1/prices", share: 6),
      reading("/v1/prices/{pair}", share: 4, pair),
      reading("/v1/prices/{pair}/history", pair, query: "?limit=20"),
      Asked("POST /v1/quotes", share: 4, status: 201) { count, _ in quotes(count) },
      Asked("GET /v1/quotes/{id}") { _, _ in
        let ids = "SELECT quote_id AS text FROM quotes ORDER BY quote_id DESC LIMIT 500"
        if try await requests.texts(ids).isEmpty {
          try await requests.send(quotes(20), expecting: 201)
        }
        return asking("GET", "/v1/quotes/{id}", of: try await found(ids, "/v1/quotes/{id}"))
      },
    ]
  }

  private func quotes(_ count: Int) -> ByteRun {
    requests.run(
      (0..<count).map { _ in
        requests.request(
          "POST", "/v1/quotes",
          body: """
            {"chain":"\(ServedShop.chain)","asset":"BTC","currency":"USD","amount":"4.90"}
            """)
      })
  }
}
