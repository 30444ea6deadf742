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
