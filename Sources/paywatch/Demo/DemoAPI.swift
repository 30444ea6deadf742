internal import Foundation
internal import HTTPClient

/// The demo's shop: a client of the HTTP API like any other.
struct DemoAPI: Sendable {
  let client: HTTPClient
  let url: String
  let key: String

  struct Payment: Decodable {
    struct Transfer: Decodable {
      let txid: String
      let state: String
    }

    let id: String
    let orderId: String
    let status: String
    let address: String
    let uri: String
    let asset: String
    let amount: String
    let received: String
    let late: Bool
    let transfers: [Transfer]
  }

  struct Refund: Decodable {
    let id: String
    let status: String
    let amountMinor: String
    let txid: String?
  }

  struct Supply: Decodable {
    let id: String
    let available: Int64
  }

  struct Order: Decodable {
    struct Payment: Decodable { let id: String? }

    let id: String
    let status: String
    let customer: String?
    let payment: Payment?
  }

  struct Claim: Decodable {
    let id: String
    let status: String
  }

  struct Webhook: Decodable { let secret: String }

  private struct Code: Decodable { let code: String }

  /// What is ordered: a piece of something, with what it takes from stock.
  struct Item: Sendable {
    let product: String
    let price: String
    /// By product, in its smallest unit.
    let stock: [String: Int]
    var extra: (name: String, price: String, stock: [String: Int])?

    fileprivate var body: [String: Any] {
      var body: [String: Any] = [
        "product": product, "quantity": 1, "unit_price": price, "stock": Self.lines(stock),
      ]
      if let extra {
        body["customizations"] = [
          ["name": extra.name, "price": extra.price, "stock": Self.lines(extra.stock)]
        ]
      }
      return body
    }

    private static func lines(_ stock: [String: Int]) -> [[String: Any]] {
      stock.sorted { $0.key < $1.key }.map { ["product": $0.key, "quantity": $0.value] }
    }
  }

  struct Event: Decodable {
    /// What a line of the story needs of an event's data, whichever kind it is.
    struct Content: Decodable {
      let status: String?
      let amount: String?
      let received: String?
      let amountMinor: String?
      let asset: String?
      let contract: String?
      let reason: String?
      let txid: String?
      let vout: UInt32?
      let position: String?
      let blockHeight: UInt32?
      let replacedBy: String?
      let from: String?
      let to: String?
      let depth: Int?
      let feeMinor: String?
    }

    let type: String
    let subject: String
    let sequence: Int64
    let data: Content
  }

  struct Page<Item: Decodable>: Decodable {
    let data: [Item]
    let nextAfter: String?
  }

  func createPayment(
    order: String, chain: String = "bitcoin-regtest", asset: String = "BTC", amount: String,
    expiresIn: Int
  ) async throws -> Payment {
    try await send(
      .post, "/v1/payments",
      body: [
        "order_id": order, "chain": chain, "asset": asset, "amount": amount,
        "expires_in": expiresIn,
      ])
  }

  func accept(_ payment: String, dueMinor: String) async throws -> Payment {
    try await send(
      .post, "/v1/payments/\(payment)/resolve",
      body: ["action": "accept", "due_minor": dueMinor])
  }

  /// Asks for a refund of a payment.
  func refund(_ payment: String, kind: String, address: String) async throws -> Refund {
    try await send(
      .post, "/v1/payments/\(payment)/refunds", body: ["kind": kind, "address": address])
  }

  func refund(_ id: String) async throws -> Refund { try await send(.get, "/v1/refunds/\(id)") }

  func createSupply(
    location: String, product: String, unit: String, onHand: Int
  ) async throws -> Supply {
    try await send(
      .post, "/v1/supplies",
      body: ["location": location, "product": product, "unit": unit, "on_hand": onHand])
  }

  func supply(_ id: String) async throws -> Supply { try await send(.get, "/v1/supplies/\(id)") }

  /// Orders a piece, priced in USD, to be paid in an asset at the rate of the moment.
  func createOrder(
    customer: String, location: String, item: Item, asset: String, chain: String, expiresIn: Int
  ) async throws -> Order {
    try await send(
      .post, "/v1/orders",
      body: [
        "customer": customer, "location": location, "currency": "USD", "items": [item.body],
        "payment": ["chain": chain, "asset": asset, "expires_in": expiresIn],
      ])
  }

  func order(_ id: String) async throws -> Order { try await send(.get, "/v1/orders/\(id)") }

  /// `prepare`, `ready`, `complete` or `cancel`.
  func decide(_ order: String, _ step: String) async throws -> Order {
    try await send(.post, "/v1/orders/\(order)/\(step)", body: [:])
  }

  /// Nil while the order has none.
  func claim(ofOrder order: String) async throws -> Claim? {
    try await send(.get, "/v1/orders/\(order)/claim", orNilAt: 404)
  }

  func code(of claim: String) async throws -> String {
    let code: Code = try await send(.get, "/v1/claims/\(claim)/code")
    return code.code
  }

  /// Hands an order over; nil where the code is wrong.
  func process(_ claim: String, code: String) async throws -> Claim? {
    try await send(.post, "/v1/claims/\(claim)/process", body: ["code": code], orNilAt: 403)
  }

  func createWebhook(url: String, events: [String]) async throws -> Webhook {
    try await send(.post, "/v1/webhooks", body: ["url": url, "events": events])
  }

  /// Has a customer told on a device.
  func notify(_ customer: String, provider: String, language: String) async throws {
    let _: Customer = try await send(
      .put, "/v1/customers/\(customer)/notifications",
      body: ["push": ["provider": provider, "token": customer], "language": language])
  }

  private struct Customer: Decodable { let customer: String }

  func payment(_ id: String) async throws -> Payment {
    try await send(.get, "/v1/payments/\(id)")
  }

  func payments() async throws -> [Payment] {
    let page: Page<Payment> = try await send(.get, "/v1/payments?limit=100")
    return page.data
  }

  func events(after position: String) async throws -> Page<Event> {
    try await send(.get, "/v1/events?limit=200&after=\(position)")
  }

  private func send<Answer: Decodable>(
    _ method: HTTPRequest.Method, _ path: String, body: [String: Any]? = nil
  ) async throws -> Answer {
    let answer: Answer? = try await send(method, path, body: body, orNilAt: nil)
    guard let answer else { throw CommandFailure("\(path) answered nothing") }
    return answer
  }

  private func send<Answer: Decodable>(
    _ method: HTTPRequest.Method, _ path: String, body: [String: Any]? = nil, orNilAt none: Int?
  ) async throws -> Answer? {
    var headers = [HTTPHeader("Authorization", "Bearer \(key)")]
    var bytes: [UInt8] = []
    if let body {
      bytes = [UInt8](try JSONSerialization.data(withJSONObject: body))
      headers.append(HTTPHeader("Content-Type", "application/json"))
      headers.append(HTTPHeader("Idempotency-Key", UUID().uuidString))
    }
    let request = HTTPRequest(
      method: method, url: url + path, headers: headers, body: bytes,
      timeoutMilliseconds: 10_000, maxResponseBytes: 8 << 20)
    var response = try await client.send(request)
    // The first addresses are on their way: derived, but not watched yet.
    for _ in 0..<300 where response.status == 503 {
      try await Task.sleep(for: .milliseconds(100))
      response = try await client.send(request)
    }
    if response.status == none { return nil }
    guard (200..<300).contains(response.status) else {
      throw CommandFailure(
        "\(method.rawValue) \(path) answered \(response.status): "
          + String(decoding: response.body, as: UTF8.self))
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Answer.self, from: Data(response.body))
  }
}
